import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OutgoingRecipient } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import { FIRST_RETRY_MS, nextTry, RETRY_MS_MAX, wasAskedFor } from './backoff.ts';
import { DOUBTS_MAX, happenedTo, judge } from './results.ts';
import type { TransmissionOutcome } from './transmission.ts';

const NOW = epochMs(1_000_000_000_000);
const DAY_MS = 86_400_000;

function reply(code: number, status: string | null = null) {
  return { code, status, text: 'words', lines: ['words'] };
}

test('nextTry(): five minutes, then longer, six hours at most, each within a fifth of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, draw) => {
        const pause = nextTry(attempts, NOW, draw) - NOW;
        assert.ok(pause >= FIRST_RETRY_MS * 0.8 - 1 && pause <= RETRY_MS_MAX * 1.2 + 1);
      },
    ),
  );
  assert.equal(nextTry(1, NOW, 0.5) - NOW, FIRST_RETRY_MS);
  assert.equal(nextTry(2, NOW, 0.5) - NOW, 2 * FIRST_RETRY_MS);
  assert.equal(nextTry(99, NOW, 0.5) - NOW, RETRY_MS_MAX);
});

test('wasAskedFor() tells what somebody made due from every pause there is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, draw) => {
        const nextAt = nextTry(attempts, NOW, draw);
        assert.equal(wasAskedFor({ lastAttemptAt: NOW, nextAt }, NOW), false);
      },
    ),
  );
  const soon = epochMs(NOW + 60_000);
  assert.equal(wasAskedFor({ lastAttemptAt: NOW, nextAt: soon }, NOW), true);
  assert.equal(
    wasAskedFor({ lastAttemptAt: NOW, nextAt: soon }, epochMs(soon + 1)),
    false,
    'it was tried since',
  );
  assert.equal(wasAskedFor({ lastAttemptAt: null, nextAt: soon }, NOW), false, 'it is new');
});

test('happenedTo(): what an outcome says of a recipient', () => {
  const check = (outcome: TransmissionOutcome, expected: readonly [string, string | null]): void => {
    const happened = happenedTo(outcome, 0);
    assert.deepEqual([happened.kind, 'status' in happened ? happened.status : null], expected);
  };
  const answered = (code: number, status: string | null, permanent: boolean): TransmissionOutcome => ({
    kind: 'answered',
    recipients: [{ kind: 'refused', permanent, reply: reply(code, status) }],
    stage: 'rcpt',
  });
  check({ kind: 'answered', recipients: [{ kind: 'accepted', reply: reply(250) }], stage: 'dot' }, [
    'delivered',
    '2.0.0',
  ]);
  check(answered(550, '5.1.1', true), ['failed', '5.1.1']);
  check(answered(550, null, true), ['failed', '5.0.0']);
  check(answered(451, null, false), ['deferred', '4.0.0']);
  check({ kind: 'in-doubt', recipients: [null], reason: 'lost' }, ['in-doubt', null]);
  check(
    {
      kind: 'in-doubt',
      recipients: [{ kind: 'refused', permanent: true, reply: reply(550, '5.1.1') }],
      reason: 'lost',
    },
    ['failed', '5.1.1'],
  );
  check({ kind: 'unavailable', stage: 'connect', reason: 'refused', reply: null }, ['deferred', '4.4.1']);
  check({ kind: 'impossible', status: '5.6.7', reason: 'no SMTPUTF8', reply: null }, ['failed', '5.6.7']);
});

test('judge(): put off while there is time, given up behind it, and after so many doubts', () => {
  const recipient = { recipientId: 1, attempts: 0, doubts: 0 } as OutgoingRecipient;
  const inTime = { outgoing: { expiresAt: epochMs(NOW + DAY_MS) }, at: NOW, draw: 0.5 };
  const late = { ...inTime, outgoing: { expiresAt: NOW } };
  const deferred = { kind: 'deferred', reply: '451 later', status: '4.3.0' } as const;
  const doubt = { kind: 'in-doubt', reason: 'lost' } as const;
  assert.deepEqual(judge(recipient, deferred, inTime), {
    recipientId: 1,
    outcome: 'deferred',
    reply: '451 later',
    status: '4.3.0',
    nextAt: NOW + FIRST_RETRY_MS,
  });
  assert.deepEqual(
    [judge(recipient, deferred, late).outcome, judge(recipient, deferred, late).status],
    ['failed', '5.3.0'],
  );
  assert.equal(judge(recipient, doubt, inTime).outcome, 'in-doubt');
  const third = judge({ ...recipient, doubts: DOUBTS_MAX - 1 }, doubt, inTime);
  assert.equal(third.outcome, 'failed');
  assert.match(third.reply, /may have arrived/);
});

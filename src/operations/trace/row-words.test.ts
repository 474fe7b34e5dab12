import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNAUTHENTICATED, type Verdict, type VerdictDetails } from '../../authentication/verdict.ts';
import type { MessageRow, TraceRow } from '../../journal/journal.ts';
import { describeRow, type RowSurroundings } from './row-words.ts';

const DETAILS: VerdictDetails = {
  author: { addresses: ['a@corp.example'], count: 1, domain: 'corp.example' },
  fields: { repeated: [], hasMessageId: true, date: null, transferEncoding: null, to: [], cc: [] },
  spf: {
    result: 'none',
    identity: 'mailfrom',
    domain: null,
    alignment: 'unaligned',
    reason: 'no client brought it',
  },
  signatures: [
    {
      result: 'fail',
      domain: 'corp.example',
      selector: 's1',
      algorithm: 'rsa-sha256',
      signatureStart: '12345678',
      alignment: 'aligned',
      uncovered: [],
      signedAt: null,
      reason: 'the body is another one',
    },
  ],
  signaturesNotJudged: 0,
  dmarc: {
    result: 'none',
    recordDomain: null,
    policy: null,
    pct: null,
    adkim: null,
    aspf: null,
    reason: 'corp.example has no DMARC record',
  },
  arc: { result: 'none', sealers: [], vouches: null, reason: null },
  iprev: { result: 'none', name: null, reason: null },
};
const VERDICT: Verdict = { ...UNAUTHENTICATED, dkim: 'fail', rank: 'fail', details: DETAILS };

/** @param kept The verdict that the message has now; `detail` what the row has kept of one. */
function check(
  kept: Verdict | null,
  detail: Partial<Verdict>,
  expected: string,
  event = 'message.authenticated',
): void {
  const { spf, dkim, dmarc, authDomain } = UNAUTHENTICATED;
  const row = { journalId: 1, event, detail: { spf, dkim, dmarc, authDomain, ...detail } };
  const message = { journalId: 1, verdict: kept } as unknown as MessageRow;
  const around = { message, replaced: [], delivery: {}, runs: [], rows: [] } as unknown as RowSurroundings;
  assert.equal(describeRow(row as unknown as TraceRow, around), expected);
}

test('describeRow() tells what was verified how, with what it rests on', () => {
  const told =
    'SPF none (no client brought it); DKIM fails (corp.example by selector s1, aligned with From, ' +
    'the body is another one); DMARC none (corp.example has no DMARC record)';
  check(VERDICT, { dkim: 'fail' }, `sender checked: nothing vouches for From; ${told}`);
  check(
    VERDICT,
    { dkim: 'fail' },
    `asked again: sender checked: nothing vouches for From; ${told}`,
    'message.authenticated-later',
  );
  check(
    { ...VERDICT, authDomain: 'corp.example' },
    { dkim: 'fail', authDomain: 'corp.example' },
    `sender checked: corp.example vouches for From; ${told}`,
  );
});

test('describeRow() says once that DNS did not answer, and for which question', () => {
  const spf = {
    ...DETAILS.spf,
    result: 'temperror',
    reason: 'DNS did not answer TXT of "corp.example"',
  } as const;
  check(
    { ...VERDICT, spf: 'temperror', details: { ...DETAILS, spf, signatures: [] } },
    { spf: 'temperror', dkim: 'fail' },
    'sender checked: nothing vouches for From; SPF could not be asked (DNS did not answer TXT of "corp.example"); ' +
      'DKIM none (there is no signature); DMARC none (corp.example has no DMARC record)',
  );
});

test('describeRow() does not explain results of then by what is known now', () => {
  check(
    VERDICT,
    { dkim: 'temperror' },
    'sender checked: SPF none, DKIM could not be asked (DNS did not answer), DMARC none; no domain that is aligned with From',
  );
  check(null, {}, 'sender checked: nothing vouches for it (SPF none, DKIM none, DMARC none)');
  check(UNAUTHENTICATED, {}, 'sender checked: nothing vouches for it (SPF none, DKIM none, DMARC none)');
});

test('describeRow() tells the trust of the moment when the message got its name, not that of now', () => {
  const delivery = { id: '2026-11-25-hello', mailbox: 'agent', sequence: 1, resembles: null };
  const now = { ...delivery, trusted: 'true', trustReason: null };
  const then = { trusted: 'false', trustReason: 'temperror: DNS did not answer' };
  const named = { event: 'delivery.reserved', detail: then } as unknown as TraceRow;
  const held = { event: 'run.held', runId: 'r', detail: { reason: then.trustReason } } as unknown as TraceRow;
  const around = {
    ...{ message: {}, replaced: [], delivery: now, rows: [named, held] },
    runs: [{ runId: 'r', hook: 'pay', generation: 0 }],
  } as unknown as RowSurroundings;
  assert.equal(
    describeRow(named, around),
    'new to the mailbox: named 2026-11-25-hello, number 1 of mailbox agent; not trusted (temperror: DNS did not answer)',
  );
  assert.equal(
    describeRow(held, around),
    'hook pay is held and does not start, since its sender is not trusted',
  );
});

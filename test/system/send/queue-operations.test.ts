/** Who may see and decide what is in the queue, and how a message there is named: operations on a real journal. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import type { Journal, MailboxId, OutgoingRow } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open.ts';
import type { OperationContext } from '../../../src/operations/operation.ts';
import { queueList, queueShow } from '../../../src/operations/queue.ts';
import {
  queueApprove,
  queueCancel,
  queueHold,
  queueRelease,
  queueRetry,
} from '../../../src/operations/queue-decisions.ts';
import { simulatedClock } from '../../../src/system/clock.sim.ts';

import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { submitByHand } from '../answers/submit-by-hand.ts';

const DAY_MS = 24 * 60 * 60_000;
const CONFIG = [
  'domain = "example.com"',
  'data_dir = "/var/lib/aimx"',
  '[mailboxes.mine]',
  'address = "mine@example.com"',
  'owner = "ann"',
  '[[mailboxes.mine.hooks]]',
  'name = "told"',
  'event = "after_send"',
  'cmd = ["/bin/true"]',
  '[mailboxes.other]',
  'address = "other@example.com"',
  'owner = "bob"',
].join('\n');

interface Scene extends AsyncDisposable {
  readonly journal: Journal;
  readonly clock: ReturnType<typeof simulatedClock>;
  /** As root, or as who owns the mailbox `mine`. */
  readonly as: (who: 'root' | 'ann') => OperationContext;
  /** @param queueId Filled up to 16 digits. */
  readonly send: (mailbox: 'mine' | 'other', queueId: string, subject?: string) => Promise<OutgoingRow>;
}

async function scene(): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'aimx-queue-operations-'));
  const clock = simulatedClock();
  const journal = await openJournal({
    folder: join(root, 'journal'),
    ...{ clock, random: systemRandom, log: silentLog, faults: noFaults, allowMemory: true },
  });
  const at = clock.now();
  const { ids } = await journal.advance('register-mailboxes', {
    mailboxes: ['mine', 'other'].map((name) => ({ name, ownerUid: 1000 })),
    at,
  });
  for (const mailboxId of Object.values(ids))
    await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at });
  const outcome = parseConfig(CONFIG, { path: 'c.toml', currentUser: 'root', isRoot: true, cores: 2 });
  assert.equal(outcome.kind, 'valid', JSON.stringify(outcome));
  const { config } = outcome;
  const as: Scene['as'] = (who) => {
    const context: unknown = {
      ...{ config, configProblem: null, rows: journal, journal, mailboxIds: ids, clock },
      caller: { kind: 'peer', uid: who === 'root' ? 0 : 1000, gid: 0, pid: 1 },
      owned: who === 'root' ? 'all' : new Set(['mine']),
    };
    return context as OperationContext;
  };
  return {
    journal,
    clock,
    as,
    send: (mailbox, queueId, subject = 'Hello') =>
      submitByHand(journal, {
        ...{ mailbox, subject, at: clock.now(), to: ['bob@example.net'] },
        mailboxId: ids[mailbox] as MailboxId,
        queueId: queueId.padEnd(16, '0'),
      }),
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function held(scene: Scene, row: OutgoingRow, reason: string): Promise<void> {
  await scene.journal.advance('decide-outgoing', {
    filter: { queueIds: [row.queueId] },
    decision: 'hold',
    reason,
    by: 'root',
    at: scene.clock.now(),
  });
}

test('queue.show takes a queue id or its beginning, a Message-ID and a copy, where they are the caller’s', async () => {
  await using at = await scene();
  const first = await at.send('mine', 'abcd1');
  await at.send('mine', 'abcd2', 'World');
  const foreign = await at.send('other', 'abce');
  const shown = async (message: string, who: 'root' | 'ann' = 'ann'): Promise<string> =>
    (await queueShow.run({ message }, at.as(who))).queue_id;
  for (const reference of [
    first.queueId,
    'abcd1',
    first.messageId,
    `<${first.messageId}>`,
    `mine/${first.id}`,
    first.id,
  ])
    assert.equal(await shown(reference), first.queueId, reference);
  await assert.rejects(shown('abcd'), {
    code: 'request.ambiguous',
    detail: { candidates: ['abcd200000000000', 'abcd100000000000'] },
  });
  // Too short, of somebody else, of nobody; empty once it is taken apart.
  for (const unknown of ['abc', 'abce', foreign.messageId, `other/${foreign.id}`, 'ffff', '<>', 'mine/'])
    await assert.rejects(shown(unknown), { code: 'request.not-found' }, unknown);
  assert.equal(await shown('abce', 'root'), foreign.queueId);
});

test('queue.list shows what is open, held, failed or all, of the caller’s mailboxes alone', async () => {
  await using at = await scene();
  const open = await at.send('mine', 'aaaa');
  const waiting = await at.send('mine', 'bbbb');
  const given = await at.send('mine', 'cccc');
  const foreign = await at.send('other', 'dddd');
  await held(at, waiting, 'loop: It answers a list');
  await queueCancel.run({ messages: ['cccc'] }, at.as('ann'));
  const listed = async (input: object, who: 'root' | 'ann' = 'ann'): Promise<readonly string[]> =>
    (await queueList.run(input, at.as(who))).messages.map(({ queue_id }) => queue_id);
  assert.deepEqual(await listed({}), [waiting.queueId, open.queueId]);
  assert.deepEqual(await listed({ held: true }), [waiting.queueId]);
  assert.deepEqual(await listed({ failed: true }), [given.queueId]);
  assert.deepEqual(await listed({ all: true }), [given.queueId, waiting.queueId, open.queueId]);
  assert.deepEqual(await listed({}, 'root'), [foreign.queueId, waiting.queueId, open.queueId]);
  assert.deepEqual(await listed({ mailbox: 'other' }, 'root'), [foreign.queueId]);
  await assert.rejects(listed({ mailbox: 'other' }), { code: 'request.not-found' });
  await assert.rejects(listed({ held: true, all: true }), { code: 'request.invalid' });
  const { next_cursor } = await queueList.run({ limit: 1 }, at.as('ann'));
  assert.deepEqual(await listed({ limit: 1, cursor: next_cursor ?? '' }), [open.queueId]);
});

test('release lets go all but what waits for approval, approve that alone; both give it its time anew', async () => {
  await using at = await scene();
  const looped = await at.send('mine', 'aaaa');
  const asked = await at.send('mine', 'bbbb');
  await held(at, looped, 'loop: It answers a list');
  await held(at, asked, 'approval: Mailbox mine asks for it');
  at.clock.advance(10 * DAY_MS);
  await assert.rejects(queueRelease.run({ messages: ['bbbb'] }, at.as('ann')), {
    code: 'request.conflict',
    hint: `aimx queue approve ${asked.queueId} lets it go`,
  });
  await assert.rejects(queueApprove.run({ messages: ['aaaa'] }, at.as('ann')), {
    code: 'request.conflict',
    hint: `aimx queue release ${looped.queueId} lets it go`,
  });
  assert.deepEqual(await queueRelease.run({ all: true }, at.as('ann')), { changed: [looped.queueId] });
  assert.deepEqual(await queueApprove.run({ all: true }, at.as('ann')), { changed: [asked.queueId] });
  for (const { queueId } of [looped, asked]) {
    const row = await at.journal.query('outgoing', { queueId });
    assert.deepEqual([row?.held, row?.expiresAt], [null, at.clock.now() + 5 * DAY_MS], queueId);
  }
});

test('decisions about several are all or nothing, and about nobody else’s mail', async () => {
  await using at = await scene();
  const mine = await at.send('mine', 'aaaa');
  const foreign = await at.send('other', 'bbbb');
  for (const decision of [queueRetry, queueCancel, queueHold, queueRelease, queueApprove]) {
    await assert.rejects(decision.run({}, at.as('ann')), { code: 'request.invalid' });
    await assert.rejects(decision.run({ messages: ['aaaa'], all: true }, at.as('ann')), {
      code: 'request.invalid',
    });
    await assert.rejects(decision.run({ messages: ['aaaa', 'bbbb'] }, at.as('ann')), {
      code: 'request.not-found',
    });
  }
  assert.deepEqual(await queueHold.run({ all: true }, at.as('ann')), { changed: [mine.queueId] });
  await assert.rejects(queueHold.run({ messages: ['aaaa', 'bbbb'] }, at.as('root')), {
    code: 'request.conflict',
  });
  await assert.rejects(queueRetry.run({ messages: ['aaaa'] }, at.as('ann')), { code: 'request.conflict' });
  const untouched = await at.journal.query('outgoing', { queueId: foreign.queueId });
  assert.equal(untouched?.held, null);
});

test('queue.cancel ends what is held, tells the after_send hooks, and cannot be done twice', async () => {
  await using at = await scene();
  const row = await at.send('mine', 'aaaa');
  await held(at, row, 'operator: Held by root');
  assert.deepEqual(await queueCancel.run({ messages: ['aaaa', 'aaaa0'] }, at.as('ann')), {
    changed: [row.queueId],
  });
  const shown = await queueShow.run({ message: 'aaaa' }, at.as('ann'));
  assert.deepEqual([shown.status, shown.recipients[0]?.status], ['failed', 'cancelled']);
  assert.deepEqual(
    shown.decisions.map(({ decision, by }) => `${decision} by ${by}`),
    ['held by root', 'cancelled by uid 1000'],
  );
  const { rows } = await at.journal.query('runs', { filter: {}, deliveryId: row.deliveryId, limit: 10 });
  assert.deepEqual(
    rows.map(({ hook, event }) => `${hook} ${event}`),
    ['told after_send'],
  );
  await assert.rejects(queueCancel.run({ messages: ['aaaa'] }, at.as('ann')), { code: 'request.conflict' });
  assert.equal((await queueList.run({ held: true }, at.as('ann'))).messages.length, 0);
});

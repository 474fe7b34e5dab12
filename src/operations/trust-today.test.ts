import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNAUTHENTICATED, type Verdict } from '../authentication/verdict.ts';
import { parseConfig } from '../config/parse.ts';
import type { DeliveryRow, MessageRow, RunRow } from '../journal/journal.ts';
import { mailboxesShow } from './mailboxes.ts';
import type { OperationContext } from './operation.ts';
import { runsRelease } from './run-decisions.ts';
import { trustSentence } from './trace/trust-words.ts';
import { gateToday, trustToday } from './trust-today.ts';

const RECEIVED = Date.UTC(2026, 10, 25, 12);

/** Signed by corp.example, from ann. */
const VERDICT = {
  ...UNAUTHENTICATED,
  dkim: 'pass',
  details: {
    author: { addresses: ['ann@corp.example'], count: 1, domain: 'corp.example' },
    fields: { repeated: [], hasMessageId: true, date: RECEIVED, transferEncoding: null, to: [], cc: [] },
    spf: { result: 'none', identity: 'mailfrom', domain: null, alignment: 'unaligned', reason: null },
    signatures: [
      {
        result: 'pass',
        domain: 'corp.example',
        selector: 's',
        algorithm: 'rsa-sha256',
        signatureStart: 'abcdefgh',
        alignment: 'aligned',
        uncovered: [],
        signedAt: RECEIVED,
        reason: null,
      },
    ],
    signaturesNotJudged: 0,
    dmarc: {
      result: 'pass',
      recordDomain: null,
      policy: null,
      pct: null,
      adkim: null,
      aspf: null,
      reason: null,
    },
    arc: { result: 'none', sealers: [], vouches: null, reason: null },
    iprev: { result: 'none', name: null, reason: null },
  },
} as unknown as Verdict;

const DELIVERY = {
  deliveryId: 1,
  journalId: 1,
  mailboxId: 'id-of-agent',
  mailbox: 'agent',
  deliveredTo: ['agent@example.com'],
  trusted: 'false',
  trustReason: 'no-match: ann@corp.example is not in trusted_senders; add it',
} as unknown as DeliveryRow;

const MESSAGE = {
  journalId: 1,
  verdict: VERDICT,
  arrival: { receivedAt: RECEIVED },
} as unknown as MessageRow;

interface FakeRun {
  readonly runId: string;
  readonly hook: string;
  readonly reason: string;
}

function run({ runId, hook, reason }: FakeRun): RunRow {
  const { deliveryId, mailboxId, mailbox } = DELIVERY;
  const row: unknown = {
    runId,
    hook,
    reason,
    deliveryId,
    mailboxId,
    mailbox,
    id: 'x',
    state: 'held',
    event: 'on_receive',
  };
  return row as RunRow;
}

/** A caller who owns the mailbox; `released` collects what the journal is told to release. */
function contextWith(
  trust: string,
  runs: readonly RunRow[] = [],
): { context: OperationContext; released: string[] } {
  const outcome = parseConfig(
    `domain = "example.com"\n[mailboxes.agent]\naddress = "agent@example.com"\n${trust}
[[mailboxes.agent.hooks]]\nname = "pay"\nevent = "on_receive"\ncmd = ["/bin/true"]\n`,
    { path: 'c.toml', currentUser: 'sam', isRoot: false, cores: 2 },
  );
  assert.equal(outcome.kind, 'valid');
  const released: string[] = [];
  const answers: Readonly<Record<string, unknown>> = {
    delivery: DELIVERY,
    message: MESSAGE,
    runs: { rows: runs, nextCursor: null },
    mailboxes: [
      {
        mailbox: 'agent',
        mailboxId: 'id-of-agent',
        delivered: 1,
        pending: 0,
        waiting: [],
        runs: { held: runs.length },
      },
    ],
    'outgoing-counts': [],
  };
  const rows = {
    query: async (kind: string) => answers[kind],
    advance: async (_kind: string, input: { filter: { runIds: string[] } }) => {
      released.push(...input.filter.runIds);
      return { released: input.filter.runIds };
    },
  };
  const context: unknown = {
    rows,
    journal: rows,
    runner: null,
    caller: { kind: 'local', uid: 1000 },
    config: outcome.kind === 'valid' ? outcome.config : null,
    configProblem: null,
    owned: 'all',
    dataDir: '/data',
    mailboxIds: { agent: 'id-of-agent' },
    clock: { now: () => RECEIVED },
    accounts: { lookup: async () => null },
    processUid: 1000,
  };
  return { context: context as OperationContext, released };
}

const TRUSTS = 'trust = "verified"\ntrusted_senders = ["*@corp.example"]';
const TRUSTS_NOBODY = 'trust = "verified"\ntrusted_senders = []';

test('trustSentence() says what was decided and what today would make of it', () => {
  const check = (config: string, delivery: Partial<DeliveryRow>, expected: RegExp, isHeld = true): void => {
    const row = { ...DELIVERY, ...delivery };
    const today = trustToday(contextWith(config).context, { delivery: row, message: MESSAGE });
    assert.match(trustSentence(row, today, isHeld), expected);
  };
  const trusted = { trusted: 'true', trustReason: null } as const;
  check(
    TRUSTS,
    trusted,
    /^Its sender is trusted: the DKIM signature of corp\.example covers what it says\.$/,
  );
  check(
    TRUSTS,
    {},
    /^Its sender is not trusted: ann@corp\.example is not in trusted_senders; add it\. By the configuration of today its sender is trusted: the DKIM signature.* aimx runs release --re-evaluate --mailbox agent$/,
  );
  check(TRUSTS, {}, /covers what it says\.$/, false);
  check(
    TRUSTS_NOBODY,
    {},
    /^Its sender is not trusted: ann@corp\.example is not in trusted_senders; add it to the list of mailbox agent/,
  );
  check(
    TRUSTS_NOBODY,
    trusted,
    /^Its sender is trusted\. By the configuration of today its sender is not trusted: ann@corp/,
  );
  check('', { trusted: 'none', trustReason: null }, /^$/);
  check(
    TRUSTS,
    { trusted: 'none', trustReason: null },
    /^By the configuration of today its sender is trusted/,
  );
  check('', {}, /does not ask whether senders of this mailbox are trusted\.$/);
  // Another mailbox of that name.
  check(TRUSTS, { mailboxId: 'other' as DeliveryRow['mailboxId'] }, /add it\.$/);
});

test('gateToday() is what the gate says by the configuration of today', async () => {
  const held = run({ runId: '1', hook: 'pay', reason: 'no-match: x' });
  const check = async (config: string, row: RunRow, expected: RegExp | null): Promise<void> => {
    const { held: reason } = await gateToday(contextWith(config).context, row);
    if (expected === null) assert.equal(reason, null);
    else assert.match(reason ?? '', expected);
  };
  await check(TRUSTS, held, null);
  await check(TRUSTS_NOBODY, held, /^no-match: /);
  await check('', held, /^untrusted: /);
  await check(TRUSTS, { ...held, hook: 'gone' }, /^hook-removed: /);
  // It may have run before: no configuration says otherwise.
  await check(TRUSTS, { ...held, reason: 'restored: the journal was restored' }, /^restored: /);
});

test('runs.release re-evaluates all that are held, and says which it kept and why', async () => {
  const runs = [
    run({ runId: 'aaaaaaaaaaaa', hook: 'pay', reason: 'no-match: x' }),
    run({ runId: 'bbbbbbbbbbbb', hook: 'pay', reason: 'restored: x' }),
    run({ runId: 'cccccccccccc', hook: 'gone', reason: 'no-match: x' }),
  ];
  const { context, released } = contextWith(TRUSTS, runs);
  const answer = await runsRelease.run({ re_evaluate: true }, context);
  assert.deepEqual(answer.released, ['aaaaaaaaaaaa']);
  assert.deepEqual(released, ['aaaaaaaaaaaa']);
  assert.deepEqual(
    answer.kept.map(({ run_id, reason }) => [run_id, reason.split(':')[0]]),
    [
      ['bbbbbbbbbbbb', 'restored'],
      ['cccccccccccc', 'hook-removed'],
    ],
  );
  const plain = await runsRelease.run({ all: true }, context);
  assert.deepEqual([plain.released.length, plain.kept.length], [3, 0], 'without it all are meant');
  await assert.rejects(runsRelease.run({}, context), { code: 'request.invalid' });
});

test('mailboxes.show counts why runs are held, the most frequent first', async () => {
  const runs = ['no-match: newest', 'stale: old', 'no-match: older'].map((reason, index) =>
    run({ runId: `run${index}`, hook: 'pay', reason }),
  );
  const shown = await mailboxesShow.run({ mailbox: 'agent' }, contextWith(TRUSTS, runs).context);
  assert.deepEqual(
    shown.held.map(({ code, runs: count, run_id, reason }) => [code, count, run_id, reason]),
    [
      ['no-match', 2, 'run0', 'no-match: newest'],
      ['stale', 1, 'run1', 'stale: old'],
    ],
  );
  assert.deepEqual(shown.trusted_senders, ['*@corp.example']);
});

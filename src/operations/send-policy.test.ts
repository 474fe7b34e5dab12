import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallerRun } from '../hooks/inside-run.ts';
import {
  type DeliveryRow,
  type RunOccasion,
  type RunRow,
  toDeliveryId,
  toRunId,
} from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import type { OperationContext } from './operation.ts';
import { decideSending, type SendDecision, type SendRequest } from './send-policy.ts';

const RUN_ID = toRunId('a'.repeat(32));
const INSIDE: CallerRun = { kind: 'inside', runId: RUN_ID, attempt: 2 };

const MAILBOX = {
  name: 'agent',
  address: 'agent@example.com',
  aliases: [],
  approve: false,
  allowRecipients: null,
  blockRecipients: [],
  maxSendsPerHour: null,
  maxNewRecipientsPerDay: null,
};

const OCCASION: RunOccasion = {
  run: { runId: RUN_ID, mailbox: 'agent' } as RunRow,
  delivery: { deliveryId: toDeliveryId(1), folder: 'inbox', threadId: '0' } as DeliveryRow,
  message: null,
  automatic: null,
  from: 'Ann <ann@example.net>',
};

interface Asked {
  readonly run?: CallerRun;
  readonly occasion?: Partial<RunOccasion> | null;
  readonly mailbox?: Partial<typeof MAILBOX> | { readonly allowRecipients: readonly string[] };
  readonly request?: Partial<SendRequest>;
}

async function decide({
  run = { kind: 'outside' },
  occasion = {},
  mailbox = {},
  request = {},
}: Asked): Promise<SendDecision> {
  const own = { ...MAILBOX, ...mailbox } as unknown as SendRequest['mailbox'];
  const query = async (name: string): Promise<unknown> => {
    if (name === 'run-occasion') return occasion === null ? null : { ...OCCASION, ...occasion };
    return [];
  };
  const context = {
    caller: { kind: 'peer', uid: 0, gid: 0, pid: 1 },
    callerRun: async () => run,
    owned: 'all',
    journal: { query },
    config: { domain: 'example.com', domains: [], smtp: { postmaster: null }, mailboxes: [own] },
  } as unknown as OperationContext;
  return await decideSending({
    context,
    mailbox: own,
    recipients: ['ann@example.net'],
    inReplyTo: null,
    references: [],
    callerKey: null,
    ...request,
  });
}

test('decideSending() leaves what a person sends as it is, within the limits of the mailbox', async () => {
  assert.deepEqual(await decide({ mailbox: { ...MAILBOX, maxSendsPerHour: 5 } as object }), {
    held: null,
    key: null,
    limits: {
      sendsPerHour: 5,
      newRecipientsPerDay: null,
      runSendsPerHour: null,
      perCorrespondentPerHour: null,
      perThreadPerDay: null,
    },
    runId: null,
    automatic: null,
  });
  const { key } = await decide({ request: { callerKey: { key: 'k', contentHash: 'h' } } });
  assert.deepEqual(key, { kind: 'caller', key: 'k', contentHash: 'h' });
});

test('decideSending() marks what a run sends, gives it its key and its limits', async () => {
  const decision = await decide({ run: INSIDE });
  assert.deepEqual(decision, {
    held: null,
    key: { kind: 'run', runId: RUN_ID, attempt: 2 },
    limits: {
      sendsPerHour: null,
      newRecipientsPerDay: null,
      runSendsPerHour: 60,
      perCorrespondentPerHour: 10,
      perThreadPerDay: 20,
    },
    runId: RUN_ID,
    automatic: 'auto-generated',
  });
  const answer = await decide({ run: INSIDE, request: { inReplyTo: 'x@example.net' } });
  assert.equal(answer.automatic, 'auto-replied');
  // What the operator has set takes the place of what we think.
  const { limits } = await decide({ run: INSIDE, mailbox: { maxSendsPerHour: 500 } as object });
  assert.deepEqual([limits.sendsPerHour, limits.runSendsPerHour], [500, null]);
  const keyed = await decide({ run: INSIDE, request: { callerKey: { key: 'k', contentHash: 'h' } } });
  assert.deepEqual([keyed.key?.kind, keyed.runId], ['caller', RUN_ID]);
});

test('decideSending() holds for approval, for a loop, or says both', async () => {
  const check = async (asked: Asked, expected: RegExp | null): Promise<void> => {
    const { held } = await decide(asked);
    if (expected === null) assert.equal(held, null);
    else assert.match(held ?? 'null', expected);
  };
  const automatic = { run: INSIDE, occasion: { automatic: 'list: It went to many (List-Id)' } };
  await check({ mailbox: { approve: true } }, /^approval: Mailbox agent asks/);
  await check({ run: INSIDE, mailbox: { approve: true } }, /^approval: [^;]*$/);
  await check(automatic, /^loop: It answers/);
  await check({ ...automatic, mailbox: { approve: true } }, /^approval: .*; loop: It answers/);
  await check({ ...automatic, request: { recipients: ['carol@example.net'] } }, null);
  // Approval is for what somebody may send, and a run that nobody knows is nobody's.
  await check({ run: INSIDE, occasion: null }, /^loop: It comes from inside a run that is not known/);
  await check({ run: { kind: 'inside', runId: null, attempt: null } }, /^loop: It comes from inside/);
});

test('decideSending() refuses recipients, and names them and the key', async () => {
  const check = async (asked: Asked, message: RegExp): Promise<void> =>
    await assert.rejects(decide(asked), (error) => {
      assert.ok(error instanceof AimxError);
      assert.equal(error.code, 'send.refused');
      assert.match(error.message, message);
      return true;
    });
  const recipients = ['ann@example.net', 'Eve@EVIL.example', 'mallory@evil.example'];
  await check(
    { mailbox: { blockRecipients: ['*@evil.example'] } as object, request: { recipients } },
    /send to Eve@EVIL\.example, mallory@evil\.example: block_recipients names/,
  );
  await check(
    { mailbox: { allowRecipients: ['*@example.net'] }, request: { recipients } },
    /send to Eve@EVIL\.example, mallory@evil\.example: allow_recipients does not name/,
  );
  // Who is blocked is blocked, whoever is allowed.
  await check(
    { mailbox: { allowRecipients: ['*'], blockRecipients: ['ann@*'] } as object, request: { recipients } },
    /block_recipients/,
  );
  await check({ mailbox: { allowRecipients: [] } }, /allow_recipients/);
  const many = Array.from({ length: 8 }, (_, index) => `u${index}@evil.example`);
  await check(
    { mailbox: { allowRecipients: [] }, request: { recipients: many } },
    /u4@evil\.example and 3 more: /,
  );
  await check({ run: { kind: 'ended' } }, /ended/);
});

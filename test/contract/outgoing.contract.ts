/**
 * The contract of outgoing mail, for any implementation of the journal.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AttemptResult,
  type HookPlan,
  type Journal,
  type OutgoingRow,
  type QueueId,
  type SendKey,
  type SendLimits,
  type Submission,
  type SubmitOutcome,
  toQueueId,
  toRunId,
} from '../../src/journal/journal.ts';
import { type EpochMs, epochMs } from '../../src/system/clock.ts';
import { DAY_MS, Desk, hook, type Store, sha256 } from './journal-fixture.ts';

const HOUR_MS = 60 * 60_000;
const NO_LIMITS: SendLimits = {
  sendsPerHour: null,
  newRecipientsPerDay: null,
  runSendsPerHour: null,
  perCorrespondentPerHour: null,
  perThreadPerDay: null,
};
const AFTER_SEND: readonly HookPlan[] = [{ hook: 'told', event: 'after_send', ordinal: 0, held: null }];

interface SendOptions {
  readonly to?: readonly string[];
  readonly local?: boolean;
  readonly key?: SendKey | null;
  readonly limits?: Partial<SendLimits>;
  readonly runId?: string | null;
  readonly held?: string | null;
  readonly inReplyTo?: string | null;
  readonly at?: EpochMs;
}

function later(at: EpochMs, ms: number): EpochMs {
  return epochMs(at + ms);
}

/** What a sender does, by hand. */
class Sender {
  readonly desk: Desk;
  #sent = 0;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  get journal(): Journal {
    return this.desk.journal;
  }

  async accept(text: string): Promise<Submission['journalId']> {
    const accepted = this.desk.acceptance({ text });
    return await this.journal.accept({
      ...accepted,
      envelope: { ...accepted.envelope, recipients: [] },
      arrival: { ...accepted.arrival, via: 'submission', clientAddress: null },
    });
  }

  async submit(options: SendOptions = {}): Promise<SubmitOutcome> {
    this.#sent += 1;
    const text = `message of ours ${this.#sent}\r\n`;
    const journalId = await this.accept(text);
    const at = options.at ?? this.desk.now;
    return await this.journal.advance('submit', {
      submission: {
        journalId,
        queueId: toQueueId(sha256(text).slice(0, 16)),
        mailboxId: this.desk.mailboxId('alice'),
        mailbox: 'alice',
        messageId: `${this.#sent}@example.com`,
        inReplyTo: options.inReplyTo ?? null,
        references: [],
        contentFingerprint: sha256(text),
        from: 'alice@example.com',
        subject: 'Hello',
        reversePath: 'alice+b-0@example.com',
        smtputf8: false,
        format: 'markdown',
        baseId: '2026-11-25-120000-hello',
        recipients: (options.to ?? ['bob@example.net']).map((address) => ({
          address,
          field: 'to',
          domain: address.slice(address.indexOf('@') + 1).toLowerCase(),
          isLocal: options.local ?? false,
        })),
        by: 'uid 1000',
      },
      key: options.key ?? null,
      limits: { ...NO_LIMITS, ...options.limits },
      runId: options.runId == null ? null : toRunId(options.runId),
      held: options.held ?? null,
      expiresAt: epochMs(at + 5 * DAY_MS),
      at,
    });
  }

  async send(options: SendOptions = {}): Promise<OutgoingRow> {
    const outcome = await this.submit(options);
    assert.equal(outcome.kind, 'submitted');
    return outcome.outgoing;
  }

  async claim(
    options: {
      readonly at?: EpochMs;
      readonly busy?: readonly string[];
      readonly limit?: number;
      readonly perDestination?: number;
    } = {},
  ) {
    return await this.journal.advance('claim-outgoing', {
      limit: options.limit ?? 10,
      perDestination: options.perDestination ?? 10,
      rooms: Object.fromEntries((options.busy ?? []).map((destination) => [destination, 0])),
      group: 'domain',
      at: options.at ?? this.desk.now,
    });
  }

  async attempted(
    outgoing: OutgoingRow,
    outcome: AttemptResult['outcome'],
    more: { readonly at?: EpochMs; readonly nextAt?: EpochMs | null; readonly only?: string } = {},
  ): Promise<OutgoingRow> {
    const at = more.at ?? this.desk.now;
    const { outgoing: after } = await this.journal.advance('attempted', {
      queueId: outgoing.queueId,
      attempt: {
        domain: 'example.net',
        remote: 'mx.example.net [192.0.2.7]:25',
        tls: null,
        stage: 'dot',
        startedAt: at,
      },
      results: outgoing.recipients
        .filter(({ address }) => more.only === undefined || address === more.only)
        .map(({ recipientId }) => ({
          recipientId,
          outcome,
          reply: outcome === 'delivered' ? '250 2.0.0 ok' : '451 4.3.0 later',
          status: outcome === 'delivered' ? '2.0.0' : '4.3.0',
          nextAt:
            outcome === 'delivered' || outcome === 'failed' ? null : (more.nextAt ?? epochMs(at + HOUR_MS)),
        })),
      hooks: AFTER_SEND,
      at,
    });
    return after;
  }

  async row(queueId: QueueId): Promise<OutgoingRow> {
    const row = await this.journal.query('outgoing', { queueId });
    assert.ok(row !== null);
    return row;
  }

  async runsOf({ deliveryId }: OutgoingRow) {
    return (await this.journal.query('runs', { filter: {}, deliveryId, limit: 10 })).rows;
  }

  /** A run of a hook on a message that came in, claimed. */
  async run(text = 'a letter\r\n') {
    const journalId = await this.desk.accept({ text });
    const [decision] = await this.desk.identify(journalId, { hooks: [hook('answer')] });
    assert.equal(decision?.kind, 'deliver');
    await this.desk.place(decision);
    return await this.claimRun();
  }

  async claimRun() {
    const { runs } = await this.journal.advance('claim-runs', {
      limit: 1,
      limits: { perMailbox: {}, perMailboxDefault: 9, perHook: {} },
      at: this.desk.now,
    });
    const [run] = runs;
    assert.ok(run !== undefined);
    return run;
  }
}

type MakeStore = () => Promise<Store>;

/** Runs the suite. @param makeStore Makes an empty store; each test has its own. */
export function outgoingContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (sender: Sender, store: Store) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      await using store = await makeStore();
      const desk = await Desk.open(store);
      await using _journal = desk.journal;
      await body(new Sender(desk), store);
    });
  };

  check('submit makes a sent copy, recipients that are due, and one line in its life', async (sender) => {
    const outgoing = await sender.send({ to: ['bob@example.net', 'eve@example.org'] });
    assert.equal(outgoing.status, 'pending');
    assert.equal(outgoing.id, '2026-11-25-120000-hello');
    const delivery = await sender.journal.query('delivery', { deliveryId: outgoing.deliveryId });
    assert.equal(delivery?.folder, 'sent');
    assert.equal(delivery?.state, 'reserved');
    const { messages } = await sender.journal.claimMessages(10, sender.desk.now);
    assert.deepEqual(
      messages.map(({ journalId }) => journalId),
      [outgoing.journalId],
    );
    const { rows } = await sender.journal.query('trace', { deliveryId: outgoing.deliveryId });
    assert.deepEqual(
      rows.map(({ event }) => event),
      ['outgoing.submitted'],
    );
    const status = await sender.journal.query('mailboxes', {});
    assert.equal(status[0]?.pending, 0);
  });

  check('submit asked for again after a crash answers the same row', async (sender) => {
    const outgoing = await sender.send();
    const again = await sender.journal.advance('submit', {
      submission: {
        ...outgoing,
        inReplyTo: null,
        references: [],
        contentFingerprint: 'x',
        baseId: 'y',
        recipients: [],
      },
      key: null,
      limits: NO_LIMITS,
      runId: null,
      held: null,
      expiresAt: outgoing.expiresAt,
      at: sender.desk.now,
    });
    assert.equal(again.kind, 'submitted');
    assert.deepEqual(again.outgoing, outgoing);
  });

  check(
    'a record without its submission is nothing, and is dropped at the next start',
    async (sender, store) => {
      const journalId = await sender.accept('never submitted\r\n');
      assert.deepEqual((await sender.journal.claimMessages(10, sender.desk.now)).messages, []);
      await sender.journal[Symbol.asyncDispose]();
      await using again = await store.open();
      assert.equal((await again.query('message', { journalId }))?.state, 'done');
    },
  );

  check('claim hands out no more for a destination than it has room, and the rest later', async (sender) => {
    for (let nth = 1; nth <= 3; nth += 1)
      await sender.send({ to: [`${nth}@one.example`, `${nth}@two.example`] });
    const domains = async (perDestination: number): Promise<readonly (string | undefined)[]> =>
      (await sender.claim({ perDestination })).batches.map(({ recipients }) => recipients[0]?.domain);
    assert.deepEqual(await domains(2), ['one.example', 'two.example', 'one.example', 'two.example']);
    assert.deepEqual(await domains(2), ['one.example', 'two.example']);
  });

  check('claim hands out a hundred recipients in one batch, and the others after them', async (sender) => {
    await sender.send({ to: Array.from({ length: 101 }, (_, nth) => `r${nth}@one.example`) });
    const first = await sender.claim();
    assert.deepEqual(
      first.batches.map(({ recipients }) => recipients.length),
      [100],
    );
    const rest = await sender.claim();
    assert.deepEqual(
      rest.batches.map(({ recipients }) => recipients.length),
      [1],
    );
  });

  check('claim hands out one batch for each message and destination, once', async (sender) => {
    const first = await sender.send({ to: ['a@one.example', 'b@one.example', 'c@two.example'] });
    await sender.send({ to: ['d@one.example'] });
    const { batches } = await sender.claim();
    assert.deepEqual(
      batches.map(({ recipients }) => recipients.map(({ address }) => address)),
      [['a@one.example', 'b@one.example'], ['c@two.example'], ['d@one.example']],
    );
    assert.deepEqual((await sender.claim()).batches, []);
    await sender.journal.advance('release-outgoing', {
      recipientIds: first.recipients.map(({ recipientId }) => recipientId),
    });
    assert.equal((await sender.claim({ busy: ['one.example'] })).batches.length, 1);
    assert.equal((await sender.claim()).batches.length, 1);
  });

  check(
    'a lease ends with the process, and what was behind its dot comes back as it was',
    async (sender, store) => {
      const outgoing = await sender.send();
      await sender.claim();
      await sender.journal.advance('transmitting', {
        queueId: outgoing.queueId,
        recipientIds: outgoing.recipients.map(({ recipientId }) => recipientId),
        remote: 'mx [192.0.2.7]:25',
        tls: null,
        at: sender.desk.now,
      });
      await sender.journal[Symbol.asyncDispose]();
      const again = new Sender(await Desk.open(store));
      await using _journal = again.journal;
      const { batches } = await again.claim();
      assert.equal(batches[0]?.recipients[0]?.state, 'transmitting');
    },
  );

  check(
    'attempted: deferred, in doubt, delivered; after_send once for a deferral and once for the end',
    async (sender) => {
      const outgoing = await sender.send();
      const at = later(sender.desk.now, 1000);
      const deferred = await sender.attempted(outgoing, 'deferred', { at });
      assert.equal(deferred.status, 'deferred');
      assert.equal((await sender.claim({ at })).batches.length, 0);
      assert.equal((await sender.claim({ at })).nextDueAt, at + HOUR_MS);
      const doubtful = await sender.attempted(outgoing, 'in-doubt', { at });
      assert.equal(doubtful.recipients[0]?.doubts, 1);
      const delivered = await sender.attempted(outgoing, 'delivered', { at });
      assert.equal(delivered.status, 'delivered');
      assert.equal(delivered.endedAt, at);
      assert.equal(delivered.recipients[0]?.attempts, 3);
      assert.deepEqual((await sender.runsOf(outgoing)).map(({ sendStatus }) => sendStatus).sort(), [
        'deferred',
        'delivered',
      ]);
      // A result that comes twice changes nothing.
      await sender.attempted(outgoing, 'failed', { at });
      assert.equal((await sender.row(outgoing.queueId)).status, 'delivered');
      assert.equal((await sender.runsOf(outgoing)).length, 2);
    },
  );

  check('one recipient that fails makes the message failed when all have ended', async (sender) => {
    const outgoing = await sender.send({ to: ['a@example.net', 'b@example.net'] });
    const half = await sender.attempted(outgoing, 'delivered', { only: 'a@example.net' });
    assert.equal(half.status, 'pending');
    assert.equal(half.endedAt, null);
    const whole = await sender.attempted(outgoing, 'failed', { only: 'b@example.net' });
    assert.equal(whole.status, 'failed');
    const due = await sender.journal.query('reports-due', { lateBefore: sender.desk.now, limit: 10 });
    assert.deepEqual(
      due.reports.map(({ purpose, recipientIds }) => ({ purpose, recipientIds })),
      [{ purpose: 'report', recipientIds: [outgoing.recipients[1]?.recipientId] }],
    );
  });

  check('a local recipient is delivered with the record that brings it, once', async (sender) => {
    const outgoing = await sender.send({ to: ['alice@example.com'], local: true });
    const record = {
      ...sender.desk.acceptance({ text: 'message of ours\r\n' }),
      settles: {
        queueId: outgoing.queueId,
        purpose: 'local' as const,
        recipientIds: outgoing.recipients.map(({ recipientId }) => recipientId),
        hooks: [{ ...(AFTER_SEND[0] as HookPlan), runId: toRunId('ab'.repeat(16)) }],
      },
    };
    const first = await sender.journal.accept(record);
    const second = await sender.journal.accept(record);
    assert.equal((await sender.journal.query('message', { journalId: first }))?.deliveries.length, 1);
    const copy = await sender.journal.query('message', { journalId: second });
    assert.equal(copy?.deliveries.length, 0);
    assert.equal(copy?.state, 'done');
    assert.equal((await sender.row(outgoing.queueId)).status, 'delivered');
    assert.deepEqual(
      (await sender.runsOf(outgoing)).map(({ runId }) => runId),
      ['ab'.repeat(16)],
    );
  });

  check('a report is made once, and a warning once', async (sender) => {
    const outgoing = await sender.send();
    const due = async () =>
      (await sender.journal.query('reports-due', { lateBefore: later(sender.desk.now, 1), limit: 10 }))
        .reports;
    const [warning] = await due();
    assert.equal(warning?.purpose, 'warning');
    const tell = async (purpose: 'report' | 'warning') =>
      await sender.journal.accept({
        ...sender.desk.acceptance({ text: `${purpose}\r\n` }),
        settles: {
          queueId: outgoing.queueId,
          purpose,
          recipientIds: outgoing.recipients.map(({ recipientId }) => recipientId),
          hooks: [],
        },
      });
    const told = [await tell('warning'), await tell('warning')];
    assert.deepEqual(await due(), []);
    await sender.attempted(outgoing, 'failed');
    assert.equal((await due())[0]?.purpose, 'report');
    told.push(await tell('report'), await tell('report'));
    assert.deepEqual(await due(), []);
    const deliveries = await Promise.all(
      told.map(
        async (journalId) => (await sender.journal.query('message', { journalId }))?.deliveries.length,
      ),
    );
    assert.deepEqual(deliveries, [1, 0, 1, 0]);
  });

  check(
    'a key of the caller: the same content is sent once, other content is a conflict, for 7 days',
    async (sender) => {
      const key = (contentHash: string): SendKey => ({ kind: 'caller', key: 'k', contentHash });
      const first = await sender.send({ key: key('aa') });
      const again = await sender.submit({ key: key('aa') });
      assert.equal(again.kind, 'already-sent');
      assert.equal(again.outgoing.queueId, first.queueId);
      assert.equal((await sender.submit({ key: key('bb') })).kind, 'key-conflict');
      const at = later(sender.desk.now, 7 * DAY_MS + 1);
      assert.equal((await sender.submit({ key: key('bb'), at })).kind, 'submitted');
    },
  );

  check('a run sends the same to the same people once, over attempts and generations', async (sender) => {
    const run = await sender.run();
    const key = (attempt: number, runId = run.runId): SendKey => ({ kind: 'run', runId, attempt });
    const first = await sender.send({ key: key(1), runId: run.runId });
    const second = await sender.send({ key: key(1), runId: run.runId });
    assert.notEqual(first.queueId, second.queueId);
    const elsewhere = await sender.send({ key: key(1), runId: run.runId, to: ['eve@example.org'] });
    // Again, in another order.
    const again = [
      await sender.submit({ key: key(2), to: ['EVE@example.org'] }),
      await sender.submit({ key: key(2) }),
      await sender.submit({ key: key(2) }),
    ];
    assert.deepEqual(
      again.map((outcome) => [outcome.kind, 'outgoing' in outcome ? outcome.outgoing.queueId : null]),
      [
        ['already-sent', elsewhere.queueId],
        ['already-sent', first.queueId],
        ['already-sent', second.queueId],
      ],
    );
    await sender.journal.advance('run-ended', {
      runId: run.runId,
      attempt: 1,
      state: 'interrupted',
      exitCode: null,
      signal: null,
      reason: null,
      at: sender.desk.now,
    });
    const replay = await sender.journal.advance('replay-run', {
      runId: run.runId,
      newRunId: toRunId('cd'.repeat(16)),
      by: 'root',
      at: sender.desk.now,
    });
    assert.equal((await sender.submit({ key: key(1, replay.run.runId) })).kind, 'already-sent');
  });

  check('limits of a mailbox refuse, and say when there is room', async (sender) => {
    const limits = { sendsPerHour: 2, newRecipientsPerDay: 2 };
    const start = sender.desk.now;
    await sender.send({ limits });
    await sender.send({ limits, to: ['eve@example.org'], at: later(start, 1000) });
    assert.deepEqual(await sender.submit({ limits, at: later(start, 2000) }), {
      kind: 'over-limit',
      limit: 'sends-per-hour',
      allowed: 2,
      againAt: start + HOUR_MS,
    });
    const at = later(start, 2 * HOUR_MS);
    assert.equal((await sender.submit({ limits, at, to: ['new@example.org'] })).kind, 'over-limit');
    assert.equal((await sender.submit({ limits, at })).kind, 'submitted');
  });

  check('what runs send too often to one person, or in one thread, is held', async (sender) => {
    const run = await sender.run();
    const limits = { perCorrespondentPerHour: 2 };
    for (let n = 0; n < 2; n += 1) assert.equal((await sender.send({ runId: run.runId, limits })).held, null);
    const third = await sender.send({ runId: run.runId, limits });
    assert.match(third.held ?? '', /^loop: /);
    assert.equal(third.recipients[0]?.nextAt, null);
    assert.equal((await sender.send({ limits })).held, null);
    const inThread = { runId: run.runId, limits: { perThreadPerDay: 1 }, inReplyTo: 'root@example.net' };
    assert.equal((await sender.send(inThread)).held, null);
    assert.match((await sender.send(inThread)).held ?? '', /^loop: /);
  });

  check(
    'what runs send too often in all is held, whoever it goes to; what people send is not',
    async (sender) => {
      const run = await sender.run();
      const limits = { runSendsPerHour: 2 };
      for (const to of ['a@example.net', 'b@example.net'])
        assert.equal((await sender.send({ runId: run.runId, limits, to: [to] })).held, null);
      const third = await sender.send({ runId: run.runId, limits, to: ['c@example.net'] });
      assert.match(third.held ?? '', /^loop: Hooks of alice have sent 2 messages within an hour$/);
      assert.equal((await sender.send({ limits, to: ['d@example.net'] })).held, null);
      const at = later(sender.desk.now, HOUR_MS + 1);
      assert.equal((await sender.send({ runId: run.runId, limits, to: ['e@example.net'], at })).held, null);
    },
  );

  check('hold, release, approve, retry, cancel', async (sender) => {
    const decide = async (
      decision: 'hold' | 'release' | 'cancel' | 'retry',
      queueId: QueueId,
      more: { readonly heldCode?: string } = {},
    ): Promise<number> =>
      (
        await sender.journal.advance('decide-outgoing', {
          filter: { queueIds: [queueId] },
          decision,
          reason: 'operator: asked for',
          by: 'root',
          hooks: { alice: AFTER_SEND },
          ...more,
          at: sender.desk.now,
        })
      ).changed.length;
    const waiting = await sender.send({ held: 'approval: the mailbox asks for it' });
    assert.deepEqual((await sender.claim()).batches, []);
    assert.equal(await decide('release', waiting.queueId, { heldCode: 'loop' }), 0);
    assert.equal(await decide('release', waiting.queueId, { heldCode: 'approval' }), 1);
    assert.equal((await sender.claim()).batches.length, 1);
    assert.equal(await decide('hold', waiting.queueId), 1);
    await assert.rejects(
      sender.journal.advance('transmitting', {
        queueId: waiting.queueId,
        recipientIds: waiting.recipients.map(({ recipientId }) => recipientId),
        remote: 'mx',
        tls: null,
        at: sender.desk.now,
      }),
      { code: 'request.conflict' },
    );
    await sender.attempted(waiting, 'deferred');
    assert.equal((await sender.row(waiting.queueId)).recipients[0]?.nextAt, null);
    assert.equal(await decide('retry', waiting.queueId), 0);
    assert.equal(await decide('release', waiting.queueId), 1);
    assert.equal(await decide('retry', waiting.queueId), 1);
    assert.equal(await decide('cancel', waiting.queueId), 1);
    const cancelled = await sender.row(waiting.queueId);
    assert.equal(cancelled.status, 'failed');
    assert.equal(cancelled.recipients[0]?.state, 'cancelled');
    assert.equal(await decide('cancel', waiting.queueId), 0);
    assert.deepEqual(
      (await sender.journal.query('reports-due', { lateBefore: sender.desk.now, limit: 9 })).reports,
      [],
    );
    assert.ok((await sender.runsOf(waiting)).some(({ sendStatus }) => sendStatus === 'failed'));
  });

  check('after a restore nothing leaves by itself', async (sender, store) => {
    const outgoing = await sender.send();
    await sender.journal[Symbol.asyncDispose]();
    const again = new Sender(await Desk.open(store, ['alice'], { restored: true }));
    await using _journal = again.journal;
    assert.match((await again.row(outgoing.queueId)).held ?? '', /^restored: /);
    assert.deepEqual((await again.claim()).batches, []);
  });

  check('answered: by queue id, then by Message-ID, once for each message that brings it', async (sender) => {
    const outgoing = await sender.send();
    const journalId = await sender.desk.accept({ text: 'a report\r\n' });
    const message = await sender.journal.query('message', { journalId });
    const [delivery] = message?.deliveries ?? [];
    assert.ok(delivery !== undefined);
    const answer = {
      deliveryId: delivery.deliveryId,
      mailboxId: delivery.mailboxId,
      kind: 'delivery-report' as const,
      queueIds: ['ffffffffffffffff', outgoing.queueId],
      messageIds: [],
      recipients: [{ address: 'BOB@example.net', action: 'failed' as const, text: '5.1.1 unknown' }],
      from: '',
    };
    const at = sender.desk.now;
    const { outgoing: after } = await sender.journal.advance('answered', { answer, at });
    assert.equal(after?.recipients[0]?.answer, 'bounced: 5.1.1 unknown');
    assert.equal(after?.status, 'pending');
    await sender.journal.advance('answered', { answer, at });
    const { rows } = await sender.journal.query('trace', { deliveryId: outgoing.deliveryId });
    assert.equal(rows.filter(({ event }) => event === 'outgoing.answered').length, 1);
    const stranger = await sender.desk.accept({ text: 'about nothing\r\n' });
    const [other] = (await sender.journal.query('message', { journalId: stranger }))?.deliveries ?? [];
    assert.ok(other !== undefined);
    const nothing = await sender.journal.advance('answered', {
      answer: { ...answer, deliveryId: other.deliveryId, queueIds: [], messageIds: ['no@example.com'] },
      at,
    });
    assert.equal(nothing.outgoing, null);
    const byMessageId = await sender.journal.advance('answered', {
      answer: { ...answer, deliveryId: other.deliveryId, queueIds: [], messageIds: [outgoing.messageId] },
      at,
    });
    assert.equal(byMessageId.outgoing?.queueId, outgoing.queueId);
  });

  check('a sent copy that shows less than the rows know is made anew', async (sender) => {
    const outgoing = await sender.send();
    const { deliveryId } = outgoing;
    const state = async () => (await sender.journal.query('delivery', { deliveryId }))?.state;
    const at = sender.desk.now;
    await sender.journal.advance('staged', { deliveryId, shownVersion: outgoing.version, at });
    await sender.attempted(outgoing, 'delivered');
    assert.equal(await state(), 'staged');
    await sender.journal.advance('delivered', { deliveryId, at });
    assert.equal(await state(), 'promoting');
    const { version } = await sender.row(outgoing.queueId);
    await sender.journal.advance('exchanging', { deliveryId, inode: 'file:1', shownVersion: version, at });
    await sender.journal.advance('promoted', { deliveryId, outcome: 'replaced', hooks: [], at });
    assert.equal(await state(), 'delivered');
    const { runs } = await sender.journal.advance('claim-runs', {
      limit: 5,
      limits: { perMailbox: {}, perMailboxDefault: 9, perHook: {} },
      at,
    });
    assert.deepEqual(
      runs.map(({ sendStatus }) => sendStatus),
      ['delivered'],
    );
  });

  check('a thread is the one of the message that is answered, in both folders', async (sender) => {
    const outgoing = await sender.send();
    const journalId = await sender.desk.accept({ text: 'an answer\r\n' });
    const [decision] = await sender.desk.identify(journalId, { inReplyTo: outgoing.messageId });
    assert.equal(decision?.kind, 'deliver');
    assert.equal(decision.delivery.threadId, outgoing.threadId);
  });

  check('a mail to oneself is no copy of the sent one', async (sender) => {
    const outgoing = await sender.send();
    const journalId = await sender.desk.accept({ text: 'to myself\r\n' });
    const [decision] = await sender.desk.identify(journalId, {
      messageId: outgoing.messageId,
      mode: 'message-id',
    });
    assert.equal(decision?.kind, 'deliver');
  });
}

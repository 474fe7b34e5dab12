/** Reports of our own, made by the reporter over a real journal in a folder. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptResult, Journal, MessageRow, OutgoingRow } from '../../../src/journal/journal.ts';
import { readRawBytes } from '../../../src/journal/log/raw-bytes.ts';
import { readRaw } from '../../../src/journal/log/raw-stream.ts';
import { openJournal } from '../../../src/journal/open.ts';
import type { ReadMessage } from '../../../src/message/message.ts';
import { readMessage } from '../../../src/message/read-message.ts';
import { createReporter, LATE_AFTER_MS, type Reporter } from '../../../src/outbound/reports.ts';
import { type SimulatedClock, simulatedClock } from '../../../src/system/clock.sim.ts';
import { epochMs } from '../../../src/system/clock.ts';
import { AimxError } from '../../../src/system/errors.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { Desk } from '../../contract/journal-fixture.ts';
import { submitByHand } from './submit-by-hand.ts';

const DAY_MS = 24 * 60 * 60_000;
const QUEUE_ID = '0011223344556677';
/** What an error of the disk does to a report. */
type Accept = Journal['accept'];

class Post {
  readonly journal: Journal;
  readonly desk: Desk;
  readonly clock: SimulatedClock;
  accept: Accept;

  constructor(desk: Desk) {
    this.desk = desk;
    this.journal = desk.journal;
    this.clock = desk.clock;
    this.accept = (acceptance) => this.journal.accept(acceptance);
  }

  reporter(): Reporter {
    const { journal, clock } = this;
    return createReporter({
      journal: {
        accept: (acceptance) => this.accept(acceptance),
        query: (kind, input) => journal.query(kind, input),
        onChange: (kind, callback) => journal.onChange(kind, callback),
      },
      config: () => ({ domain: 'example.com', hostname: 'mx.example.com' }),
      clock,
      random: systemRandom,
      log: silentLog,
      faults: noFaults,
      openRaw: readRaw,
    });
  }

  /** A message of ours to so many, sent now. */
  async send(...to: readonly string[]): Promise<OutgoingRow> {
    return await submitByHand(this.journal, {
      mailbox: 'alice',
      mailboxId: this.desk.mailboxId('alice'),
      queueId: QUEUE_ID,
      subject: 'Lunch',
      to,
      at: this.clock.now(),
    });
  }

  async attempt(
    outgoing: OutgoingRow,
    results: Readonly<Record<string, AttemptResult['outcome']>>,
  ): Promise<void> {
    const at = this.clock.now();
    await this.journal.advance('attempted', {
      queueId: outgoing.queueId,
      attempt: {
        domain: 'example.net',
        remote: 'mx.example.net [192.0.2.7]:25',
        tls: null,
        stage: 'rcpt',
        startedAt: at,
      },
      results: outgoing.recipients.flatMap(({ recipientId, address }) => {
        const outcome = results[address];
        if (outcome === undefined) return [];
        const isOpen = outcome === 'deferred' || outcome === 'in-doubt';
        const reply = {
          delivered: '250 2.0.0 ok',
          failed: '550 5.1.1 User unknown',
          deferred: '451 4.3.0 later',
        };
        return [
          {
            recipientId,
            outcome,
            reply: outcome === 'in-doubt' ? 'the connection was reset' : reply[outcome],
            status: outcome === 'failed' ? '5.1.1' : outcome === 'deferred' ? '4.3.0' : null,
            nextAt: isOpen ? epochMs(at + DAY_MS) : null,
          },
        ];
      }),
      hooks: [],
      at,
    });
  }

  /** What has been put into the mailbox. */
  async inbox(): Promise<readonly { readonly row: MessageRow; readonly read: ReadMessage }[]> {
    const { messages } = await this.journal.claimMessages(100, this.clock.now());
    for (const { journalId } of messages) this.journal.releaseMessage(journalId);
    const received = messages.filter(({ deliveries }) => deliveries.some(({ folder }) => folder === 'inbox'));
    return await Promise.all(
      received.map(async (row) => {
        const stored = await readRawBytes(row.raw);
        assert.ok(stored.kind === 'bytes');
        return { row, read: readMessage(stored.bytes) };
      }),
    );
  }
}

async function withPost(body: (post: Post, reopen: () => Promise<Post>) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'aimx-answers-'));
  const clock = simulatedClock();
  const open = async (): Promise<Post> => {
    const store = {
      clock,
      open: () =>
        openJournal({
          folder: join(root, 'journal'),
          clock,
          random: systemRandom,
          log: silentLog,
          faults: noFaults,
          allowMemory: true,
        }),
      readRaw: () => Promise.reject(new Error('not asked for')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    return new Post(await Desk.open(store));
  };
  let post = await open();
  try {
    await body(post, async () => {
      await post.journal[Symbol.asyncDispose]();
      post = await open();
      return post;
    });
  } finally {
    await post.journal[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  }
}

async function settle(reporter: Reporter): Promise<void> {
  reporter.wake();
  await reporter.idle();
}

test("createReporter(): who was given up is reported once into the sender's mailbox, with a null reverse-path", async () => {
  await withPost(async (post, reopen) => {
    const outgoing = await post.send('bob@example.net', 'eve@example.net');
    {
      await using reporter = post.reporter();
      await post.attempt(outgoing, { 'bob@example.net': 'failed', 'eve@example.net': 'delivered' });
      await settle(reporter);
      await settle(reporter);
    }
    const after = await reopen();
    await using reporter = after.reporter();
    await settle(reporter);
    const [report, ...more] = await after.inbox();
    assert.deepEqual(more, []);
    assert.ok(report !== undefined);
    const { row, read } = report;
    assert.equal(row.envelope.reversePath, '');
    assert.equal(row.arrival.via, 'outbox');
    assert.deepEqual(
      row.deliveries.map(({ deliveredTo }) => deliveredTo),
      [['alice@example.com']],
    );
    assert.equal(read.header.subject, 'Undelivered: Lunch');
    assert.equal(read.header.inReplyTo, `${QUEUE_ID}@example.com`);
    assert.equal(read.header.autoSubmitted, 'auto-replied');
    assert.ok(read.report?.kind === 'delivery-report');
    assert.equal(read.report.originalSubject, 'Lunch');
    assert.equal(read.report.originalEnvelopeId, QUEUE_ID);
    assert.deepEqual(
      read.report.recipients.map(({ address, action, status }) => ({ address, action, status })),
      [{ address: 'bob@example.net', action: 'failed', status: '5.1.1' }],
    );
  });
});

test('createReporter(): what is late is said once, after four hours and a try, and by itself', async () => {
  await withPost(async (post) => {
    const outgoing = await post.send('bob@example.net', 'eve@example.net');
    await using reporter = post.reporter();
    await settle(reporter);
    // Nobody has tried it: it was held, or we were down.
    post.clock.advance(LATE_AFTER_MS);
    await settle(reporter);
    assert.equal((await post.inbox()).length, 0);
    await post.attempt(outgoing, { 'bob@example.net': 'deferred', 'eve@example.net': 'delivered' });
    await settle(reporter);
    post.clock.advance(LATE_AFTER_MS);
    await settle(reporter);
    const [warning, ...more] = await post.inbox();
    assert.deepEqual(more, []);
    assert.equal(warning?.read.header.subject, 'Delayed: Lunch');
    assert.ok(warning?.read.report?.kind === 'delivery-report');
    assert.deepEqual(
      warning.read.report.recipients.map(({ address, action }) => ({ address, action })),
      [{ address: 'bob@example.net', action: 'delayed' }],
    );
  });
});

test('createReporter(): the time at which a message becomes late is waited for', async () => {
  await withPost(async (post) => {
    const outgoing = await post.send('bob@example.net');
    await using reporter = post.reporter();
    await post.attempt(outgoing, { 'bob@example.net': 'deferred' });
    await settle(reporter);
    assert.equal((await post.inbox()).length, 0);
    post.clock.advance(LATE_AFTER_MS);
    await reporter.idle();
    assert.equal((await post.inbox()).length, 1);
  });
});

test('createReporter(): without room the report is made when there is some', async () => {
  await withPost(async (post) => {
    const outgoing = await post.send('bob@example.net');
    const { accept } = post;
    post.accept = () => Promise.reject(new AimxError('journal.no-room', 'The disk is full'));
    await using reporter = post.reporter();
    await post.attempt(outgoing, { 'bob@example.net': 'failed' });
    await settle(reporter);
    assert.equal((await post.inbox()).length, 0);
    post.accept = accept;
    post.clock.advance(60_000);
    await reporter.idle();
    assert.equal((await post.inbox()).length, 1);
  });
});

test('createReporter(): two that are there at once report once', async () => {
  await withPost(async (post) => {
    const outgoing = await post.send('bob@example.net');
    await post.attempt(outgoing, { 'bob@example.net': 'failed' });
    await using first = post.reporter();
    await using second = post.reporter();
    await Promise.all([settle(first), settle(second)]);
    assert.equal((await post.inbox()).length, 1);
  });
});

test('createReporter(): a doubt that was given up may have arrived, and what was cancelled is not reported', async () => {
  await withPost(async (post) => {
    const outgoing = await post.send('bob@example.net', 'eve@example.net');
    await using reporter = post.reporter();
    await post.attempt(outgoing, { 'bob@example.net': 'in-doubt' });
    await post.attempt(outgoing, { 'bob@example.net': 'failed' });
    await settle(reporter);
    await post.journal.advance('decide-outgoing', {
      filter: { queueIds: [outgoing.queueId] },
      decision: 'cancel',
      reason: 'cancelled by root',
      by: 'root',
      hooks: {},
      at: post.clock.now(),
    });
    await settle(reporter);
    const [report, ...more] = await post.inbox();
    assert.deepEqual(more, []);
    assert.match(report?.read.body ?? '', /It may have arrived: once the connection ended/);
  });
});

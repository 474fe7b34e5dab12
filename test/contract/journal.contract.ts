/**
 * The journal's contract, for any implementation of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNAUTHENTICATED } from '../../src/authentication/verdict.ts';
import type { Decision, DeliveryRow, Journal, JournalId, RunId } from '../../src/journal/journal.ts';
import { epochMs } from '../../src/system/clock.ts';
import {
  DAY_MS,
  Desk,
  hook,
  type IdentifyOptions,
  later,
  PROVISIONAL,
  type Store,
  sha256,
} from './journal-fixture.ts';

type MakeStore = () => Promise<Store>;

/** Runs the suite. @param makeStore Makes an empty store; each test has its own. */
export function journalContract(name: string, makeStore: MakeStore): void {
  const check = (title: string, body: (store: Store) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      await using store = await makeStore();
      await body(store);
    });
  };
  acceptance(check);
  decisions(check);
  evidence(check);
  deliveries(check);
  promotions(check);
  runs(check);
  decisionsOfPeople(check);
  mailboxes(check);
  upkeep(check);
}

type Check = (title: string, body: (store: Store) => Promise<void>) => void;

function only<Row>(rows: readonly Row[]): Row {
  assert.equal(rows.length, 1);
  return rows[0] as Row;
}

function delivered(decisions: readonly Decision[]): DeliveryRow {
  const decision = only(decisions);
  assert.equal(decision.kind, 'deliver');
  return decision.delivery;
}

function acceptance(check: Check): void {
  check('accept() numbers messages in order and gives the bytes back', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const texts = Array.from({ length: 50 }, (_value, index) => `message ${index}\r\n`);
    const ids = await Promise.all(texts.map((text) => desk.accept({ text })));
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    for (const [index, journalId] of ids.entries()) {
      const message = await journal.query('message', { journalId });
      assert.ok(message);
      assert.equal(message.state, 'accepted');
      assert.equal(Buffer.from(await store.readRaw(message.raw)).toString(), texts[index]);
      assert.equal(message.raw.sha256, sha256(texts[index] ?? ''));
    }
  });

  check('accept() takes a spooled message, and a spool that is disposed leaves nothing', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const chunk = Buffer.alloc(300_000, 'a');
    {
      await using unused = await journal.openSpool();
      await unused.write(chunk);
    }
    await using spool = await journal.openSpool();
    await spool.write(chunk);
    await spool.write(chunk);
    const whole = Buffer.concat([chunk, chunk]);
    const journalId = await journal.accept({
      ...desk.acceptance({ text: '' }),
      content: { kind: 'spooled', spool, sizeBytes: whole.length },
      exactFingerprint: sha256(whole),
    });
    const message = await journal.query('message', { journalId });
    assert.ok(message);
    assert.ok(whole.equals(Buffer.from(await store.readRaw(message.raw))));
  });

  check('claimMessages() leases each message once, in order, and again after a restart', async (store) => {
    const desk = await Desk.open(store);
    const ids = [
      await desk.accept({ text: '1' }),
      await desk.accept({ text: '2' }),
      await desk.accept({ text: '3' }),
    ];
    const claim = async (journal: Journal, limit: number): Promise<readonly number[]> =>
      (await journal.claimMessages(limit, desk.now)).messages.map((message) => message.journalId);
    assert.deepEqual(await claim(desk.journal, 2), ids.slice(0, 2));
    assert.deepEqual(await claim(desk.journal, 2), ids.slice(2));
    assert.deepEqual(await claim(desk.journal, 2), []);
    desk.journal.releaseMessage(ids[1] as (typeof ids)[number]);
    assert.deepEqual(await claim(desk.journal, 2), ids.slice(1, 2));
    await desk.journal[Symbol.asyncDispose]();
    await using again = await store.open();
    assert.deepEqual(await claim(again, 10), ids);
  });

  check('reserve() promises room, and none beyond the disk', async (store) => {
    await using journal = await store.open();
    const reservation = journal.reserve(1000);
    assert.ok(reservation);
    reservation[Symbol.dispose]();
    assert.equal(journal.reserve(Number.MAX_SAFE_INTEGER), null);
  });

  check('recipients of one mailbox are one delivery that names each once', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const to = [
      { mailbox: 'alice' },
      { mailbox: 'alice', path: 'alice+x@example.com' },
      { mailbox: 'alice' },
    ];
    const journalId = await desk.accept({ text: 'x', to });
    const message = await journal.query('message', { journalId });
    assert.deepEqual(only(message?.deliveries ?? []).deliveredTo, [
      'alice@example.com',
      'alice+x@example.com',
    ]);
  });

  check('onChange() tells of new messages', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const told = new Promise<void>((resolve) => {
      journal.onChange('messages', resolve);
    });
    await desk.accept({ text: 'x' });
    await told;
  });
}

interface Case {
  readonly title: string;
  readonly first?: IdentifyOptions & { readonly text?: string };
  readonly second: IdentifyOptions & { readonly text?: string };
  readonly afterMs?: number;
  readonly expected: Decision['kind'];
  readonly by?: string;
}

/** The table of design §3.3. The first message is delivered before the second is decided. */
const DECISIONS: readonly Case[] = [
  { title: 'the same bytes', second: {}, expected: 'absorb', by: 'exact' },
  {
    title: 'the same bytes, without Message-ID',
    first: { messageId: null },
    second: { messageId: null },
    expected: 'absorb',
    by: 'exact',
  },
  { title: 'the same bytes within the window', second: {}, afterMs: 34 * DAY_MS, expected: 'absorb' },
  { title: 'the same bytes past the window', second: {}, afterMs: 36 * DAY_MS, expected: 'deliver' },
  {
    title: 'the same content by another road',
    first: { content: 'c' },
    second: { text: 'other Received', content: 'c' },
    expected: 'absorb',
    by: 'content',
  },
  {
    title: 'the same Message-ID, another content',
    first: { messageId: 'm@x' },
    second: { text: 'other', messageId: 'm@x' },
    expected: 'deliver',
  },
  { title: 'a worse copy', first: { rank: 'aligned-dkim' }, second: { rank: 'none' }, expected: 'absorb' },
  {
    title: 'an equal copy',
    first: { rank: 'aligned-spf' },
    second: { rank: 'aligned-spf' },
    expected: 'absorb',
  },
  { title: 'a better copy', first: { rank: 'none' }, second: { rank: 'aligned-dkim' }, expected: 'promote' },
  {
    title: 'a trusted copy of a failed one',
    first: { rank: 'fail' },
    second: { rank: 'trusted' },
    expected: 'promote',
  },
  { title: 'mode off', first: { mode: 'off' }, second: { mode: 'off' }, expected: 'deliver' },
  {
    title: 'mode message-id, another content',
    first: { messageId: 'm@x' },
    second: { text: 'other', messageId: 'm@x', mode: 'message-id' },
    expected: 'absorb',
    by: 'message-id',
  },
  {
    title: 'mode message-id, another Message-ID',
    first: { messageId: 'm@x' },
    second: { text: 'other', messageId: 'n@x', mode: 'message-id' },
    expected: 'deliver',
  },
  {
    title: 'mode message-id without one',
    first: { messageId: null },
    second: { messageId: null, mode: 'message-id' },
    expected: 'absorb',
    by: 'exact',
  },
  {
    title: 'mode message-id, past the window',
    first: { messageId: 'm@x' },
    second: { text: 'other', messageId: 'm@x', mode: 'message-id' },
    afterMs: 36 * DAY_MS,
    expected: 'deliver',
  },
];

function decisions(check: Check): void {
  for (const { title, first, second, afterMs, expected, by } of DECISIONS)
    check(`identify: ${title} → ${expected}`, async (store) => {
      const desk = await Desk.open(store);
      await using _journal = desk.journal;
      const stored = delivered(await desk.send('text', { messageId: 'same@x', ...first }));
      desk.clock.advance(afterMs ?? 0);
      const decision = only(await desk.send(second.text ?? 'text', { messageId: 'same@x', ...second }));
      assert.equal(decision.kind, expected);
      if (decision.kind === 'absorb') {
        assert.equal(decision.into, stored.deliveryId);
        if (by !== undefined) assert.equal(decision.by, by);
      }
    });

  check('identify: two equal messages at once, one row wins', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    const ids = await Promise.all(Array.from({ length: 20 }, () => desk.accept({ text: 'same' })));
    const kinds = (await Promise.all(ids.map((id) => desk.identify(id, { messageId: 'm@x' })))).map(
      (decisions) => only(decisions).kind,
    );
    assert.equal(kinds.filter((kind) => kind === 'deliver').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'absorb').length, 19);
  });

  check('identify: asked again gives the same answers', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const first = await desk.accept({ text: 'same' });
    const second = await desk.accept({ text: 'same' });
    const again = async (journalId: typeof first): Promise<Decision> => {
      const message = await journal.query('message', { journalId });
      const targets = (message?.deliveries ?? []).map((delivery) => ({
        deliveryId: delivery.deliveryId,
        mode: 'content' as const,
        rank: 'none' as const,
        trusted: 'none' as const,
        trustReason: null,
        baseId: 'base',
        hooks: [hook('h')],
      }));
      const identity = {
        contentFingerprint: sha256('c'),
        messageId: null,
        legacyFingerprint: null,
        inReplyTo: null,
        references: [],
        subject: '',
        from: '',
        automatic: null,
      };
      const { decisions } = await journal.advance('identify', {
        journalId,
        identity,
        targets,
        windowMs: DAY_MS,
        at: desk.now,
      });
      return only(decisions);
    };
    const one = await again(first);
    assert.deepEqual(await again(first), one);
    const two = await again(second);
    assert.deepEqual(await again(second), two);
    const runs = await journal.query('runs', { filter: {}, limit: 10 });
    assert.equal(runs.rows.length, 1);
  });

  check('identify: the copy that resembles another names it', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    const first = delivered(await desk.send('one', { messageId: 'm@x' }));
    const second = delivered(await desk.send('two', { messageId: 'm@x' }));
    assert.equal(second.resembles, first.id);
    assert.notEqual(second.id, first.id);
  });

  check('identify: absorbed copies are rows, and after 100 a counter', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const { deliveryId, id } = delivered(await desk.send('same', { messageId: 'm@x' }));
    for (let copy = 0; copy < 105; copy += 1) await desk.send('same', { messageId: 'm@x' });
    const trace = await journal.query('trace', { deliveryId });
    assert.equal(trace.absorbed.length, 100);
    assert.equal(trace.absorbedCount, 105);
    const page = await journal.query('absorbed', { mailboxes: ['alice'], limit: 1 });
    const row = only(page.rows);
    assert.deepEqual([row.id, row.by, row.mailbox, row.clientAddress], [id, 'exact', 'alice', '192.0.2.1']);
    assert.ok(page.nextCursor);
  });

  check('identify: counts the first attempt to read, where there is something to read', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const attempts = async (journalId: JournalId): Promise<number | undefined> =>
      (await journal.query('message', { journalId }))?.readAttempts;
    const first = await desk.accept({ text: 'letter' });
    const [decision] = await desk.identify(first);
    assert.equal(await attempts(first), 1);
    assert.equal((await journal.advance('read-attempt', { journalId: first, at: desk.now })).attempts, 2);
    assert.ok(decision?.kind === 'deliver');
    await desk.place(decision);
    assert.equal(await attempts(first), 0, 'a reading that ended is no death of the reader');
    const copy = await desk.accept({ text: 'letter' });
    await desk.identify(copy);
    assert.equal(await attempts(copy), 0);
  });

  check('identify: each mailbox decides for itself', async (store) => {
    const desk = await Desk.open(store, ['alice', 'bob']);
    await using _journal = desk.journal;
    await desk.send('same', { messageId: 'm@x' });
    const both = await desk.send('same', {
      messageId: 'm@x',
      to: [{ mailbox: 'alice' }, { mailbox: 'bob' }],
    });
    assert.deepEqual(
      both.map((decision) => decision.kind),
      ['absorb', 'deliver'],
    );
  });

  check('identify: threads follow the parent, then References, In-Reply-To, the own id', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    const threadOf = async (text: string, options: IdentifyOptions): Promise<string | null> =>
      delivered(await desk.send(text, options)).threadId;
    assert.equal(await threadOf('1', { messageId: 'abc@example.com' }), '9eceb13483d7f187');
    assert.equal(
      await threadOf('2', { messageId: 'r@x', inReplyTo: 'abc@example.com', references: ['other@x'] }),
      '9eceb13483d7f187',
    );
    assert.equal(
      await threadOf('3', { references: ['parent@example.com', 'y@x'], inReplyTo: 'y@x' }),
      'ee9cd2a3ead6d5cc',
    );
    assert.equal(await threadOf('4', { inReplyTo: 'parent@example.com' }), 'ee9cd2a3ead6d5cc');
    assert.equal(await threadOf('5', { messageId: null, content: 'c' }), sha256('c').slice(0, 16));
  });

  check('identify: taken ids get -2, -3, and no two are the same', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const ids: (string | null)[] = [];
    for (const [text, baseId] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'a-2'],
      ['4', 'a'],
    ] as const)
      ids.push(delivered(await desk.send(text, { baseId })).id);
    assert.deepEqual(ids, ['a', 'a-2', 'a-2-2', 'a-3']);
    const fifth = delivered(
      await desk.identify(await desk.accept({ text: '5' }), { baseId: 'a', hooks: [hook('h')] }),
    );
    await journal.advance('staged', { deliveryId: fifth.deliveryId, at: desk.now });
    const { id } = await journal.advance('id-taken', { deliveryId: fifth.deliveryId, at: desk.now });
    assert.equal(id, 'a-5');
    const moved = await journal.query('delivery', { deliveryId: fifth.deliveryId });
    assert.deepEqual([moved?.state, moved?.id], ['reserved', 'a-5']);
    assert.equal(only((await journal.query('runs', { filter: {}, limit: 5 })).rows).id, 'a-5');
  });

  check('identify: a message that started a hook is known past the window', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    await desk.send('same', { messageId: 'm@x', hooks: [hook('h')] });
    const run = only(await desk.claimRuns());
    await desk.start(run);
    desk.clock.advance(100 * DAY_MS);
    assert.equal(only(await desk.send('same', { messageId: 'm@x' })).kind, 'absorb');
  });

  check('forget-fingerprints: the same message is delivered again', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    for (const mode of ['content', 'message-id'] as const) {
      const { deliveryId } = delivered(await desk.send(mode, { messageId: `${mode}@x`, mode }));
      const { forgotten } = await journal.advance('forget-fingerprints', {
        deliveryId,
        by: 'root',
        at: desk.now,
      });
      assert.equal(forgotten, 2);
      assert.equal(only(await desk.send(mode, { messageId: `${mode}@x`, mode })).kind, 'deliver');
    }
  });
}

function evidence(check: Check): void {
  const anonymous = { messageId: null, lacksIdentity: true } as const;
  check('evidence: a client that saw the 250 and sends again means it', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const first = await desk.accept({ text: 'cron', ...anonymous });
    await journal.recordEvidence(first, desk.now);
    await desk.deliver(first, anonymous);
    const second = await desk.accept({ text: 'cron', ...anonymous });
    assert.equal(only(await desk.deliver(second, anonymous)).kind, 'deliver');
    // It has taken the fingerprints over, and nobody has seen its 250.
    assert.equal(only(await desk.send('cron', anonymous)).kind, 'absorb');
  });

  check('evidence: counts when it comes after the decision, and for an absorbed copy', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    await desk.send('cron', anonymous);
    const retry = await desk.accept({ text: 'cron', ...anonymous });
    assert.equal(only(await desk.deliver(retry, anonymous)).kind, 'absorb');
    await journal.recordEvidence(retry, desk.now);
    assert.equal(only(await desk.send('cron', anonymous)).kind, 'deliver');
  });

  check('evidence: says nothing of a message that has a Message-ID', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const first = await desk.accept({ text: 'x' });
    await journal.recordEvidence(first, desk.now);
    await desk.deliver(first, { messageId: 'm@x' });
    assert.equal(only(await desk.send('x', { messageId: 'm@x' })).kind, 'absorb');
  });

  check('evidence: later copies wait for the decision on earlier ones', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const first = await desk.accept({ text: 'cron', ...anonymous });
    await journal.recordEvidence(first, desk.now);
    const second = await desk.accept({ text: 'cron', ...anonymous });
    assert.equal(only(await desk.deliver(second, anonymous)).kind, 'wait');
    assert.deepEqual(
      (await journal.claimMessages(5, desk.now)).messages.map((row) => row.journalId),
      [first],
    );
    assert.equal(only(await desk.deliver(first, anonymous)).kind, 'deliver');
    assert.deepEqual(
      (await journal.claimMessages(5, desk.now)).messages.map((row) => row.journalId),
      [second],
    );
    assert.equal(only(await desk.deliver(second, anonymous)).kind, 'deliver');
  });
}

function deliveries(check: Check): void {
  check('delivered: ends the message, is harmless when repeated, and keeps its order', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const journalId = await desk.accept({ text: 'x' });
    const row = delivered(await desk.deliver(journalId));
    for (const kind of ['staged', 'delivered'] as const)
      await journal.advance(kind, { deliveryId: row.deliveryId, at: desk.now });
    assert.equal((await journal.query('message', { journalId }))?.state, 'done');
    assert.deepEqual((await journal.claimMessages(5, desk.now)).messages, []);
    const events = (await journal.query('trace', { deliveryId: row.deliveryId })).rows.map(
      (line) => line.event,
    );
    assert.deepEqual(events, [
      'message.accepted',
      'message.authenticated',
      'delivery.reserved',
      'delivery.staged',
      'delivery.delivered',
      'message.done',
    ]);
    const next = delivered(await desk.send('y'));
    assert.equal(next.sequence, (row.sequence ?? 0) + 1);
  });

  check('delivered: out of order is a conflict', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const { deliveryId } = delivered(await desk.identify(await desk.accept({ text: 'x' })));
    await assert.rejects(journal.advance('delivered', { deliveryId, at: desk.now }), {
      code: 'request.conflict',
    });
  });

  check('waiting: the message is handed out when its wait is over', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const journalId = await desk.accept({ text: 'x' });
    const { deliveryId } = delivered(await desk.identify(journalId));
    const nextAt = epochMs(desk.now + 5000);
    const waiting = { code: 'mailbox-unsafe', reason: 'The folder is a link', hint: 'Remove it', nextAt };
    await journal.advance('waiting', { deliveryId, waiting, at: desk.now });
    assert.deepEqual(await journal.claimMessages(5, desk.now), { messages: [], nextDueAt: nextAt });
    assert.deepEqual(only(await journal.query('mailboxes', {})).waiting, [{ deliveryId, waiting }]);
    assert.equal((await journal.claimMessages(5, nextAt)).messages.length, 1);
    await journal.advance('waiting', { deliveryId, waiting: null, at: desk.now });
    assert.equal((await journal.query('delivery', { deliveryId }))?.waiting, null);
  });

  check('find: by id and by Message-ID, within the mailboxes that are given', async (store) => {
    const desk = await Desk.open(store, ['alice', 'bob']);
    await using journal = desk.journal;
    const row = delivered(await desk.send('x', { messageId: 'm@x' }));
    for (const reference of [row.id ?? '', 'm@x']) {
      assert.equal(only(await journal.query('find', { reference })).delivery.deliveryId, row.deliveryId);
      assert.equal((await journal.query('find', { reference, mailboxes: ['alice'] })).length, 1);
      assert.equal((await journal.query('find', { reference, mailboxes: ['bob'] })).length, 0);
    }
  });

  check('progress: deliveries and runs of a message', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const journalId = await desk.accept({ text: 'x' });
    await desk.deliver(journalId, { hooks: [hook('h')] });
    const progress = await journal.query('progress', { journalId });
    assert.deepEqual(
      progress.deliveries.map((row) => row.state),
      ['delivered'],
    );
    assert.deepEqual(
      progress.runs.map((run) => run.state),
      ['due'],
    );
  });
}

function promotions(check: Check): void {
  check('promote: the better copy takes the place, held hooks start, once', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const held = 'not-trusted: The sender is not on the list';
    const worse = delivered(await desk.send('same', { messageId: 'm@x', hooks: [hook('h', { held })] }));
    const better = await desk.accept({ text: 'same' });
    const decision = only(await desk.identify(better, { messageId: 'm@x', rank: 'trusted' }));
    assert.equal(decision.kind, 'promote');
    assert.deepEqual(
      [decision.delivery.deliveryId, decision.delivery.journalId, decision.delivery.state],
      [worse.deliveryId, better, 'promoting'],
    );
    assert.deepEqual(
      only((await journal.claimMessages(5, desk.now)).messages)
        .deliveries.map((row) => row.state)
        .sort(),
      ['absorbed', 'promoting'],
    );
    assert.deepEqual(await desk.claimRuns(), []);
    const { deliveryId } = worse;
    await journal.advance('exchanging', { deliveryId, inode: '42', at: desk.now });
    assert.equal((await journal.query('delivery', { deliveryId }))?.exchangeInode, '42');
    for (let times = 0; times < 2; times += 1)
      await journal.advance('promoted', {
        deliveryId,
        outcome: 'replaced',
        hooks: [hook('h')],
        at: desk.now,
      });
    const after = await journal.query('delivery', { deliveryId });
    assert.deepEqual([after?.state, after?.id, after?.rank], ['delivered', worse.id, 'trusted']);
    assert.equal((await journal.query('message', { journalId: better }))?.state, 'done');
    await desk.end(only(await desk.claimRuns()));
    assert.deepEqual(await desk.claimRuns(), []);
    assert.equal(only(await desk.send('same', { messageId: 'm@x' })).kind, 'absorb');
  });

  const LATER = 5_000;

  check(
    'authenticated: what DNS left open comes back when it is time, and its hook starts once',
    async (store) => {
      const desk = await Desk.open(store);
      await using journal = desk.journal;
      const recheckAt = epochMs(desk.now + LATER);
      const held = 'temperror: DNS did not answer';
      const { deliveryId, journalId, id } = delivered(
        await desk.send('open', { recheckAt, hooks: [hook('h', { held })] }),
      );
      assert.equal((await journal.query('message', { journalId }))?.state, 'authenticated', 'not done');
      const early = await journal.claimMessages(5, desk.now);
      assert.deepEqual([early.messages.length, early.nextDueAt], [0, recheckAt]);
      later(desk.clock, LATER);
      assert.equal(only((await journal.claimMessages(5, desk.now)).messages).recheckAt, recheckAt);
      const answer = {
        journalId,
        verdict: { ...UNAUTHENTICATED, dkim: 'pass', rank: 'aligned-dkim' },
        recheckAt: null,
        reassessed: [{ deliveryId, rank: 'trusted', trusted: 'true', trustReason: null }],
        at: desk.now,
      } as const;
      for (let times = 0; times < 2; times += 1) {
        const { promoting } = await journal.advance('authenticated', answer);
        assert.deepEqual(
          promoting.map((row) => [row.deliveryId, row.id, row.state, row.trusted]),
          [[deliveryId, id, 'promoting', 'true']],
        );
      }
      await journal.advance('exchanging', { deliveryId, inode: '42', at: desk.now });
      const hooks = [hook('h')];
      for (let times = 0; times < 2; times += 1)
        await journal.advance('promoted', { deliveryId, outcome: 'replaced', hooks, at: desk.now });
      assert.equal((await journal.query('message', { journalId }))?.state, 'done');
      await desk.end(only(await desk.claimRuns()));
      assert.deepEqual(await desk.claimRuns(), []);
      const { rows } = await journal.query('trace', { deliveryId });
      assert.equal(rows.find(({ event }) => event === 'run.released')?.detail['by'], 'verification');
    },
  );

  check('authenticated: while DNS stays silent nothing is written but the next time', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const { journalId, deliveryId } = delivered(
      await desk.send('open', { recheckAt: epochMs(desk.now + LATER) }),
    );
    const before = await journal.query('trace', { deliveryId });
    for (let times = 1; times <= 3; times += 1) {
      later(desk.clock, LATER);
      const recheckAt = epochMs(desk.now + LATER);
      await journal.advance('authenticated', {
        journalId,
        verdict: PROVISIONAL,
        recheckAt,
        reassessed: [],
        at: desk.now,
      });
      const message = await journal.query('message', { journalId });
      assert.deepEqual([message?.recheckAt, message?.rechecks], [recheckAt, times]);
    }
    assert.equal((await journal.query('trace', { deliveryId })).rows.length, before.rows.length);
  });

  check('identify: a copy that DNS left open is not absorbed before it is known', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const stored = delivered(
      await desk.send('letter, broken on its way', { content: 'c', messageId: 'm@x' }),
    );
    const recheckAt = epochMs(desk.now + LATER);
    const copy = await desk.accept({ text: 'letter' });
    const open = { content: 'c', messageId: 'm@x', recheckAt };
    assert.equal(only(await desk.identify(copy, open)).kind, 'wait');
    assert.deepEqual((await journal.claimMessages(5, desk.now)).messages, []);
    later(desk.clock, LATER);
    assert.equal(only((await journal.claimMessages(5, desk.now)).messages).journalId, copy);
    const known = only(await desk.identify(copy, { content: 'c', messageId: 'm@x', rank: 'trusted' }));
    assert.deepEqual([known.kind, known.delivery.deliveryId], ['promote', stored.deliveryId]);
  });

  check('claimMessages: messages that come back leave room for new ones, and get some', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const recheckAt = epochMs(desk.now + LATER);
    const back: number[] = [];
    for (let n = 0; n < 6; n += 1)
      back.push(delivered(await desk.send(`open ${n}`, { recheckAt })).journalId);
    later(desk.clock, LATER);
    for (let n = 0; n < 6; n += 1) await desk.accept({ text: `new ${n}` });
    const claimed = (await journal.claimMessages(4, desk.now)).messages.map(({ journalId }) => journalId);
    assert.equal(claimed.filter((journalId) => back.includes(journalId)).length, 1);
    assert.equal(claimed.length, 4);
  });

  check('promote: a better copy of one that is still on its way waits for it', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const first = only(await desk.identify(await desk.accept({ text: 'same' }), { messageId: 'm@x' }));
    const copy = await desk.accept({ text: 'same' });
    const options = { messageId: 'm@x', rank: 'trusted' } as const;
    assert.equal(only(await desk.identify(copy, options)).kind, 'wait');
    assert.ok(first.kind === 'deliver');
    await desk.place(first);
    assert.deepEqual(
      (await journal.claimMessages(5, desk.now)).messages.map((row) => row.journalId),
      [copy],
    );
    assert.equal(only(await desk.identify(copy, options)).kind, 'promote');
  });

  check('identify: one signed letter starts once what needs trust, however it is changed', async (store) => {
    const desk = await Desk.open(store, ['alice']);
    await using journal = desk.journal;
    const plan = { ...hook('h'), oncePerLetter: true };
    const signed = { messageId: 'm@x', rank: 'trusted' } as const;
    const stateOf = async (text: string, options: IdentifyOptions = {}): Promise<string> => {
      const decision = only(await desk.send(text, { ...signed, hooks: [plan], ...options }));
      const { deliveryId } = decision.delivery;
      const { rows } = await journal.query('runs', { filter: {}, deliveryId, limit: 10 });
      return rows.map(({ state, reason }) => reason?.split(':')[0] ?? state).join();
    };
    // One that is held itself has started nothing.
    const held = { ...hook('h', { held: 'no-match: x' }) };
    assert.equal(await stateOf('held before', { hooks: [held] }), 'no-match');
    assert.equal(await stateOf('the letter'), 'due');
    assert.equal(await stateOf('with another field'), 'replayed');
    assert.equal(await stateOf('an untrusted copy', { rank: 'none', hooks: [hook('h')] }), 'due');
    assert.equal(await stateOf('another hook', { hooks: [{ ...plan, hook: 'i' }] }), 'due');
    assert.equal(await stateOf('another letter', { messageId: 'n@x' }), 'due');
    assert.equal(await stateOf('nameless', { messageId: null }), 'due');
    assert.equal(await stateOf('nameless, too', { messageId: null }), 'due');
    // What was held before trust came is held when it comes.
    const late = only(
      await desk.send('late', { ...signed, rank: 'none', hooks: [hook('h', { held: 'temperror: x' })] }),
    ).delivery;
    const better = only(await desk.identify(await desk.accept({ text: 'late' }), signed));
    assert.equal(better.kind, 'promote');
    const { deliveryId } = late;
    await journal.advance('promoted', { deliveryId, outcome: 'replaced', hooks: [plan], at: desk.now });
    const { rows } = await journal.query('runs', { filter: {}, deliveryId, limit: 10 });
    assert.match(rows[0]?.reason ?? '', /^replayed: the sender's signed Message-ID came before, as alice\//);
  });

  check('identify: nobody uses up the Message-IDs of another author', async (store) => {
    const desk = await Desk.open(store, ['alice']);
    await using journal = desk.journal;
    const hooks = [{ ...hook('h'), oncePerLetter: true }];
    const stateOf = async (text: string, author: string): Promise<string | undefined> => {
      const options = { messageId: 'm@x', rank: 'trusted', hooks, author } as const;
      const { deliveryId } = only(await desk.send(text, options)).delivery;
      return (await journal.query('runs', { filter: {}, deliveryId, limit: 1 })).rows[0]?.state;
    };
    assert.equal(await stateOf('of a partner', 'bob@partner.example'), 'due');
    assert.equal(await stateOf('the letter', 'ann@corp.example'), 'due');
    assert.equal(await stateOf('the letter, changed', 'ann@corp.example'), 'held');
  });

  check('release-runs: of one signed letter that came in several forms, one starts', async (store) => {
    const desk = await Desk.open(store, ['alice']);
    await using journal = desk.journal;
    const options = { messageId: 'm@x', rank: 'aligned-dkim' } as const;
    const hooks = [hook('h', { held: 'no-match: x' })];
    const runOf = async (text: string, more: IdentifyOptions = {}): Promise<RunId> => {
      const { deliveryId } = only(await desk.send(text, { ...options, hooks, ...more })).delivery;
      const [run] = (await journal.query('runs', { filter: {}, deliveryId, limit: 1 })).rows;
      assert.ok(run);
      return run.runId;
    };
    const first = await runOf('the letter');
    const second = await runOf('with another field');
    const other = await runOf('another letter', { messageId: 'n@x' });
    const letGo = { filter: {}, by: 'root', at: desk.now };
    const { released } = await journal.advance('release-runs', { ...letGo, oncePerLetter: true });
    assert.deepEqual([...released].sort(), [first, other].sort());
    const kept = await journal.query('run', { runId: second });
    assert.match(`${kept?.state} ${kept?.reason}`, /^held replayed: /);
    // Nor does one start that is trusted from the beginning.
    const hooksOfTrusted = [{ ...hook('h'), oncePerLetter: true }];
    const third = await runOf('once more', { rank: 'trusted', hooks: hooksOfTrusted });
    assert.match((await journal.query('run', { runId: third }))?.reason ?? '', /^replayed: /);
    // Somebody may still say so.
    assert.equal((await journal.advance('release-runs', letGo)).released.length, 2);
  });

  check('promote: a due hook that has not started waits for the new bytes', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const { deliveryId } = delivered(await desk.send('same', { messageId: 'm@x', hooks: [hook('h')] }));
    await desk.send('same', { messageId: 'm@x', rank: 'trusted' });
    assert.deepEqual(await desk.claimRuns(), []);
    await journal.advance('promoted', { deliveryId, outcome: 'replaced', hooks: [hook('h')], at: desk.now });
    assert.equal((await desk.claimRuns()).length, 1);
  });

  check('promote: a run that was not started after all waits for the new bytes', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const { deliveryId } = delivered(await desk.send('same', { messageId: 'm@x', hooks: [hook('h')] }));
    const { runId, attempt } = only(await desk.claimRuns());
    await desk.send('same', { messageId: 'm@x', rank: 'trusted' });
    const at = desk.now;
    await journal.advance('run-again', { runId, attempt, dueAt: at, reason: 'a: b', started: false, at });
    assert.deepEqual(await desk.claimRuns(), []);
    await journal.advance('promoted', { deliveryId, outcome: 'replaced', hooks: [hook('h')], at });
    assert.equal(only(await desk.claimRuns()).runId, runId);
  });
}

function runs(check: Check): void {
  check('claim-runs: not before the delivery stands', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    const decision = only(await desk.identify(await desk.accept({ text: 'x' }), { hooks: [hook('h')] }));
    assert.deepEqual(await desk.claimRuns(), []);
    assert.ok(decision.kind === 'deliver');
    await desk.place(decision);
    const run = only(await desk.claimRuns());
    assert.deepEqual([run.state, run.attempt, run.generation], ['claimed', 1, 0]);
    assert.deepEqual(await desk.claimRuns(), []);
  });

  check('claim-runs: hooks of one message one after the other, in order', async (store) => {
    const desk = await Desk.open(store);
    await using _journal = desk.journal;
    const plans = [
      hook('a'),
      hook('b', { ordinal: 1, held: 'x: y' }),
      hook('c', { ordinal: 2 }),
      hook('d', { ordinal: 3 }),
    ];
    await desk.send('x', { hooks: plans });
    const started: string[] = [];
    for (const end of ['failed', 'interrupted', 'succeeded'] as const) {
      const run = only(await desk.claimRuns());
      started.push(run.hook);
      await desk.start(run);
      assert.deepEqual(await desk.claimRuns(), []);
      await desk.end(run, end);
    }
    assert.deepEqual(started, ['a', 'c', 'd']);
  });

  check('claim-runs: oldest first, within limits, round robin between mailboxes', async (store) => {
    const desk = await Desk.open(store, ['alice', 'bob']);
    await using _journal = desk.journal;
    for (let n = 0; n < 6; n += 1) await desk.send(`a${n}`, { hooks: [hook('ha')] });
    for (let n = 0; n < 2; n += 1)
      await desk.send(`b${n}`, { hooks: [hook('hb')], to: [{ mailbox: 'bob' }] });
    const first = await desk.claimRuns(4, { perMailboxDefault: 3 });
    assert.deepEqual(first.map((run) => run.hook).sort(), ['ha', 'ha', 'hb', 'hb']);
    assert.deepEqual(
      first.filter((run) => run.hook === 'ha').map((run) => run.sequence),
      [1, 2],
    );
    const second = await desk.claimRuns(4, { perMailboxDefault: 3 });
    assert.deepEqual(
      second.map((run) => [run.hook, run.sequence]),
      [['ha', 3]],
    );
    await desk.end(only(second));
    assert.deepEqual(await desk.claimRuns(4, { perHook: { ha: 2 } }), []);
    assert.equal((await desk.claimRuns(4, { perHook: { ha: 3 } })).length, 1);
  });

  check('claim-runs: a message that is still entering goes before those behind it', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const slow = only(await desk.identify(await desk.accept({ text: 'slow' }), { hooks: [hook('h')] }));
    await desk.send('fast', { hooks: [hook('h')] });
    assert.deepEqual(await desk.claimRuns(), []);
    assert.ok(slow.kind === 'deliver');
    const waiting = { code: 'no-room', reason: 'r', hint: 'h', nextAt: epochMs(desk.now + 1000) };
    await journal.advance('waiting', { deliveryId: slow.delivery.deliveryId, waiting, at: desk.now });
    assert.equal((await desk.claimRuns()).length, 1);
  });

  check('run-again: later, with the attempt counted only where it had started', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    await desk.send('x', { hooks: [hook('h')] });
    let run = only(await desk.claimRuns());
    const again = { reason: 'again: exit 75', at: desk.now, dueAt: epochMs(desk.now + 1000) };
    await journal.advance('run-again', { ...again, runId: run.runId, attempt: run.attempt, started: false });
    const { runs: none, nextDueAt } = await journal.advance('claim-runs', {
      limit: 1,
      limits: { perMailbox: {}, perMailboxDefault: 1, perHook: {} },
      at: desk.now,
    });
    assert.deepEqual([none, nextDueAt], [[], again.dueAt]);
    desk.clock.advance(1000);
    run = only(await desk.claimRuns());
    assert.equal(run.attempt, 1);
    await desk.start(run);
    await journal.advance('run-again', { ...again, runId: run.runId, attempt: run.attempt, started: true });
    run = only(await desk.claimRuns());
    assert.equal(run.attempt, 2);
    // An end that belongs to an earlier attempt changes nothing.
    await desk.end({ ...run, attempt: 1 });
    assert.equal((await journal.query('run', { runId: run.runId }))?.state, 'claimed');
  });

  check('open-runs: survive a restart for a new daemon to adopt', async (store) => {
    const desk = await Desk.open(store);
    await desk.send('x', { hooks: [hook('a')] });
    await desk.send('y', { hooks: [hook('b')] });
    const [first] = await desk.claimRuns();
    assert.ok(first);
    await desk.start(first);
    await desk.journal[Symbol.asyncDispose]();
    await using again = await store.open();
    const open = await again.query('open-runs', {});
    assert.deepEqual(open.map((run) => run.state).sort(), ['claimed', 'running']);
  });
}

function decisionsOfPeople(check: Check): void {
  check('release-runs, cancel-runs, replay-run', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    const held = 'not-trusted: x';
    await desk.send('x', { hooks: [hook('a', { held }), hook('b', { held, ordinal: 1 })] });
    const by = 'alice';
    const at = desk.now;
    const { released } = await journal.advance('release-runs', {
      filter: { hook: 'a', mailboxes: ['alice'] },
      by,
      at,
    });
    const run = only(await desk.claimRuns());
    assert.deepEqual(released, [run.runId]);
    await assert.rejects(
      journal.advance('replay-run', {
        runId: run.runId,
        newRunId: 'f'.repeat(32) as typeof run.runId,
        by,
        at,
      }),
      { code: 'request.conflict' },
    );
    await desk.start(run);
    assert.deepEqual(
      (await journal.advance('cancel-runs', { filter: { runIds: [run.runId] }, by, reason: 'r: s', at }))
        .cancelled,
      [],
    );
    await desk.end(run, 'failed');
    const { cancelled } = await journal.advance('cancel-runs', {
      filter: {},
      by,
      reason: 'asked: by alice',
      at,
    });
    assert.equal(cancelled.length, 1);
    const replay = { runId: run.runId, newRunId: 'e'.repeat(32) as typeof run.runId, by, at };
    const one = await journal.advance('replay-run', replay);
    assert.deepEqual([one.run.generation, one.run.state, one.run.attempt], [1, 'due', 0]);
    assert.deepEqual(await journal.advance('replay-run', replay), one);
    assert.equal(only(await desk.claimRuns()).runId, replay.newRunId);
    const page = await journal.query('runs', { filter: { mailboxes: ['alice'] }, limit: 2 });
    assert.deepEqual(
      page.rows.map((row) => row.state),
      ['claimed', 'cancelled'],
    );
    const rest = await journal.query('runs', { filter: {}, limit: 2, cursor: page.nextCursor ?? '' });
    assert.deepEqual(
      rest.rows.map((row) => row.state),
      ['failed'],
    );
    assert.equal(rest.nextCursor, null);
    const begins = async (runIdPrefix: string): Promise<readonly string[]> =>
      (await journal.query('runs', { filter: {}, runIdPrefix, limit: 5 })).rows.map((row) => row.runId);
    const ids = idsOf(page, rest);
    for (const runId of ids) {
      assert.deepEqual(await begins(runId.slice(0, 12)), [runId]);
      assert.deepEqual(await begins(runId), [runId]);
    }
    assert.deepEqual((await begins('')).toSorted(), ids.toSorted());
    assert.deepEqual(await begins(`${'e'.repeat(32)}0`), []);
  });
}

/** Ids of the runs of some pages. */
function idsOf(...pages: readonly { readonly rows: readonly { readonly runId: string }[] }[]): string[] {
  return pages.flatMap((page) => page.rows.map(({ runId }) => runId));
}

function mailboxes(check: Check): void {
  check(
    'register-mailboxes: keeps ids, and gives a new owner a new one that inherits nothing',
    async (store) => {
      const desk = await Desk.open(store);
      await using journal = desk.journal;
      await desk.send('x', { messageId: 'm@x', hooks: [hook('h')] });
      const register = async (ownerUid: number | null): Promise<string | undefined> =>
        (
          await journal.advance('register-mailboxes', {
            mailboxes: [{ name: 'alice', ownerUid }],
            at: desk.now,
          })
        ).ids['alice'];
      assert.equal(await register(1000), desk.mailboxId('alice'));
      assert.equal(await register(null), desk.mailboxId('alice'));
      const other = await register(1001);
      assert.notEqual(other, desk.mailboxId('alice'));
      assert.deepEqual(await journal.query('legacy-pending', {}), [other]);
      assert.deepEqual(await desk.claimRuns(), []);
      assert.deepEqual(
        (await journal.query('runs', { filter: { mailboxes: ['alice'] }, limit: 5 })).rows,
        [],
      );
      const run = only((await journal.query('runs', { filter: {}, limit: 5 })).rows);
      assert.equal(run.state, 'cancelled');
      assert.match(run.reason ?? '', /^mailbox-removed: /);
    },
  );

  check(
    'legacy-scanned: nothing is handed out before, and its files absorb within the window',
    async (store) => {
      await using journal = await store.open();
      const at = store.clock.now();
      const { ids } = await journal.advance('register-mailboxes', {
        mailboxes: [{ name: 'alice', ownerUid: 1 }],
        at,
      });
      const mailboxId = Object.values(ids)[0];
      assert.ok(mailboxId);
      const desk = Object.assign(Object.create(Desk.prototype) as Desk, { journal, clock: store.clock, ids });
      const first = await desk.accept({ text: 'old' });
      assert.deepEqual((await journal.claimMessages(5, at)).messages, []);
      const entry = { messageId: 'old@x', threadId: 'a'.repeat(16), id: '2026-11-24-200000-hello' };
      await journal.advance('legacy-scanned', {
        mailboxId,
        entries: [
          { ...entry, fingerprint: { kind: 'legacy', hash: 'recent' }, receivedAt: epochMs(at - DAY_MS) },
          {
            ...entry,
            id: 'older',
            fingerprint: { kind: 'legacy', hash: 'older' },
            receivedAt: epochMs(at - 40 * DAY_MS),
          },
        ],
        done: true,
        at,
      });
      assert.equal((await journal.claimMessages(5, at)).messages.length, 1);
      const decision = only(await desk.deliver(first, { legacy: 'recent', messageId: 'old@x' }));
      assert.ok(decision.kind === 'absorb' && decision.by === 'legacy');
      const past = delivered(await desk.send('other', { legacy: 'older', inReplyTo: 'old@x' }));
      assert.equal(past.id, '2026-11-24-200000-hello-2');
      assert.equal(past.threadId, 'a'.repeat(16));
      assert.deepEqual(await journal.query('legacy-pending', {}), []);
    },
  );

  check('identify: a copy that waits for another says so once, however long it waits', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    await desk.identify(await desk.accept({ text: 'x' }));
    const better = await desk.accept({ text: 'x' });
    for (let round = 0; round < 3; round += 1) {
      const decision = only(await desk.identify(better, { rank: 'trusted' }));
      assert.equal(decision.kind, 'wait');
      store.clock.advance(60_000);
    }
    const message = await journal.query('message', { journalId: better });
    const { deliveryId } = only(message?.deliveries ?? []);
    const { rows } = await journal.query('trace', { deliveryId });
    assert.equal(rows.filter(({ event }) => event === 'delivery.waiting').length, 1);
  });

  check('legacy-waits: a mailbox that cannot be read in says why, and holds up no other', async (store) => {
    const desk = await Desk.open(store, ['alice']);
    await using journal = desk.journal;
    const at = desk.now;
    const { ids } = await journal.advance('register-mailboxes', {
      mailboxes: [
        { name: 'alice', ownerUid: 1000 },
        { name: 'gone', ownerUid: null },
      ],
      at,
    });
    const mailboxId = ids['gone'];
    assert.ok(mailboxId);
    const both = Object.assign(Object.create(Desk.prototype) as Desk, { journal, clock: store.clock, ids });
    const journalId = await both.accept({ text: 'two', to: [{ mailbox: 'alice' }, { mailbox: 'gone' }] });
    const waiting = { code: 'owner-missing', reason: 'none', hint: 'make one', nextAt: epochMs(at + 10_000) };
    await journal.advance('legacy-waits', { mailboxId, waiting, at });
    await journal.advance('legacy-waits', { mailboxId, waiting, at });
    assert.equal((await journal.claimMessages(5, at)).messages.length, 1);
    const decisions = await both.identify(journalId);
    assert.deepEqual(
      decisions.map(({ kind }) => kind),
      ['deliver', 'wait'],
    );
    const held = decisions[1]?.kind === 'wait' ? decisions[1].delivery : null;
    assert.equal(held?.waiting?.code, 'owner-missing');
    const { rows } = await journal.query('trace', { deliveryId: held.deliveryId });
    assert.equal(rows.filter(({ event }) => event === 'delivery.waiting').length, 1);
    await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at });
    assert.equal((await both.identify(journalId))[0]?.kind, 'deliver');
  });
}

function upkeep(check: Check): void {
  check('restored: everything that is not final is held, hooks of undecided messages too', async (store) => {
    const desk = await Desk.open(store);
    await desk.send('due', { hooks: [hook('due')] });
    await desk.send('done', { hooks: [hook('done')] });
    const run = (await desk.claimRuns()).find((row) => row.hook === 'done');
    assert.ok(run);
    await desk.end(run);
    const undecided = await desk.accept({ text: 'undecided' });
    const { epoch } = desk.journal;
    await desk.journal[Symbol.asyncDispose]();
    const after = await Desk.open(store, ['alice'], { restored: true });
    await using journal = after.journal;
    assert.notEqual(journal.epoch, epoch);
    await after.deliver(undecided, { hooks: [hook('undecided')] });
    const { rows } = await journal.query('runs', { filter: {}, limit: 9 });
    const states = Object.fromEntries(rows.map((row) => [row.hook, row.state]));
    assert.deepEqual(states, { due: 'held', done: 'succeeded', undecided: 'held' });
    for (const row of rows) if (row.state === 'held') assert.match(row.reason ?? '', /^restored: /);
    await journal.advance('release-runs', { filter: {}, by: 'root', at: after.now });
    assert.equal((await after.claimRuns()).length, 2);
  });

  check('epoch: is the same after an ordinary restart', async (store) => {
    const first = await store.open();
    const { epoch } = first;
    await first[Symbol.asyncDispose]();
    await using second = await store.open();
    assert.equal(second.epoch, epoch);
  });

  check('sweep: forgets old fingerprints and expires held runs, in slices', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    for (let n = 0; n < 3; n += 1)
      await desk.send(`x${n}`, { messageId: `${n}@x`, hooks: [hook('h', { held: 'a: b' })] });
    for (let hour = 0; hour < 40 * 24; hour += 12) {
      desk.clock.advance(DAY_MS / 2);
      await journal.advance('sweep', {
        fingerprintsBefore: epochMs(0),
        heldBefore: epochMs(0),
        limit: 1,
        at: desk.now,
      });
    }
    const limits = {
      fingerprintsBefore: epochMs(desk.now - 35 * DAY_MS),
      heldBefore: epochMs(desk.now - 30 * DAY_MS),
    };
    let slices = 0;
    const expired: string[] = [];
    for (let more = true; more; slices += 1) {
      const slice = await journal.advance('sweep', { ...limits, limit: 2, at: desk.now });
      expired.push(...slice.expiredRuns);
      more = slice.more;
    }
    assert.equal(expired.length, 3);
    assert.equal(slices, 4);
    assert.equal(only(await desk.send('x0', { messageId: '0@x', mode: 'content' })).kind, 'deliver');
  });

  check('sweep: a jump of the clock stops deletion for a day', async (store) => {
    const desk = await Desk.open(store);
    await using journal = desk.journal;
    await desk.send('x', { hooks: [hook('h', { held: 'a: b' })] });
    const sweep = async (): Promise<number> => {
      const before = epochMs(desk.now - 30 * DAY_MS);
      const { expiredRuns } = await journal.advance('sweep', {
        fingerprintsBefore: before,
        heldBefore: before,
        limit: 9,
        at: desk.now,
      });
      return expiredRuns.length;
    };
    desk.clock.jump(60 * DAY_MS);
    assert.equal(await sweep(), 0);
    desk.clock.advance(DAY_MS / 2);
    assert.equal(await sweep(), 0);
    desk.clock.advance(DAY_MS / 2 + 1);
    assert.equal(await sweep(), 1);
  });
}

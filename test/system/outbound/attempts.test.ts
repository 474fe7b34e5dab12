/** What becomes of a message, attempt by attempt: replies, doubts, decisions, and the worker's own end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acceptance, type JournalId, toJournalId } from '../../../src/journal/journal.ts';
import { openRaw } from '../../../src/operations/journal-files.ts';
import { epochMs, systemClock } from '../../../src/system/clock.ts';
import { AimxError } from '../../../src/system/errors.ts';
import { startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { QueueScene } from './queue-scene.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const RECORDS = {
  MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
  A: { 'mx.example.net': ['127.0.0.1'] },
};

test('a greylisting server has the message at the second try, five minutes later', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, nth }) => (phase === 'rcpt' && nth === 1 ? '450 4.7.1 come back later' : undefined),
  });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  const late = await scene.until(id, ({ status }) => status === 'deferred');
  const [bob] = late.recipients;
  assert.match(bob?.reply ?? '', /^450 4\.7\.1 come back later/);
  const pauseMs = (bob?.nextAt ?? 0) - (bob?.lastAttemptAt ?? 0);
  assert.ok(pauseMs >= 4 * MINUTE_MS && pauseMs <= 6 * MINUTE_MS + 5_000, `${pauseMs} ms`);
  scene.later(7 * MINUTE_MS);
  const row = await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(row.recipients[0]?.attempts, 2);
  assert.equal(peer.messages.length, 1);
});

test('of three recipients one is refused, one put off, and one has it; each says what was said of it', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, argument, nth }) => {
      if (phase !== 'rcpt') return undefined;
      if (argument.includes('eve@')) return '550 5.1.1 no such user';
      return argument.includes('late@') && nth <= 3 ? '452 4.2.2 mailbox full' : undefined;
    },
  });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net', 'eve@example.net', 'late@example.net']);
  scene.start();
  const { recipients } = await scene.until(id, ({ status }) => status === 'deferred');
  assert.deepEqual(
    recipients.map(({ state, status }) => [state, status]),
    [
      ['delivered', '2.0.0'],
      ['failed', '5.1.1'],
      ['deferred', '4.2.2'],
    ],
  );
  scene.later(7 * MINUTE_MS);
  const row = await scene.until(id, ({ endedAt }) => endedAt !== null);
  assert.equal(row.status, 'failed');
  assert.deepEqual(
    peer.messages.map(({ to }) => to),
    [['bob@example.net'], ['late@example.net']],
  );
});

test('a server that is busy for five days: it is given up with what it said last', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'mail' ? '451 4.3.0 try later' : undefined),
  });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  for (let attempts = 1; attempts <= 3; attempts += 1) {
    const row = await scene.until(id, ({ recipients }) => recipients[0]?.attempts === attempts);
    assert.equal(row.status, 'deferred');
    scene.later(DAY_MS);
  }
  scene.later(2 * DAY_MS);
  const row = await scene.until(id, ({ endedAt }) => endedAt !== null);
  assert.equal(row.recipients[0]?.status, '5.3.0');
  assert.match(row.recipients[0]?.reply ?? '', /^451 4\.3\.0 try later \(given up\)/);
});

for (const keeps of [true, false])
  test(`reset behind the final dot, three times, by a server that ${keeps ? 'keeps' : 'drops'} the message: given up as it may have arrived`, async () => {
    await using peer = await startSmtpPeer({
      script: ({ phase }) =>
        phase === 'dot' ? (keeps ? { keepThenReset: true } : { reset: true }) : undefined,
    });
    await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
    const id = await scene.submit(['bob@example.net']);
    scene.start();
    for (let doubts = 1; doubts <= 2; doubts += 1) {
      const row = await scene.until(id, ({ recipients }) => recipients[0]?.doubts === doubts);
      assert.equal(row.recipients[0]?.state, 'deferred');
      scene.later(13 * MINUTE_MS);
    }
    const row = await scene.until(id, ({ endedAt }) => endedAt !== null);
    assert.match(row.recipients[0]?.reply ?? '', /it may have arrived/);
    assert.equal(peer.messages.length, keeps ? 3 : 0);
    // The other side can tell that they are one.
    assert.equal(new Set(peer.messages.map(({ content }) => content)).size, keeps ? 1 : 0);
  });

test('a doubt that the next try ends: the message is delivered', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, nth }) => (phase === 'dot' && nth === 1 ? { reset: true } : undefined),
  });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  await scene.until(id, ({ recipients }) => recipients[0]?.doubts === 1);
  scene.later(7 * MINUTE_MS);
  await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(peer.messages.length, 1);
});

test('a server whose TLS fails gets the message in plain text, and the row says why', async () => {
  await using peer = await startSmtpPeer({ startTls: 'garbage' });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  const { recipients } = await scene.until(id, ({ status }) => status === 'delivered');
  assert.match(recipients[0]?.tls ?? '', /^plain text, TLS failed: /);
  assert.equal(peer.messages[0]?.isSecure, false);
});

test('more recipients than a server must take in one transaction go in two', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(Array.from({ length: 130 }, (_, nth) => `r${nth}@example.net`));
  scene.start();
  await scene.until(id, ({ status }) => status === 'delivered');
  assert.deepEqual(peer.messages.map(({ to }) => to.length).sort(), [100, 30]);
});

test('cancelled while its content was on the way: the dot is not sent', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'data' ? { reply: '354 go on', delayMs: 300 } : undefined),
  });
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  const isAsked = Promise.withResolvers<void>();
  scene.start({ faults: { reach: (point) => void (point === 'outbound.routed' && isAsked.resolve()) } });
  await isAsked.promise;
  await scene.journal.advance('decide-outgoing', {
    filter: { queueIds: [id] },
    decision: 'cancel',
    reason: 'operator: no',
    by: 'root',
    at: systemClock.now(),
  });
  await scene.settled(async () => scene.events.find(({ event }) => event === 'outbound.put-off') ?? null);
  assert.equal(peer.messages.length, 0);
  assert.equal((await scene.row(id)).recipients[0]?.state, 'cancelled');
});

test('a reply that comes while the disk is full is kept until there is room: nothing is sent twice', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const id = await scene.submit(['bob@example.net']);
  let refused = 0;
  const journal = new Proxy(scene.journal, {
    get: (target, name) => {
      if (name !== 'advance') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (...[kind, input]: Parameters<typeof target.advance>): Promise<unknown> => {
        if (kind !== 'attempted' || refused === 3) return await target.advance(kind, input);
        refused += 1;
        throw new AimxError('journal.no-room', 'There is no room on the disk');
      };
    },
  });
  scene.start({ journal, clock: { ...systemClock, sleep: async () => undefined } });
  const { recipients } = await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(recipients[0]?.attempts, 1);
  assert.equal(peer.messages.length, 1);
  assert.equal(scene.events.filter(({ event }) => event === 'outbound.no-room').length, 3);
});

test('stored octets that are damaged or gone: put off like any other, and others go on', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({ records: RECORDS, outbound: `port = ${peer.port}` });
  const damaged = await scene.submit(['bob@example.net']);
  const gone = await scene.submit(['bob@example.net']);
  const local = await scene.submit(['agent@example.com']);
  const whole = await scene.submit(['bob@example.net']);
  const rows = [await scene.row(damaged), await scene.row(gone), await scene.row(local)];
  scene.start({
    openRaw: (source) => {
      const nth = rows.findIndex(({ raw }) => raw.offset === source.offset);
      if (nth < 0) return openRaw(source);
      return nth === 1 ? openRaw({ ...source, path: '/nowhere/at/all' }) : broken();
    },
  });
  for (const id of [damaged, gone, local]) {
    const { recipients } = await scene.until(id, ({ status }) => status === 'deferred');
    assert.match(recipients[0]?.reply ?? '', /^The stored message cannot be read/);
    assert.equal(recipients[0]?.doubts, 0);
  }
  await scene.until(whole, ({ status }) => status === 'delivered');
  assert.equal(peer.messages.length, 1);
});

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Subject: x\r\n\r\nhalf of it');
  throw new AimxError('journal.damaged', 'The bytes are not those that were accepted');
}

test('recipients here are delivered without a connection; a mailbox that is gone is given up', async () => {
  await using scene = await QueueScene.open({ outbound: 'port = 2' });
  const large = `${'x'.repeat(70)}\r\n`.repeat(6_000);
  const here = await scene.submit(['agent+tag@example.com'], { body: large });
  const gone = await scene.submit(['agent@example.com', 'nobody@example.com']);
  scene.start();
  const delivered = await scene.until(here, ({ status }) => status === 'delivered');
  assert.equal(delivered.recipients[0]?.reply, 'Delivered on this host');
  const half = await scene.until(gone, ({ endedAt }) => endedAt !== null);
  assert.deepEqual(
    half.recipients.map(({ state, status }) => [state, status]),
    [
      ['delivered', '2.1.5'],
      ['failed', '5.1.1'],
    ],
  );
  const { messages } = await scene.journal.claimMessages(10, epochMs(systemClock.now() + DAY_MS));
  const arrived = messages.flatMap(({ deliveries }) =>
    deliveries.filter(({ folder }) => folder === 'inbox').map(({ deliveredTo }) => deliveredTo),
  );
  assert.deepEqual(arrived.flat().sort(), ['agent+tag@example.com', 'agent@example.com']);
});

test('while every connection waits for a slow server, what is for a mailbox here is delivered', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'greet' ? { silent: true } : undefined),
  });
  await using scene = await QueueScene.open({
    records: RECORDS,
    outbound: `port = ${peer.port}\nmax_connections = 1`,
    silenceMs: 60_000,
  });
  const isRouted = Promise.withResolvers<void>();
  const slow = await scene.submit(['bob@example.net']);
  scene.start({ faults: { reach: (point) => void (point === 'outbound.routed' && isRouted.resolve()) } });
  await isRouted.promise;
  for (let nth = 0; nth < 10; nth += 1) await scene.submit(['agent@example.com']);
  const last = await scene.submit(['agent@example.com']);
  await scene.until(last, ({ status }) => status === 'delivered');
  assert.equal((await scene.row(slow)).status, 'pending');
});

test('rows that are behind the log: a message for a mailbox here is made a record once', async () => {
  await using scene = await QueueScene.open({ outbound: 'port = 2' });
  const id = await scene.submit(['agent@example.com']);
  let records = 0;
  let looks = 0;
  let behind: Acceptance | null = null;
  const journal = new Proxy(scene.journal, {
    get: (target, name) => {
      if (name === 'accept')
        return async (acceptance: Acceptance): Promise<JournalId> => {
          records += 1;
          behind = acceptance;
          return toJournalId(records);
        };
      if (name === 'query')
        return async (...[kind, input]: Parameters<typeof target.query>): Promise<unknown> => {
          looks += 1;
          if (behind !== null && looks === 4) await target.accept(behind);
          return await target.query(kind, input);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  scene.start({ journal, clock: { ...systemClock, sleep: async () => undefined } });
  await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(records, 1);
  assert.equal(looks, 4);
});

test('the daemon ends while a server is silent behind the dot: a doubt, and within seconds', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'dot' ? { silent: true } : undefined),
  });
  await using scene = await QueueScene.open({
    records: RECORDS,
    outbound: `port = ${peer.port}`,
    silenceMs: 60_000,
  });
  const id = await scene.submit(['bob@example.net']);
  const isDotted = Promise.withResolvers<void>();
  const outbound = scene.start({
    faults: { reach: (point) => void (point === 'outbound.transmitting' && isDotted.resolve()) },
  });
  await isDotted.promise;
  const startedMs = systemClock.monotonicMs();
  await outbound[Symbol.asyncDispose]();
  assert.ok(systemClock.monotonicMs() - startedMs < 8_000);
  const row = await scene.row(id);
  assert.equal(row.recipients[0]?.doubts, 1);
});

test('the daemon ends while a server is silent before the dot: it is due as before', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'mail' ? { silent: true } : undefined),
  });
  await using scene = await QueueScene.open({
    records: RECORDS,
    outbound: `port = ${peer.port}`,
    silenceMs: 60_000,
  });
  const id = await scene.submit(['bob@example.net']);
  const isRouted = Promise.withResolvers<void>();
  const outbound = scene.start({
    faults: { reach: (point) => void (point === 'outbound.routed' && isRouted.resolve()) },
  });
  await isRouted.promise;
  await outbound[Symbol.asyncDispose]();
  const [bob] = (await scene.row(id)).recipients;
  assert.deepEqual([bob?.state, bob?.attempts], ['queued', 0]);
});

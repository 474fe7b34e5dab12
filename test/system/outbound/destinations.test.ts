/** Servers that are down, crowded, slow or several, and how the queue's worker goes about them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueId } from '../../../src/journal/journal.ts';
import { startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { QueueScene } from './queue-scene.ts';

const MINUTE_MS = 60_000;
const ONE_HOST = {
  MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
  A: { 'mx.example.net': ['127.0.0.1'] },
};
/** Port 2 of loopback: nobody listens there. */
const NOBODY = 'port = 2';

test('two hundred messages to a dead host: it is asked once, and all of them say why they wait', async () => {
  await using scene = await QueueScene.open({ records: ONE_HOST, outbound: NOBODY });
  const ids: QueueId[] = [];
  for (let nth = 0; nth < 200; nth += 1) ids.push(await scene.submit([`bob${nth}@example.net`]));
  let opened = 0;
  const outbound = scene.start({
    client: {
      open: async (endpoint) => {
        opened += 1;
        return {
          kind: 'unavailable',
          stage: 'connect',
          reason: `no answer from ${endpoint.address}`,
          reply: null,
        };
      },
    },
  });
  await scene.settled(async () => {
    const rows = await Promise.all(ids.map((id) => scene.row(id)));
    return rows.every(({ status }) => status === 'deferred') ? rows : null;
  });
  const rows = await Promise.all(ids.map((id) => scene.row(id)));
  for (const { recipients } of rows) assert.match(recipients[0]?.reply ?? '', /^no answer from 127\.0\.0\.1/);
  // Two connections may begin before the first has failed.
  assert.ok(opened <= 2, `asked ${opened} times`);
  await outbound[Symbol.asyncDispose]();
});

test('a server that takes one connection gets one; what it turned away goes later, the rest at once', async () => {
  const open = new Set<number>();
  await using peer = await startSmtpPeer({
    script: ({ phase, connection }) => {
      if (phase !== 'greet') return undefined;
      if (open.size > 0) return { reply: '421 4.7.0 one connection at a time', thenClose: true };
      open.add(connection);
      return undefined;
    },
  });
  await using scene = await QueueScene.open({ records: ONE_HOST, outbound: `port = ${peer.port}` });
  const ids: QueueId[] = [];
  for (let nth = 0; nth < 12; nth += 1) ids.push(await scene.submit([`bob${nth}@example.net`]));
  scene.start();
  const rows = await scene.settled(async () => {
    const all = await Promise.all(ids.map((id) => scene.row(id)));
    return all.every(({ status }) => status !== 'pending') ? all : null;
  });
  const late = rows.filter(({ status }) => status === 'deferred');
  assert.ok(late.length <= 1, `${late.length} of 12 were put off`);
  assert.equal(peer.messages.length, 12 - late.length);
  assert.ok(peer.connections <= 2, `${peer.connections} connections`);
  // Those that were put off go over the next connection.
  open.clear();
  scene.later(7 * MINUTE_MS);
  await scene.settled(async () => {
    const all = await Promise.all(ids.map((id) => scene.row(id)));
    return all.every(({ status }) => status === 'delivered') ? all : null;
  });
});

test('messages in a row go over one connection, and after a hundred over another', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({
    records: ONE_HOST,
    outbound: `port = ${peer.port}\nmax_per_destination = 1`,
  });
  for (let nth = 0; nth < 101; nth += 1) await scene.submit([`bob${nth}@example.net`]);
  scene.start();
  await peer.until(101, 20_000);
  assert.deepEqual(
    [1, 2].map((nth) => peer.messages.filter(({ connection }) => connection === nth).length),
    [100, 1],
  );
});

test('an idle connection that the server has closed costs nothing', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, nth }) =>
      phase === 'dot' && nth === 1 ? { reply: '250 kept', thenClose: true } : undefined,
  });
  await using scene = await QueueScene.open({
    records: ONE_HOST,
    outbound: `port = ${peer.port}\nmax_per_destination = 1`,
  });
  const ids = [await scene.submit(['bob@example.net']), await scene.submit(['eve@example.net'])];
  scene.start();
  for (const id of ids) await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(peer.messages.length, 2);
  assert.equal(scene.events.filter(({ event }) => event === 'outbound.attempted').length, 2);
});

test('a connection that has carried enough says 421 to MAIL: the message goes over a new one', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, nth }) =>
      phase === 'mail' && nth === 2 ? { reply: '421 4.7.0 too many messages', thenClose: true } : undefined,
  });
  await using scene = await QueueScene.open({
    records: ONE_HOST,
    outbound: `port = ${peer.port}\nmax_per_destination = 1`,
  });
  const ids = [await scene.submit(['bob@example.net']), await scene.submit(['eve@example.net'])];
  scene.start();
  for (const id of ids) await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(peer.connections, 2);
});

test('two hosts of one preference share the mail', async () => {
  await using first = await startSmtpPeer({ host: '127.0.0.2' });
  await using second = await startSmtpPeer({ host: '127.0.0.3', port: first.port });
  const domains = Array.from({ length: 24 }, (_, nth) => `d${nth}.example.net`);
  await using scene = await QueueScene.open({
    records: {
      MX: Object.fromEntries(
        domains.map((domain) => [
          domain,
          [
            { preference: 10, exchange: 'a.example.net' },
            { preference: 10, exchange: 'b.example.net' },
          ],
        ]),
      ),
      A: { 'a.example.net': ['127.0.0.2'], 'b.example.net': ['127.0.0.3'] },
    },
    outbound: `port = ${first.port}`,
  });
  const ids: QueueId[] = [];
  for (const domain of domains) ids.push(await scene.submit([`bob@${domain}`]));
  scene.start();
  for (const id of ids) await scene.until(id, ({ status }) => status === 'delivered');
  assert.equal(first.messages.length + second.messages.length, domains.length);
  // By chance none of 24 would go to one of them once in eight million runs.
  assert.ok(first.messages.length > 0 && second.messages.length > 0);
});

test('a host that is down, one that turns us away, and one that takes it', async () => {
  await using busy = await startSmtpPeer({
    host: '127.0.0.3',
    script: ({ phase }) => (phase === 'greet' ? '554 5.7.1 not you' : undefined),
  });
  await using good = await startSmtpPeer({ host: '127.0.0.4', port: busy.port });
  await using scene = await QueueScene.open({
    records: {
      MX: {
        'example.net': [
          { preference: 10, exchange: 'down.example.net' },
          { preference: 20, exchange: 'busy.example.net' },
          { preference: 30, exchange: 'good.example.net' },
        ],
      },
      A: {
        'down.example.net': ['127.0.0.2'],
        'busy.example.net': ['127.0.0.3'],
        'good.example.net': ['127.0.0.4'],
      },
    },
    outbound: `port = ${busy.port}`,
  });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  const row = await scene.until(id, ({ status }) => status === 'delivered');
  assert.match(row.recipients[0]?.remote ?? '', /^good\.example\.net/);
  assert.equal(good.messages.length, 1);
});

test('where all hosts are no help, what one of them said is what is shown', async () => {
  await using busy = await startSmtpPeer({
    host: '127.0.0.2',
    script: ({ phase }) => (phase === 'greet' ? '421 4.3.2 shutting down' : undefined),
  });
  await using scene = await QueueScene.open({
    records: {
      MX: {
        'example.net': [
          { preference: 10, exchange: 'busy.example.net' },
          { preference: 20, exchange: 'down.example.net' },
        ],
      },
      A: { 'busy.example.net': ['127.0.0.2'], 'down.example.net': ['127.0.0.3'] },
    },
    outbound: `port = ${busy.port}`,
  });
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  const row = await scene.until(id, ({ status }) => status === 'deferred');
  assert.match(row.recipients[0]?.reply ?? '', /421 4\.3\.2 shutting down/);
  assert.match(row.recipients[0]?.remote ?? '', /^busy\.example\.net/);
});

test('DNS that does not answer keeps mail waiting; once it does, the mail goes', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({ records: ONE_HOST, outbound: `port = ${peer.port}` });
  scene.dns.fail('MX example.net');
  const id = await scene.submit(['bob@example.net']);
  scene.start();
  const late = await scene.until(id, ({ status }) => status === 'deferred');
  assert.equal(late.recipients[0]?.status, '4.4.3');
  assert.match(late.recipients[0]?.reply ?? '', /DNS could not say/);
  scene.dns.heal();
  scene.later(7 * MINUTE_MS);
  await scene.until(id, ({ status }) => status === 'delivered');
});

test('private addresses are not sent to unless the operator says so', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await QueueScene.open({
    records: ONE_HOST,
    outbound: `port = ${peer.port}`,
    allowPrivate: false,
  });
  const refused = await scene.submit(['bob@example.net', 'eve@[127.0.0.1]']);
  scene.start();
  const row = await scene.until(refused, ({ endedAt }) => endedAt !== null);
  for (const { status, reply } of row.recipients) {
    assert.equal(status, '5.4.4');
    assert.match(reply ?? '', /allow_private/);
  }
  assert.equal(peer.connections, 0);
  scene.configure({ allowPrivate: true });
  const sent = await scene.submit(['bob@example.net', 'eve@[127.0.0.1]']);
  await scene.until(sent, ({ status }) => status === 'delivered');
  assert.equal(peer.messages.length, 2);
});

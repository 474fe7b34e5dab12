import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AimxError } from '../../../src/system/errors.ts';
import { startInbound } from './inbound-under-test.ts';
import { wireClient } from './wire-client.ts';

const MESSAGE = 'Message-ID: <1@example.net>\r\n\r\nText\r\n';

/** A promise and what lets it go. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('inbound: no room at the commit is 452 4.3.1, and the session goes on', async () => {
  await using server = await startInbound();
  server.journal.beforeAccept = async () => {
    throw new AimxError('journal.no-room', 'No room');
  };
  using client = await wireClient(server.port);
  await client.startData();
  client.send(`${MESSAGE}.\r\n`);
  assert.match(await client.reply(), /^452 4\.3\.1/);
  assert.match(await client.command('NOOP'), /^250/);
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

test('inbound: no room in the spool is 452 4.3.1 after the end of data, and the rest is not kept', async () => {
  await using server = await startInbound();
  server.journal.beforeSpoolWrite = async () => {
    throw new AimxError('journal.no-room', 'No room');
  };
  using client = await wireClient(server.port);
  await client.startData();
  client.send('x'.repeat(998).concat('\r\n').repeat(3000));
  client.send('.\r\n');
  assert.match(await client.reply(), /^452 4\.3\.1/);
  assert.match(await client.command('NOOP'), /^250/);
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
  assert.equal(server.journal.openSpools, 0);
});

test('inbound: a broken journal is 421 to all, closes the door and is reported', async () => {
  await using server = await startInbound();
  server.journal.beforeAccept = async () => {
    throw new AimxError('journal.broken', 'EIO');
  };
  using idle = await wireClient(server.port);
  await idle.reply();
  using client = await wireClient(server.port);
  await client.startData();
  client.send(`${MESSAGE}.\r\n`);
  assert.match(await client.reply(), /^421 4\.3\./);
  await client.closed();
  assert.match(await idle.reply(), /^421 4\.3\./);
  await assert.rejects(server.inbound.failed, { code: 'journal.broken' });
  using late = await wireClient(server.port);
  assert.match(await late.reply(), /^421 4\.3\.0/);
});

test('inbound: while the disk is slow new sessions get 421 and the waiting one its 250', async () => {
  await using server = await startInbound({ limits: { slowCommitMs: 50 } });
  const disk = gate();
  server.journal.beforeAccept = () => disk.opened;
  using client = await wireClient(server.port);
  await client.startData();
  client.send(`${MESSAGE}.\r\n`);
  const answer = client.reply();
  let turnedAway = '';
  while (!turnedAway.startsWith('421 4.3.2')) {
    using next = await wireClient(server.port);
    turnedAway = await next.reply();
  }
  disk.open();
  assert.match(await answer, /^250/);
  using after = await wireClient(server.port);
  assert.match(await after.reply(), /^220/);
});

test('inbound: stop ends idle sessions with 421, lets a message end, and waits for its commit', async () => {
  await using server = await startInbound();
  const disk = gate();
  server.journal.beforeAccept = () => disk.opened;
  using idle = await wireClient(server.port);
  await idle.reply();
  using sending = await wireClient(server.port);
  await sending.startData();
  sending.send('Message-ID: <1@example.net>\r\n');
  using waiting = await wireClient(server.port);
  await waiting.startData();
  waiting.send(`${MESSAGE}.\r\n`);
  while (server.inbound.stats().commitsUnderWay === 0) await new Promise((resolve) => setImmediate(resolve));

  let isStopped = false;
  const stopped = server.inbound.stop({ deadlineMs: 5000 }).then(() => {
    isStopped = true;
  });
  assert.match(await idle.reply(), /^421 4\.3\.2/);
  await assert.rejects(wireClient(server.port), { code: 'ECONNREFUSED' });
  sending.send('\r\nText\r\n.\r\n');
  while (server.inbound.stats().commitsUnderWay < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isStopped, false);
  disk.open();
  assert.match(await sending.reply(), /^250/);
  assert.match(await waiting.reply(), /^250/);
  assert.match(await sending.reply(), /^421 4\.3\.2/);
  for (const client of [idle, sending, waiting]) client[Symbol.dispose]();
  await stopped;
  assert.equal(server.journal.kept.length, 2);
});

test('inbound: stop does not wait longer than its deadline for a client that does not end', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.startData();
  client.send('Subject: x\r\n');
  while (server.inbound.stats().contentMemoryBytes === 0)
    await new Promise((resolve) => setImmediate(resolve));
  await server.inbound.stop({ deadlineMs: 100 });
  await client.closed();
  assert.equal(server.journal.kept.length, 0);
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

test('inbound: a message is committed though its client has gone after the final dot', async () => {
  await using server = await startInbound();
  const disk = gate();
  server.journal.beforeAccept = () => disk.opened;
  const client = await wireClient(server.port);
  await client.startData();
  client.send(`${MESSAGE}.\r\n`);
  while (server.inbound.stats().commitsUnderWay === 0) await new Promise((resolve) => setImmediate(resolve));
  client.socket.resetAndDestroy();
  while (server.inbound.stats().connections > 0) await new Promise((resolve) => setImmediate(resolve));
  let isStopped = false;
  const stopped = server.inbound.stop({ deadlineMs: 5000 }).then(() => {
    isStopped = true;
  });
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isStopped, false);
  disk.open();
  await stopped;
  assert.equal(server.journal.kept.length, 1);
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

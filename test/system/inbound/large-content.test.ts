import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type InboundUnderTest, startInbound } from './inbound-under-test.ts';
import { type WireClient, wireClient } from './wire-client.ts';

const MIB = 1024 * 1024;
const HEAD = Buffer.from('Message-ID: <large@example.net>\r\n\r\n');

/** Random lines: hex and so without dots, of `sizeBytes` in all and a CRLF at the end. */
function largeMessage(sizeBytes: number): Buffer {
  const lines: Buffer[] = [HEAD];
  const text = randomBytes(Math.ceil(sizeBytes / 2)).toString('hex');
  for (let at = 0; at < sizeBytes; at += 900) lines.push(Buffer.from(`${text.slice(at, at + 900)}\r\n`));
  return Buffer.concat(lines);
}

/** What lies in memory once nothing more comes in: the same for 50 ms. */
async function settledMemory({ inbound }: InboundUnderTest): Promise<number> {
  for (;;) {
    const bytes = inbound.stats().contentMemoryBytes;
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (bytes > 0 && inbound.stats().contentMemoryBytes === bytes) return bytes;
  }
}

async function sendWhole(client: WireClient, message: Buffer): Promise<string> {
  client.send(message);
  client.send('.\r\n');
  return client.reply();
}

test('inbound: 10 MiB are spooled while they come in, and are byte for byte what was sent', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.startData();
  const message = largeMessage(10 * MIB);
  assert.match(await sendWhole(client, message), /^250/);
  const [kept] = server.journal.kept;
  assert.equal(kept?.acceptance.content.kind, 'spooled');
  assert.ok(kept.bytes.equals(message));
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

test('inbound: a slow spool slows its own client and no other, and bounds what lies in memory', async () => {
  await using server = await startInbound();
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.journal.beforeSpoolWrite = () => gate;
  using slow = await wireClient(server.port);
  await slow.startData();
  const message = largeMessage(8 * MIB);
  const answer = sendWhole(slow, message);

  using quick = await wireClient(server.port);
  await quick.startData();
  assert.match(await sendWhole(quick, HEAD), /^250/);
  assert.ok(server.inbound.stats().contentMemoryBytes < 2 * MIB);
  assert.equal(server.journal.kept.length, 1);
  release();
  assert.match(await answer, /^250/);
  assert.ok(server.journal.kept[1]?.bytes.equals(message));
});

test('inbound: past the total in memory sockets are paused until the disk has taken it; nobody is refused', async () => {
  const limitBytes = 256 * 1024;
  await using server = await startInbound({ limits: { contentMemoryBytes: limitBytes } });
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.journal.beforeSpoolWrite = () => gate;
  const message = largeMessage(700_000);
  const clients = await Promise.all(Array.from({ length: 12 }, () => wireClient(server.port)));
  await Promise.all(clients.map((client) => client.startData()));
  const replies = Promise.all(clients.map((client) => sendWhole(client, message)));
  assert.ok((await settledMemory(server)) > limitBytes);
  // One read of each connection may come in after the limit is reached.
  assert.ok((await settledMemory(server)) < limitBytes + clients.length * 64 * 1024);
  release();
  assert.equal((await replies).filter((text) => text.startsWith('250')).length, clients.length);
  assert.ok(server.journal.kept.every(({ bytes }) => bytes.equals(message)));
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
  for (const client of clients) client[Symbol.dispose]();
});

test('inbound: clients that stop in the middle of small messages do not keep the memory of others', async () => {
  const limitBytes = 256 * 1024;
  await using server = await startInbound({ limits: { contentMemoryBytes: limitBytes } });
  const message = largeMessage(150_000);
  const idle = await Promise.all(Array.from({ length: 6 }, () => wireClient(server.port)));
  await Promise.all(idle.map((client) => client.startData()));
  for (const client of idle) client.send(message.subarray(0, 100_000));
  using other = await wireClient(server.port);
  await other.startData();
  assert.match(await sendWhole(other, message), /^250/);
  for (const client of idle) client.send(message.subarray(100_000));
  for (const client of idle) client.send('.\r\n');
  const replies = await Promise.all(idle.map((client) => client.reply()));
  assert.equal(replies.filter((text) => text.startsWith('250')).length, idle.length);
  assert.ok(server.journal.kept.every(({ bytes }) => bytes.equals(message)));
  for (const client of idle) client[Symbol.dispose]();
});

test('inbound: a connection cut in DATA leaves nothing, in memory or in the spool', async () => {
  await using server = await startInbound();
  for (const sizeBytes of [1000, 2 * MIB]) {
    const client = await wireClient(server.port);
    await client.startData();
    client.send(largeMessage(sizeBytes));
    while (server.inbound.stats().contentMemoryBytes === 0 && server.journal.openSpools === 0)
      await new Promise((resolve) => setImmediate(resolve));
    client.socket.resetAndDestroy();
    while (server.inbound.stats().connections > 0 || server.journal.openSpools > 0)
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.inbound.stats().contentMemoryBytes, 0);
  }
  assert.equal(server.journal.kept.length, 0);
});

test('inbound: a message over the limit is read to its end and refused, past twice the limit closed', async () => {
  await using server = await startInbound({ smtp: { maxMessageBytes: 400_000 } });
  using client = await wireClient(server.port);
  await client.startData();
  assert.match(await sendWhole(client, largeMessage(600_000)), /^552 5\.3\.4/);
  assert.match(await client.command('NOOP'), /^250/);
  using endless = await wireClient(server.port);
  await endless.startData();
  endless.send(largeMessage(2_000_000));
  assert.match(await endless.reply(), /^552 5\.3\.4/);
  await endless.closed();
  assert.equal(server.journal.kept.length, 0);
  while (server.journal.openSpools > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

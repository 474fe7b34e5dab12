import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInbound } from './inbound-under-test.ts';
import { wireClient } from './wire-client.ts';

const TIMED_OUT = /^421 4\.4\.2/;

test('inbound: a client that sends a command byte by byte is not waited for longer', async () => {
  await using server = await startInbound({ smtp: { commandTimeoutMs: 150 } });
  using client = await wireClient(server.port);
  await client.reply();
  const drip = setInterval(() => client.send('N'), 20);
  try {
    assert.match(await client.reply(), TIMED_OUT);
    await client.closed();
  } finally {
    clearInterval(drip);
  }
});

test('inbound: a client that goes on giving commands stays', async () => {
  await using server = await startInbound({ smtp: { commandTimeoutMs: 500 } });
  using client = await wireClient(server.port);
  await client.reply();
  for (let n = 0; n < 6; n += 1) {
    assert.match(await client.command('NOOP'), /^250/);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

test('inbound: a client that stops in DATA gets 421 and leaves nothing', async () => {
  await using server = await startInbound({ smtp: { dataTimeoutMs: 100 } });
  using client = await wireClient(server.port);
  await client.startData();
  client.send('Subject: x\r\n');
  assert.match(await client.reply(), TIMED_OUT);
  await client.closed();
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
  assert.equal(server.journal.kept.length, 0);
});

test('inbound: content below the floor of throughput is ended, though every byte is in time', async () => {
  await using server = await startInbound({
    smtp: { dataTimeoutMs: 1000 },
    limits: { floorBytesPerSecond: 1000, floorWindowMs: 200 },
  });
  using client = await wireClient(server.port);
  await client.startData();
  const drip = setInterval(() => client.send('x'), 10);
  try {
    assert.match(await client.reply(), TIMED_OUT);
    await client.closed();
  } finally {
    clearInterval(drip);
  }
});

test('inbound: a session that goes on for ever is ended', async () => {
  await using server = await startInbound({ smtp: { sessionTimeoutMs: 200 } });
  using client = await wireClient(server.port);
  await client.reply();
  let answer = '';
  while (!TIMED_OUT.test(answer)) {
    answer = await client.command('NOOP');
    assert.match(answer, /^(?:250|421)/);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('inbound: a client that never closes after our end is dropped', async () => {
  await using server = await startInbound({ limits: { lingerMs: 50 } });
  using client = await wireClient(server.port);
  await client.reply();
  assert.match(await client.command('QUIT'), /^221/);
  while (server.inbound.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('inbound: a client that does not read its replies is dropped, and its commands are not read on', async () => {
  await using server = await startInbound({ smtp: { commandTimeoutMs: 300 } });
  using client = await wireClient(server.port);
  await client.reply();
  client.socket.pause();
  const noops = 'NOOP\r\n'.repeat(20_000);
  const flood = setInterval(() => {
    if (client.socket.writableLength < 1_000_000) client.send(noops);
  }, 1);
  try {
    await new Promise((resolve) => client.socket.once('close', resolve));
  } finally {
    clearInterval(flood);
  }
  while (server.inbound.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('inbound: a commit that waits for the disk is not cut by any time limit', async () => {
  await using server = await startInbound({
    smtp: { commandTimeoutMs: 300, dataTimeoutMs: 300, sessionTimeoutMs: 1000 },
  });
  server.journal.beforeAccept = () => new Promise((resolve) => setTimeout(resolve, 1300));
  using client = await wireClient(server.port);
  await client.startData();
  client.send('Subject: x\r\n\r\n.\r\n');
  assert.match(await client.reply(), /^250 2\.0\.0/);
});

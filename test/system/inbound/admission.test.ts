import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { startInbound } from './inbound-under-test.ts';
import { wireClient } from './wire-client.ts';

test('inbound: connections over the limit get 421 4.7.0, and a place that is given back is there again', async () => {
  await using server = await startInbound({ smtp: { maxConnections: 2 } });
  const inside = await Promise.all([wireClient(server.port), wireClient(server.port)]);
  await Promise.all(inside.map((client) => client.reply()));
  using outside = await wireClient(server.port);
  assert.match(await outside.reply(), /^421 4\.7\.0/);
  await outside.closed();
  assert.match((await inside[0]?.command('QUIT')) ?? '', /^221/);
  inside[0]?.[Symbol.dispose]();
  while (server.inbound.stats().connections > 1) await new Promise((resolve) => setImmediate(resolve));
  using next = await wireClient(server.port);
  assert.match(await next.reply(), /^220/);
  inside[1]?.[Symbol.dispose]();
});

test('inbound: connections per address are limited, but not from loopback', async (t) => {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  await using server = await startInbound({ smtp: { maxConnectionsPerAddress: 1 }, host: '0.0.0.0' });
  using first = await wireClient(server.port);
  using second = await wireClient(server.port);
  assert.match(await first.reply(), /^220/);
  assert.match(await second.reply(), /^220/);
  if (own === undefined) {
    t.diagnostic('this machine has no address but loopback: the limit itself is tested in src/inbound');
    return;
  }
  using third = await wireClient(server.port, own);
  assert.match(await third.reply(), /^220/);
  using fourth = await wireClient(server.port, own);
  assert.match(await fourth.reply(), /^421 4\.7\.0/);
});

test('inbound: a flood is turned away while those inside go on', async () => {
  await using server = await startInbound({ smtp: { maxConnections: 1 }, limits: { lingerMs: 100 } });
  using inside = await wireClient(server.port);
  await inside.reply();
  const flood = await Promise.all(Array.from({ length: 400 }, () => wireClient(server.port)));
  assert.match(await inside.command('NOOP'), /^250/);
  const answers = await Promise.all(flood.map((client) => client.reply().catch(() => 'dropped')));
  assert.ok(answers.every((answer) => answer.startsWith('421 4.7.0') || answer === 'dropped'));
  // Beyond a bound the rest are dropped without waiting; most are told.
  assert.ok(answers.filter((answer) => answer !== 'dropped').length >= 200);
  assert.match(await inside.command('NOOP'), /^250/);
  assert.equal(server.inbound.stats().refusedConnections, 400);
  assert.equal(server.lines.filter(({ level }) => level === 'info').length, 1, 'no line for each of a flood');
  for (const client of flood) client[Symbol.dispose]();
});

test('inbound: a browser on the SMTP port is closed at once', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.reply();
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.closed();
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import { startReceiver } from './receiver-under-test.ts';
import { storedMessages } from './stored-messages.ts';
import { wireClient } from './wire-client.ts';

test('inbound and journal: a message has its row with envelope and arrival, and its bytes as sent', async () => {
  await using receiver = await startReceiver();
  using client = await wireClient(receiver.port);
  await client.startData({ to: 'agent+tag@example.com' });
  client.send('Message-ID: <1@example.net>\r\n\r\n..stuffed\r\n\0a\r\n.\r\n');
  assert.match(await client.reply(), /^250 2\.0\.0/);
  const [stored] = await storedMessages(receiver.journal);
  assert.equal(stored?.bytes.toString('latin1'), 'Message-ID: <1@example.net>\r\n\r\n.stuffed\r\n\0a\r\n');
  assert.equal(stored.row.envelope.recipients[0]?.tag, 'tag');
  assert.equal(stored.row.arrival.helo, 'client.example.net');
  assert.equal(stored.row.lacksIdentity, false);
});

test('inbound and journal: 10 MiB by BDAT are stored byte for byte, and no spool file is left over', async () => {
  await using receiver = await startReceiver();
  using client = await wireClient(receiver.port);
  const content = randomBytes(10 * 1024 * 1024);
  await client.reply();
  await client.command('EHLO client.example.net');
  await client.command('MAIL FROM:<a@example.net> BODY=BINARYMIME');
  await client.command('RCPT TO:<agent@example.com>');
  for (let at = 0; at < content.length; at += 4 * 1024 * 1024) {
    const chunk = content.subarray(at, at + 4 * 1024 * 1024);
    client.send(`BDAT ${chunk.length}${at + chunk.length === content.length ? ' LAST' : ''}\r\n`);
    client.send(chunk);
    assert.match(await client.reply(), /^250/);
  }
  const [stored] = await storedMessages(receiver.journal);
  assert.ok(stored?.bytes.equals(content));
  assert.equal((await readdir(join(receiver.folder, 'spool'))).length, 1);
});

test('inbound and journal: a connection cut in DATA leaves neither row nor file', async () => {
  await using receiver = await startReceiver();
  const client = await wireClient(receiver.port);
  await client.startData();
  client.send('x'.repeat(70).concat('\r\n').repeat(40_000));
  const spooled = async (): Promise<number> => (await readdir(join(receiver.folder, 'spool'))).length;
  while ((await spooled()) === 0) await new Promise((resolve) => setImmediate(resolve));
  client.socket.resetAndDestroy();
  while ((await spooled()) > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await storedMessages(receiver.journal), []);
});

test('inbound and journal: twenty connections at one instant get twenty 250, and each has a record', async () => {
  await using receiver = await startReceiver();
  const clients = await Promise.all(Array.from({ length: 20 }, () => wireClient(receiver.port)));
  await Promise.all(clients.map((client) => client.startData()));
  for (const client of clients) client.send('Message-ID: <1@example.net>\r\n\r\nText\r\n.\r\n');
  const replies = await Promise.all(clients.map((client) => client.reply()));
  assert.equal(replies.filter((text) => text.startsWith('250 2.0.0')).length, 20);
  const stored = await storedMessages(receiver.journal);
  assert.equal(stored.length, 20);
  assert.equal(new Set(stored.map(({ row }) => row.exactFingerprint)).size, 1);
  for (const client of clients) client[Symbol.dispose]();
});

test('inbound and journal: nodemailer delivers to two mailboxes in one record', async () => {
  await using receiver = await startReceiver();
  const transport = createTransport({ host: '127.0.0.1', port: receiver.port, ignoreTLS: true });
  await transport.sendMail({
    from: 'a@example.net',
    to: ['agent@example.com', 'second@example.com', 'alias@example.com'],
    subject: 'x',
    text: '.\n..\n',
  });
  transport.close();
  const stored = await storedMessages(receiver.journal);
  assert.equal(stored.length, 1);
  assert.deepEqual(
    stored[0]?.row.deliveries.map(({ mailbox, deliveredTo }) => [mailbox, deliveredTo]),
    [
      ['agent', ['agent@example.com', 'alias@example.com']],
      ['second', ['second@example.com']],
    ],
  );
});

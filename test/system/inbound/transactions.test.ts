import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import { startInbound } from './inbound-under-test.ts';
import { wireClient } from './wire-client.ts';

const MESSAGE = 'From: a@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: x\r\n\r\nText\r\n';

test('inbound: a message is accepted with envelope, arrival and the bytes as sent', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  assert.equal(await client.reply(), '220 mx.example.com ESMTP aimx');
  assert.match(await client.command('EHLO client.example.net'), /^250-mx\.example\.com[\s\S]*PIPELINING/);
  assert.match(await client.command('MAIL FROM:<a@example.net> BODY=8BITMIME'), /^250 2\.1\.0/);
  assert.match(await client.command('RCPT TO:<agent+tag@example.com>'), /^250 2\.1\.5/);
  assert.match(await client.command('RCPT TO:<alias@example.com>'), /^250/);
  assert.match(await client.command('RCPT TO:<nobody@example.com>'), /^550 5\.1\.1/);
  assert.match(await client.command('RCPT TO:<a@example.org>'), /^550 5\.7\.1/);
  assert.match(await client.command('DATA'), /^354/);
  const body = `${MESSAGE}..dot\r\n...\r\n`;
  client.send(`${MESSAGE}...dot\r\n....\r\n.\r\n`);
  assert.match(await client.reply(), /^250 2\.0\.0/);
  assert.match(await client.command('QUIT'), /^221 2\.0\.0/);
  await client.closed();

  const [kept] = server.journal.kept;
  assert.equal(kept?.bytes.toString('latin1'), body);
  const { envelope, arrival, lacksIdentity, content } = kept.acceptance;
  assert.deepEqual(envelope, {
    reversePath: 'a@example.net',
    recipients: [
      { forwardPath: 'agent+tag@example.com', mailboxId: 'aa', mailbox: 'agent', tag: 'tag' },
      { forwardPath: 'alias@example.com', mailboxId: 'aa', mailbox: 'agent', tag: null },
    ],
    smtputf8: false,
    body: '8BITMIME',
  });
  assert.equal(arrival.via, 'smtp');
  assert.equal(arrival.clientAddress, '127.0.0.1');
  assert.equal(arrival.helo, 'client.example.net');
  assert.equal(arrival.protocol, 'ESMTP');
  assert.equal(arrival.tls, null);
  assert.match(arrival.sessionId, /^[0-9a-f]{16}$/);
  assert.equal(lacksIdentity, false);
  assert.equal(content.kind, 'inline');
  const accepted = server.lines.filter(({ event }) => event === 'smtp.accepted');
  assert.deepEqual(
    accepted.map(({ fields }) => [fields['journal_id'], fields['size_bytes'], fields['recipients']]),
    [[1, body.length, 2]],
  );
});

test('inbound: pipelined commands are answered in order, and replies of one read in one write', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  const reads: string[] = [];
  client.socket.on('data', (bytes) => reads.push(bytes.toString('latin1')));
  client.send(
    'MAIL FROM:<a@example.net>\r\nRCPT TO:<agent@example.com>\r\nRCPT TO:<no@example.com>\r\nDATA\r\n',
  );
  for (const expected of [/^250/, /^250/, /^550/, /^354/]) assert.match(await client.reply(), expected);
  assert.equal(reads.length, 1);
  client.send(`${MESSAGE}.\r\nNOOP\r\nMAIL FROM:<b@example.net>\r\nQUIT\r\n`);
  for (const expected of [/^250 2\.0\.0/, /^250/, /^250/, /^221/])
    assert.match(await client.reply(), expected);
  assert.equal(server.journal.kept.length, 1);
});

test('inbound: BDAT carries bytes as they are', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  await client.command('MAIL FROM:<a@example.net> BODY=BINARYMIME');
  await client.command('RCPT TO:<agent@example.com>');
  const first = Buffer.from('Subject: x\r\n\r\n.\r\n\nbare\r.\n', 'latin1');
  const second = Buffer.from([0, 13, 10, 46, 13, 10, 255, 254]);
  client.send(`BDAT ${first.length}\r\n`);
  client.send(first);
  assert.match(await client.reply(), /^250/);
  client.send(Buffer.concat([Buffer.from(`BDAT ${second.length} LAST\r\n`), second]));
  assert.match(await client.reply(), /^250/);
  assert.deepEqual(server.journal.kept[0]?.bytes, Buffer.concat([first, second]));
  assert.equal(server.journal.kept[0]?.acceptance.lacksIdentity, true);
});

test('inbound: no other line end is taken for the end of data, whatever follows it', async () => {
  await using server = await startInbound();
  const inner = 'MAIL FROM:<evil@example.net>\r\nRCPT TO:<agent@example.com>\r\nDATA\r\nevil\r\n';
  for (const lineEnds of ['\n.\n', '\n.\r\n', '\r.\r\n', '\r\n.\n', '\r\n.\r', '\r\0\n', '\r.\r']) {
    using client = await wireClient(server.port);
    await client.startData();
    client.send(`Subject: x\r\n\r\nText${lineEnds}${inner}.\r\n`);
    assert.match(await client.reply(), /^550 5\.6\.11/, JSON.stringify(lineEnds));
    assert.match(await client.command('NOOP'), /^250/);
  }
  assert.equal(server.journal.kept.length, 0);
  assert.equal(server.inbound.stats().contentMemoryBytes, 0);
});

test('inbound: a client that stops sending still gets its answers', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.reply();
  client.send(
    `EHLO c.example.net\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<agent@example.com>\r\nDATA\r\n${MESSAGE}.\r\nQUIT\r\n`,
  );
  client.endInput();
  const rest = await client.closed();
  assert.match(rest, /354 [^\n]*\n250 2\.0\.0[^\n]*\n221 2\.0\.0[^\n]*\n$/);
  assert.equal(server.journal.kept.length, 1);
});

test('inbound: any split of the same bytes stores the same message', async () => {
  await using server = await startInbound();
  const text = `${MESSAGE}..stuffed\r\n`;
  const wire = Buffer.from(`${MESSAGE}...stuffed\r\n.\r\n`, 'latin1');
  for (const sizeBytes of [1, 7, 64]) {
    using client = await wireClient(server.port);
    await client.startData();
    for (let at = 0; at < wire.length; at += sizeBytes) {
      client.send(wire.subarray(at, at + sizeBytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match(await client.reply(), /^250/);
    assert.equal(server.journal.kept.at(-1)?.bytes.toString('latin1'), text);
  }
});

test('inbound: the same message on twenty connections at the same instant gets twenty 250', async () => {
  await using server = await startInbound();
  const clients = await Promise.all(Array.from({ length: 20 }, () => wireClient(server.port)));
  await Promise.all(clients.map((client) => client.startData()));
  for (const client of clients) client.send(`${MESSAGE}.\r\n`);
  const replies = await Promise.all(clients.map((client) => client.reply()));
  assert.equal(replies.filter((text) => text.startsWith('250 2.0.0')).length, 20);
  assert.equal(new Set(server.journal.kept.map(({ acceptance }) => acceptance.exactFingerprint)).size, 1);
  assert.equal(server.journal.kept.length, 20);
  for (const client of clients) client[Symbol.dispose]();
});

test('inbound: evidence is recorded when a client goes on after its 250, for messages without identity', async () => {
  await using server = await startInbound();
  using client = await wireClient(server.port);
  await client.startData();
  client.send('Subject: x\r\n\r\nText\r\n.\r\n');
  assert.match(await client.reply(), /^250/);
  assert.match(await client.command('NOOP'), /^250/);
  assert.deepEqual(server.journal.evidence, [1]);
  await client.command('MAIL FROM:<a@example.net>');
  await client.command('RCPT TO:<agent@example.com>');
  await client.command('DATA');
  client.send(`${MESSAGE}.\r\n`);
  await client.reply();
  await client.command('NOOP');
  assert.deepEqual(server.journal.evidence, [1]);
});

test('inbound: room is reserved at MAIL FROM and given back with the message', async () => {
  await using server = await startInbound();
  server.journal.roomBytes = 1_000_000;
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  assert.match(await client.command('MAIL FROM:<a@example.net> SIZE=2000000'), /^452 4\.3\.1/);
  assert.match(await client.command('MAIL FROM:<a@example.net> SIZE=500000'), /^250/);
  assert.equal(server.journal.reservedBytes, 500_000);
  await client.command('RCPT TO:<agent@example.com>');
  await client.command('DATA');
  client.send(`${MESSAGE}.\r\n`);
  assert.match(await client.reply(), /^250/);
  assert.equal(server.journal.reservedBytes, 0);
});

test('inbound: nodemailer delivers over kept and over single connections', async () => {
  await using server = await startInbound();
  for (const pool of [false, true]) {
    const transport = createTransport({ host: '127.0.0.1', port: server.port, pool, ignoreTLS: true });
    for (const subject of ['one', 'two', 'drei ü'])
      await transport.sendMail({
        from: 'a@example.net',
        to: ['agent@example.com', 'second@example.com'],
        subject,
        text: '.\n..\nText\n',
        attachments: [{ filename: 'a.bin', content: Buffer.alloc(100_000, 7) }],
      });
    transport.close();
  }
  assert.equal(server.journal.kept.length, 6);
  for (const { acceptance } of server.journal.kept)
    assert.deepEqual(
      acceptance.envelope.recipients.map(({ mailbox }) => mailbox),
      ['agent', 'second'],
    );
});

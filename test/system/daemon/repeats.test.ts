/** The ways in which senders come to repeat a message (reliability F3, F4; design §3.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireClient } from '../inbound/wire-client.ts';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send, sendAndCut } from './mail.ts';

const DAY_MS = 86_400_000;

interface Absorbed {
  readonly by: string;
  readonly delivered_to: readonly string[];
}

function assertOne(ground: Ground): void {
  assert.equal(ground.files().length, 1, ground.files().join());
  assert.equal(ground.starts().length, 1, ground.starts().join('\n'));
}

/** The rows of absorbed copies, newest first. */
async function absorbed(daemon: DaemonUnderTest): Promise<readonly Absorbed[]> {
  return (await daemon.ask<{ absorbed: readonly Absorbed[] }>('dedup.list', {})).absorbed;
}

test('cut after the final dot, then again at once: absorbed, and the trace says so', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  const content = mail('cut');
  await sendAndCut(daemon.port, content);
  assert.match((await send(daemon.port, { content })) ?? '', /^250 /);
  await daemon.settled();
  assertOne(ground);
  assert.deepEqual(
    (await absorbed(daemon)).map(({ by }) => by),
    ['exact'],
  );
});

test('again after a restart and after five days: absorbed', async () => {
  using ground = new Ground();
  const content = mail('late');
  {
    await using first = await DaemonUnderTest.start(ground);
    await sendAndCut(first.port, content);
    await send(first.port, { content });
    await first.settled();
  }
  await using later = await DaemonUnderTest.start(ground, { clockOffsetMs: 5 * DAY_MS });
  await send(later.port, { content });
  await later.settled();
  assertOne(ground);
  assert.equal((await absorbed(later)).length, 2);
});

test('past the window the same message is another one, unless it has started a hook', async () => {
  using ground = new Ground({ hook: null });
  {
    await using first = await DaemonUnderTest.start(ground);
    await send(first.port, { content: mail('old') });
    await first.settled();
  }
  await using later = await DaemonUnderTest.start(ground, { clockOffsetMs: 36 * DAY_MS });
  await send(later.port, { content: mail('old') });
  await later.settled();
  assert.equal(ground.files().length, 2);
});

test('twenty connections at the same instant: twenty 250, one file, one start', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => send(daemon.port, { content: mail('same') })),
  );
  assert.deepEqual(
    replies.map((reply) => reply?.slice(0, 4)),
    Array.from({ length: 20 }, () => '250 '),
  );
  await daemon.settled();
  assertOne(ground);
  assert.equal((await absorbed(daemon)).length, 19);
});

test('by another road (Received, X- and signature fields differ): absorbed by its content', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  const content = mail('road');
  await send(daemon.port, {
    content: `Received: from a by b; Tue, 24 Nov 2026 09:12:44 +0100\r\n${content}`,
  });
  await send(daemon.port, {
    content: `Received: from c by d; Tue, 24 Nov 2026 10:00:00 +0100\r\nX-Hop: 2\r\n${content}`,
  });
  await daemon.settled();
  assertOne(ground);
  assert.deepEqual(
    (await absorbed(daemon)).map(({ by }) => by),
    ['content'],
  );
});

test('another content under a known Message-ID: stored, both start their hooks', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  await send(daemon.port, { content: mail('forged', 'A forger came first.') });
  await send(daemon.port, { content: mail('forged', 'The real text.') });
  await daemon.settled();
  assert.equal(ground.files().length, 2);
  assert.equal(ground.starts().length, 2);
});

test('without Message-ID and Date: a retry is absorbed, one sent after our 250 was seen is not', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  const content = 'From: cron@example.net\r\nSubject: disk full\r\n\r\n/dev/vda 100 %\r\n';
  await sendAndCut(daemon.port, content);
  await daemon.settled();
  using client = await wireClient(daemon.port);
  await client.startData({ from: 'cron@example.net', to: 'agent@example.com' });
  client.send(`${content}.\r\n`);
  await client.reply();
  await daemon.settled();
  assertOne(ground);
  // The next command shows that the 250 was seen; the same bytes again are meant.
  await client.command('MAIL FROM:<cron@example.net>');
  await client.command('RCPT TO:<agent@example.com>');
  await client.command('DATA');
  client.send(`${content}.\r\n`);
  await client.reply();
  await daemon.settled();
  assert.equal(ground.files().length, 2);
  assert.equal(ground.starts().length, 2);
});

test('two recipients of one mailbox: one message that names both; a later alias is added to the trace', async () => {
  using ground = new Ground({
    bottom:
      '[mailboxes.team]\naddress = "team@example.com"\naliases = ["crew@example.com", "gang@example.com"]\nowner = "root"',
  });
  await using daemon = await DaemonUnderTest.start(ground);
  using client = await wireClient(daemon.port);
  await client.reply();
  await client.command('EHLO c.example.net');
  await client.command('MAIL FROM:<ada@example.net>');
  await client.command('RCPT TO:<team@example.com>');
  await client.command('RCPT TO:<crew+x@example.com>');
  await client.command('DATA');
  client.send(`${mail('both')}.\r\n`);
  await client.reply();
  await send(daemon.port, { to: 'gang@example.com', content: mail('both') });
  await daemon.settled();
  assert.equal(ground.files('team').length, 1);
  assert.match(
    ground.text(ground.files('team')[0] ?? '', 'team'),
    /delivered_to = "team@example.com, crew\+x@example.com"/,
  );
  assert.deepEqual(
    (await absorbed(daemon)).map(({ delivered_to }) => delivered_to),
    [['gang@example.com']],
  );
});

/** `send`, `reply` and the decisions about the queue, through a real daemon and its socket. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueuedView } from '../../../src/operations/queue.ts';
import type { SendOutput } from '../../../src/operations/submission.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { mail, send as sendMail } from '../daemon/mail.ts';

interface Scene extends AsyncDisposable {
  readonly ground: Ground;
  readonly daemon: DaemonUnderTest;
  readonly send: (input: Record<string, unknown>) => Promise<SendOutput>;
  readonly queue: (input?: Record<string, unknown>) => Promise<readonly QueuedView[]>;
}

/** @param agent What mailbox `agent` says of sending, as TOML. */
async function scene(agent = ''): Promise<Scene> {
  const ground = new Ground({ hook: null, trust: agent });
  const daemon = await DaemonUnderTest.start(ground);
  return {
    ground,
    daemon,
    send: (input) =>
      daemon.ask('send', { from: 'agent', to: ['bob@example.net'], subject: 'Hello', body: 'Hi.', ...input }),
    queue: async (input = {}) =>
      (await daemon.ask<{ readonly messages: readonly QueuedView[] }>('queue.list', input)).messages,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      ground[Symbol.dispose]();
    },
  };
}

/** Names in a folder, once there are some. */
async function filesOf(folder: string): Promise<readonly string[]> {
  for (let tries = 0; tries < 200; tries += 1) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    if (names.length > 0) return names;
    await sleep(50);
  }
  throw new Error(`nothing comes into ${folder}`);
}

test('send answers when the message is safe; to a mailbox of ours it is delivered, and its copy filed', async () => {
  await using at = await scene();
  const sent = await at.send({ to: ['Other <other@example.com>'], subject: 'Grüße' });
  assert.deepEqual([sent.status, sent.already_sent, sent.to], ['queued', false, ['other@example.com']]);
  await at.daemon.settled();
  const [file = ''] = at.ground.files('other');
  assert.match(at.ground.text(file, 'other'), /subject = "Grüße"[\s\S]*\n\nHi\.\n$/);
  const folder = join(at.ground.folder, 'data', 'sent', 'agent');
  const [copy = ''] = await filesOf(folder);
  assert.equal(copy, `${sent.id}.md`);
  assert.match(readFileSync(join(folder, copy), 'utf8'), /outbound = true/);
  const trace = await at.daemon.ask<{ readonly events: readonly { readonly text: string }[] }>('trace', {
    message: `agent/${sent.id}`,
  });
  assert.ok(trace.events.some(({ text }) => text.startsWith('sent by root as ')));
});

test('no field of a caller’s can add another to the message', async () => {
  await using at = await scene();
  const { preview } = await at.send({ subject: 'x\r\nBcc: evil@example.org\r\n\r\nbody', dry_run: true });
  assert.doesNotMatch(preview ?? '', /^Bcc:/im);
  for (const input of [
    { to: ['bob@example.net\r\nBcc: evil@example.org'] },
    { in_reply_to: '<x@y>\r\nBcc: evil@example.org' },
    { from: 'agent@example.com, evil@example.org' },
    { from: 'evil@example.org' },
    { to: [] },
    { to: ['nobody@example.com'] },
  ])
    await assert.rejects(at.send(input), /request\.(invalid|not-found)/, JSON.stringify(input));
  assert.deepEqual(await at.queue({ all: true }), []);
});

test('an idempotency key: the same is sent once, something else is refused', async () => {
  await using at = await scene();
  const first = await at.send({ idempotency_key: 'k' });
  const again = await at.send({ idempotency_key: 'k' });
  assert.deepEqual([again.already_sent, again.message_id], [true, first.message_id]);
  await assert.rejects(at.send({ idempotency_key: 'k', body: 'Other.' }), /request\.conflict/);
  assert.equal((await at.queue({ all: true })).length, 1);
});

test('bcc is envelope alone', async () => {
  await using at = await scene();
  await at.send({ to: ['other@example.com'], bcc: ['agent@example.com'] });
  await at.daemon.settled();
  const [file = ''] = at.ground.files('other');
  assert.doesNotMatch(at.ground.text(file, 'other'), /agent@example\.com.*\n.*bcc|^bcc/m);
  assert.equal(at.ground.files('agent').length, 1);
});

test('approve = true holds everything until it is approved', async () => {
  await using at = await scene('approve = true');
  const sent = await at.send({ to: ['other@example.com'] });
  assert.equal(sent.status, 'held');
  assert.match(sent.held ?? '', /^approval: /);
  await assert.rejects(at.daemon.ask('queue.release', { messages: [sent.queue_id] }), /request\.conflict/);
  assert.equal(at.ground.files('other').length, 0);
  await at.daemon.ask('queue.approve', { messages: [sent.queue_id] });
  await at.daemon.settled();
  assert.equal(at.ground.files('other').length, 1);
});

test('recipients that are blocked or not allowed are refused, and what is over a limit', async () => {
  await using blocked = await scene('block_recipients = ["*@evil.example"]\nmax_sends_per_hour = 1');
  await assert.rejects(blocked.send({ to: ['a@evil.example'] }), /send\.refused.*block_recipients/);
  await blocked.send({});
  await assert.rejects(blocked.send({}), /send\.limited/);
  await using narrow = await scene('allow_recipients = ["*@example.com"]');
  await assert.rejects(narrow.send({}), /send\.refused.*allow_recipients/);
  assert.equal((await narrow.send({ to: ['other@example.com'] })).status, 'queued');
});

test('hold, release, cancel: what is cancelled never leaves, and says so', async () => {
  await using at = await scene();
  const { queue_id } = await at.send({});
  await at.daemon.ask('queue.hold', { messages: [queue_id] });
  assert.equal((await at.queue({ held: true })).length, 1);
  await at.daemon.ask('queue.release', { all: true });
  assert.equal((await at.queue({ held: true })).length, 0);
  await at.daemon.ask('queue.cancel', { messages: [queue_id?.slice(0, 6)] });
  const [row] = await at.queue({ failed: true });
  assert.deepEqual([row?.status, row?.recipients[0]?.status], ['failed', 'cancelled']);
});

test('reply answers in the thread, to who wrote', async () => {
  await using at = await scene();
  await sendMail(at.daemon.port, { content: mail('question') });
  await at.daemon.settled();
  const [file = ''] = at.ground.files();
  const answer = await at.daemon.ask<SendOutput>('reply', {
    message: `agent/${file.replace(/\.md$/, '')}`,
    body: 'Fine.',
    quote: true,
    dry_run: true,
  });
  assert.deepEqual(answer.to, ['ada@example.net']);
  assert.match(
    answer.preview ?? '',
    /^Subject: Re: question\r\n[\s\S]*^In-Reply-To: <question@example\.net>/m,
  );
  assert.match(answer.preview ?? '', /^> Text of question\./m);
});

test('a message of 300 KiB with an attachment goes through a file of its own, whole', async () => {
  await using at = await scene();
  const content = Buffer.alloc(300 * 1024, 'attached ');
  await at.send({
    to: ['other@example.com'],
    attachments: [{ filename: 'data.bin', content_base64: content.toString('base64') }],
  });
  await at.daemon.settled();
  const [bundle = ''] = at.ground.files('other');
  assert.deepEqual(readFileSync(join(at.ground.inbox, 'other', bundle, 'data.bin')), content);
});

/** `reply` and `forward` through a real daemon: to whom, from whom, and the original whole. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { SendOutput } from '../../../src/operations/submission.ts';
import { type Answer, NOBODY, rootOnly, runAimx } from '../cli/program.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { mail, send as sendMail } from '../daemon/mail.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { signingDomain } from '../signed-mail.ts';

const corp = signingDomain('corp.example');
const dns = await startDnsServer({ records: { TXT: corp.txt } });
after(() => dns[Symbol.asyncDispose]());

/** Mailbox `agent` trusts corp.example where SPF alone vouches for it. */
const ground = new Ground({
  hook: null,
  dns: [dns.address],
  trust:
    'trust = "verified"\ntrusted_senders = ["*@corp.example"]\ntrust_spf = true\naliases = ["sales@example.com"]',
});
after(() => ground[Symbol.dispose]());
const daemon = await DaemonUnderTest.start(ground);
after(() => daemon[Symbol.asyncDispose]());

/** Delivers a message to `agent`. @returns how the mailbox calls it. */
async function receive(content: string, from = 'ada@example.net'): Promise<string> {
  const before = new Set(ground.files());
  assert.match((await sendMail(daemon.port, { from, content })) ?? '', /^250/);
  await daemon.settled();
  const [name = ''] = ground.files().filter((file) => !before.has(file));
  return `agent/${name.replace(/\.md$/, '')}`;
}

function ask(operation: 'reply' | 'forward', input: Record<string, unknown>): Promise<SendOutput> {
  return daemon.ask(operation, { body: 'Fine.', ...input });
}

function withReplyTo(content: string): string {
  return content.replace('Subject:', 'Reply-To: elsewhere@example.org\r\nSubject:');
}

test('reply goes to Reply-To of a stranger, and not of a trusted message that nothing signs', async () => {
  const stranger = await receive(withReplyTo(mail('stranger')));
  assert.deepEqual((await ask('reply', { message: stranger, dry_run: true })).to, ['elsewhere@example.org']);
  const letter = mail('boss').replace('ada@example.net', 'boss@corp.example');
  const boss = await receive(withReplyTo(letter), 'boss@corp.example');
  const text = ground.text(`${boss.slice('agent/'.length)}.md`);
  assert.match(text, /^trusted = "true"$/m);
  assert.match(text, /reply-to-unsigned: .* is not used for answers/);
  assert.deepEqual((await ask('reply', { message: boss, dry_run: true })).to, ['boss@corp.example']);
});

test('reply and forward take a Message-ID', async () => {
  await receive(mail('by-message-id'));
  for (const message of ['<by-message-id@example.net>', 'by-message-id@example.net']) {
    const answer = await ask('reply', { message, dry_run: true });
    assert.match(answer.preview ?? '', /^In-Reply-To: <by-message-id@example\.net>\r$/m);
  }
  const passed = await ask('forward', {
    message: '<by-message-id@example.net>',
    to: ['x@example.org'],
    dry_run: true,
  });
  assert.match(passed.preview ?? '', /^Subject: Fwd: by-message-id\r$/m);
});

test('reply to a message of ours is written to its recipients again', async () => {
  const { id } = await daemon.ask<SendOutput>('send', {
    from: 'agent',
    to: ['other@example.com'],
    cc: ['bob@example.net'],
    subject: 'First',
    body: 'One.',
  });
  await daemon.settled();
  const again = await ask('reply', { message: `agent/${id}`, all: true, dry_run: true });
  assert.deepEqual(again.to, ['other@example.com', 'bob@example.net']);
  assert.match(again.preview ?? '', /^From: agent@example\.com\r$/m);
});

test('forward attaches the original octet for octet', async () => {
  const original = mail('original', 'Grüße, and\ttabs.\r\n.\r\nA dot.');
  const message = await receive(original);
  const sent = await ask('forward', { message, to: ['other@example.com'], body: 'See below.' });
  await daemon.settled();
  const bundle = ground.files('other').find((name) => name.includes('fwd-original')) ?? '';
  assert.match(
    ground.text(bundle, 'other'),
    /\n\nSee below\.\n\n-+ Forwarded message -+\nFrom: Ada <ada@example\.net>\n/,
  );
  assert.equal(readFileSync(join(ground.inbox, 'other', bundle, 'original.eml'), 'utf8'), original);
  assert.equal(
    sent.warnings.join(),
    sent.warnings.filter((warning) => warning.startsWith('unsigned: ')).join(),
  );
});

test('forward attaches the text where nothing but the file is left, and says so', async () => {
  const folder = join(ground.inbox, 'agent');
  const [name = ''] = readdirSync(folder).filter((file) => file.includes('stranger'));
  const text = ground.text(name).replace(/^id = .*$/m, 'id = "2020-01-01-000000-old"');
  writeFileSync(join(folder, '2020-01-01-000000-old.md'), text);
  const passed = await ask('forward', {
    message: 'agent/2020-01-01-000000-old',
    to: ['other@example.com'],
    dry_run: true,
  });
  assert.ok(passed.warnings.some((warning) => warning.startsWith('original-gone: ')));
  assert.match(passed.preview ?? '', /filename="?original\.md"?\r\n\r\nVGV4dCBvZiBzdHJhbmdlci4/);
});

test('what cannot be forwarded or answered is refused, and nothing is sent', async () => {
  const message = await receive(mail('refused'));
  const queue = async (): Promise<number> =>
    (await daemon.ask<{ messages: readonly unknown[] }>('queue.list', { all: true })).messages.length;
  const before = await queue();
  for (const [operation, input, expected] of [
    ['forward', { message, to: [] }, /request\.invalid/],
    ['forward', { message, to: ['nobody@example.com'] }, /request\.invalid/],
    ['forward', { message, to: ['x@example.org'], from: 'boss@corp.example' }, /request\.not-found/],
    ['forward', { message: 'agent/none', to: ['x@example.org'] }, /request\.not-found/],
    ['reply', { message: 'none@example.net' }, /request\.not-found/],
    ['reply', { message, text_only: true, html_body: '<p>' }, /request\.invalid/],
  ] as const)
    await assert.rejects(ask(operation, input), expected, JSON.stringify(input));
  assert.equal(await queue(), before);
});

const scratch = mkdtempSync(join(tmpdir(), 'aimx-send-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function aimx(
  args: readonly string[],
  options: { readonly stdin?: string; readonly uid?: number } = {},
): Promise<Answer> {
  return runAimx(args, {
    ...options,
    cwd: scratch,
    env: { AIMX_CONFIG_DIR: ground.folder, AIMX_RUNTIME_DIR: ground.runtimeDir },
  });
}

const TO_OTHER = ['send', '--from', 'agent', '--to', 'other@example.com', '--subject'];

test('aimx send: the Message-ID alone on stdout, pictures below the folder inside of it, others named', async () => {
  mkdirSync(join(scratch, 'in'));
  writeFileSync(join(scratch, 'in', 'chart.png'), 'PNG');
  const body = '![Chart](in/chart.png) ![Other](/etc/other.png)';
  const answer = await aimx([...TO_OTHER, 'Pictures', '--body-file', '-'], { stdin: body });
  assert.equal(answer.exit, 0, answer.stderr);
  assert.match(answer.stdout, /^[^\s<>]+@example\.com\n$/);
  assert.match(answer.stderr, /The picture \/etc\/other\.png is not sent/);
  await daemon.settled();
  const bundle = ground.files('other').find((name) => name.endsWith('-pictures')) ?? '';
  assert.equal(readFileSync(join(ground.inbox, 'other', bundle, 'chart.png'), 'utf8'), 'PNG');
});

test('aimx send --attachment: what is no regular file is refused at once, and nothing is sent', async () => {
  execFileSync('mkfifo', [join(scratch, 'pipe')]);
  for (const name of ['pipe', 'in', '/dev/zero', 'gone']) {
    const answer = await aimx([...TO_OTHER, 'Refused', '--body', 'x', '--attachment', name]);
    assert.equal(answer.exit, 2, name);
    assert.match(answer.stderr, new RegExp(`${name} is no regular file|Cannot read .*${name}: ENOENT`));
  }
});

test('aimx send --attachment opens as its caller', rootOnly, async () => {
  writeFileSync(join(scratch, 'private'), 'x', { mode: 0o600 });
  execFileSync('chmod', ['755', scratch]);
  const answer = await aimx([...TO_OTHER, 'Private', '--body', 'x', '--attachment', 'private'], {
    uid: NOBODY,
  });
  assert.equal(answer.exit, 2);
  assert.match(answer.stderr, /Cannot read .*private: EACCES/);
});

test('aimx forward waits for no text', async () => {
  const message = await receive(mail('by-hand'));
  const answer = await aimx(['forward', message, '--to', 'other@example.com', '--json']);
  assert.equal(answer.exit, 0, answer.stderr);
  assert.equal((JSON.parse(answer.stdout) as SendOutput).status, 'queued');
});

/**
 * What hooks may send, through a real daemon: real hooks ask it through its socket, in a pid namespace of
 * their own where the tests run as root.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { QueuedView } from '../../../src/operations/queue.ts';
import type { SendOutput } from '../../../src/operations/submission.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { mail, send as sendMail } from '../daemon/mail.ts';
import { IS_ROOT } from '../hooks/bench-runner.ts';

const NOBODY = 65_534;

/** Asks the daemon for `argv[2]` with the input `argv[3]`; prints one line: `argv[4]` and the answer. */
const ASK = `
const [operation, input, label] = process.argv.slice(2);
const options = { socketPath: process.env.SOCKET, path: '/v1/' + operation, method: 'POST', headers: { 'content-type': 'application/json' } };
const call = require('node:http').request(options, async (response) => {
  let text = '';
  for await (const chunk of response) text += chunk;
  process.stdout.write(label + ' ' + text.trim() + '\\n');
});
call.end(input);
`;

/** What the hook of mailbox `agent` does for each subject; that of `told` tells what it is told, and writes again. */
const HOOK = `
ask() { "$NODE" "$ASK" "$@" >> "$STARTS"; }
reply() { ask reply "{\\"message\\":\\"agent/$AIMX_ID\\",\\"body\\":\\"Thanks.\\"}" "$AIMX_SUBJECT"; }
to() { ask send "{\\"from\\":\\"$AIMX_MAILBOX\\",\\"to\\":[\\"$1\\"],\\"subject\\":\\"Note\\",\\"body\\":\\"See.\\"}" "$AIMX_SUBJECT"; }
cat > /dev/null
[ "$AIMX_EVENT" = after_send ] &&
  echo "told $AIMX_SEND_STATUS|$AIMX_FROM|$AIMX_TO|$AIMX_SUBJECT|$AIMX_MAILBOX" >> "$STARTS"
case $AIMX_SUBJECT in
  letter) reply ;;
  automatic) reply; to robot@example.net; to Desk+1@example.net; to other@example.com ;;
  bounce) reply ;;
  threaded)
    for id in "$AIMX_MESSAGE_ID" root@example.net else@example.net; do
      ask send "{\\"from\\":\\"agent\\",\\"to\\":[\\"zoe@example.net\\"],\\"subject\\":\\"x\\",\\"body\\":\\"y\\",\\"in_reply_to\\":\\"$id\\"}" threaded
    done ;;
  list) to dev@lists.example.net; to carol@example.net ;;
  itself) to agent+me@example.com ;;
  twice) to dan@example.net; to dan@example.net; to dan@example.net,erin@example.net ;;
  orphan)
    export ASK NODE STARTS SOCKET
    (setsid sh -c '"$NODE" "$ASK" send "{\\"from\\":\\"agent\\",\\"to\\":[\\"ann@example.net\\"],\\"subject\\":\\"x\\",\\"body\\":\\"y\\"}" orphan >> "$STARTS"' &)
    until grep -q '^orphan' "$STARTS" 2>/dev/null; do sleep 0.05; done ;;
  'to other') to other@example.com; to agent@example.com ;;
esac
`;

let ground: Ground;
let daemon: DaemonUnderTest;

function hookTable(mailbox: string, event: string): string {
  return [
    `[[mailboxes.${mailbox}.hooks]]`,
    `name = "${mailbox}-${event}"`,
    `event = "${event}"`,
    ...(event === 'on_receive' ? ['fire_on_untrusted = true'] : []),
    `cmd = ["/bin/sh", ${JSON.stringify(join(ground.folder, 'hook.sh'))}]`,
  ].join('\n');
}

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-runs-send-'));
  ground = new Ground({ hook: null, folder });
  const variables = {
    NODE: process.execPath,
    ASK: join(folder, 'ask.cjs'),
    STARTS: ground.startsPath,
    SOCKET: join(ground.runtimeDir, 'aimx.sock'),
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  writeFileSync(join(folder, 'hook.sh'), exports.join('') + HOOK);
  writeFileSync(join(folder, 'ask.cjs'), ASK);
  for (const name of ['hook.sh', 'ask.cjs']) chmodSync(join(folder, name), 0o644);
  const owner = JSON.stringify(userInfo().username);
  ground = new Ground({
    hook: null,
    folder,
    bottom: [
      hookTable('agent', 'on_receive'),
      '[mailboxes.told]',
      'address = "told@example.com"',
      `owner = ${owner}`,
      hookTable('told', 'after_send'),
      '[mailboxes.strange]',
      'address = "strange@example.com"',
      `owner = ${IS_ROOT ? '"nobody"' : owner}`,
    ].join('\n'),
  });
  daemon = await DaemonUnderTest.start(ground);
});

after(async () => {
  await daemon[Symbol.asyncDispose]();
  ground[Symbol.dispose]();
});

/** Answers that the hook got, by label, in order. */
function answers(label: string): readonly SendOutput[] {
  return ground
    .starts()
    .filter((line) => line.startsWith(`${label} {`))
    .map((line) => JSON.parse(line.slice(label.length + 1)) as SendOutput);
}

/** @param fields Header fields, one a line, beside those of a letter. */
async function receive(subject: string, fields = '', from?: string): Promise<readonly SendOutput[]> {
  const more = fields === '' ? '' : `${fields.replaceAll('\n', '\r\n')}\r\n`;
  await sendMail(daemon.port, {
    content: `${more}${mail(subject)}`,
    ...(from === undefined ? {} : { from }),
  });
  await daemon.settled();
  return answers(subject);
}

async function queued(id: string | null): Promise<QueuedView> {
  return await daemon.ask('queue.show', { message: id });
}

test('a run answers a letter: it goes, marked as automatic (RFC 3834 §5), and names its run', async () => {
  const [answer] = await receive('letter');
  assert.deepEqual([answer?.status, answer?.to], ['queued', ['ada@example.net']]);
  const row = await queued(answer?.queue_id ?? '');
  assert.match(row.run_id ?? '', /^[0-9a-f]{32}$/);
  assert.match(await daemon.raw(`agent/${answer?.id}`), /^Auto-Submitted: auto-replied\r$/m);
});

test('a run does not answer a program, by whatever address or thread; it may tell somebody of it', async () => {
  const fields = 'Auto-Submitted: auto-generated\nReply-To: desk@example.net\nSender: robot@example.net';
  const [reply, toSender, toReplyTo, toColleague] = await receive('automatic', fields);
  for (const answer of [reply, toSender, toReplyTo])
    assert.match(answer?.held ?? '', /^loop: It answers what no program may answer \(auto-submitted: /);
  assert.deepEqual([toColleague?.status, toColleague?.held], ['queued', null]);
  const [bounced] = await receive('bounce', '', '');
  assert.match(bounced?.held ?? '', /^loop: .*null-sender/);
  const [toList, toCarol] = await receive(
    'list',
    'List-Id: <dev.lists.example.net>\nCc: dev@lists.example.net',
  );
  assert.match(toList?.held ?? '', /^loop: .*list/);
  assert.equal(toCarol?.held, null);
  const threaded = await receive('threaded', 'Precedence: bulk\nReferences: <root@example.net>');
  assert.deepEqual(
    threaded.map(({ held }) => held?.split(':')[0] ?? null),
    ['loop', 'loop', null],
  );
  const { messages } = await daemon.ask<{ messages: readonly QueuedView[] }>('queue.list', { held: true });
  assert.equal(messages.length, 7);
});

test('a run that writes to its own mailbox is held', async () => {
  const [answer] = await receive('itself');
  assert.match(answer?.held ?? '', /^loop: A hook of agent writes to agent itself/);
});

test('two mails of one attempt to the same person are two, whatever other recipients there are', async () => {
  const sent = await receive('twice');
  assert.deepEqual(
    sent.map(({ already_sent }) => already_sent),
    [false, false, false],
  );
  assert.equal(new Set(sent.map(({ queue_id }) => queue_id)).size, 3);
});

test(
  'a child that has left its parents and its session sends as its run',
  IS_ROOT ? {} : { skip: 'not root: no pid namespace' },
  async () => {
    const [answer] = await receive('orphan');
    const row = await queued(answer?.queue_id ?? '');
    assert.match(row.run_id ?? '', /^[0-9a-f]{32}$/);
    assert.match(await daemon.raw(`agent/${answer?.id}`), /^Auto-Submitted: auto-generated\r$/m);
  },
);

/** Asks from outside of every hook, with this environment. */
async function askAs(
  environment: Readonly<Record<string, string>>,
  options: { readonly uid?: number; readonly from?: string } = {},
): Promise<SendOutput> {
  const { uid, from = 'agent' } = options;
  const input = { from, to: ['carol@example.net'], subject: 'x', body: 'y' };
  const child = spawn(
    process.execPath,
    [join(ground.folder, 'ask.cjs'), 'send', JSON.stringify(input), 'said'],
    {
      env: { SOCKET: join(ground.runtimeDir, 'aimx.sock'), ...environment },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  await once(child, 'close');
  return JSON.parse(text.slice('said '.length)) as SendOutput;
}

test('a process that nothing but its environment ties to a run sends as that run, if it is his', async () => {
  const { runs } = await daemon.ask<{ runs: readonly { readonly run_id: string }[] }>('runs.list', {});
  const AIMX_RUN_ID = runs[0]?.run_id ?? '';
  const outside = await askAs({});
  assert.deepEqual([outside.held, (await queued(outside.queue_id)).run_id], [null, null]);
  const inside = await askAs({ AIMX_RUN_ID, AIMX_ATTEMPT: '7' });
  assert.equal((await queued(inside.queue_id)).run_id, AIMX_RUN_ID);
  // The key of a run: the same attempt again is counted on, another attempt begins anew.
  const retried = await askAs({ AIMX_RUN_ID, AIMX_ATTEMPT: '8' });
  assert.deepEqual([retried.already_sent, retried.queue_id], [true, inside.queue_id]);
  for (const id of ['0'.repeat(32), 'me', '']) {
    const forged = await askAs({ AIMX_RUN_ID: id, AIMX_ATTEMPT: '1' });
    assert.match(forged.held ?? '', /^loop: It comes from inside a run that is not known/, id);
    assert.equal((await queued(forged.queue_id)).run_id, null);
  }
});

test("somebody else's run is nobody's", IS_ROOT ? {} : { skip: 'not root: one user' }, async () => {
  const { runs } = await daemon.ask<{ runs: readonly { readonly run_id: string }[] }>('runs.list', {});
  const AIMX_RUN_ID = runs[0]?.run_id ?? '';
  const forged = await askAs({ AIMX_RUN_ID, AIMX_ATTEMPT: '7' }, { uid: NOBODY, from: 'strange' });
  assert.match(forged.held ?? '', /^loop: It comes from inside a run that is not known/);
  assert.equal((await queued(forged.queue_id)).run_id, null);
});

/** Connects, hands the connection on to a child and ends; the child asks when its parent is gone. */
const HAND_ON = `
if (process.argv[2] === undefined) {
  const socket = require('node:net').connect(process.env.SOCKET, () => {
    const child = require('node:child_process').spawn(process.execPath, [__filename, String(process.pid)], { stdio: ['ignore', 'inherit', 'inherit', socket], detached: true });
    child.unref();
    process.exit();
  });
} else {
  const socket = new (require('node:net').Socket)({ fd: 3 });
  const body = JSON.stringify({ from: 'agent', to: ['carol@example.net'], subject: 'x', body: 'y' });
  const head = ['POST /v1/send HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Connection: close', 'Content-Length: ' + body.length, '', ''].join('\\r\\n');
  const ask = () => {
    try {
      process.kill(Number(process.argv[2]), 0);
      setTimeout(ask, 20);
    } catch {
      socket.pipe(process.stdout);
      socket.write(head + body);
    }
  };
  ask();
}
`;

test('what a process asks for that has ended is not sent: it will ask again', async () => {
  writeFileSync(join(ground.folder, 'hand-on.cjs'), HAND_ON);
  const child = spawn(process.execPath, [join(ground.folder, 'hand-on.cjs')], {
    env: { SOCKET: join(ground.runtimeDir, 'aimx.sock') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  await once(child, 'close');
  assert.match(text, /"send\.refused".*Who asks has ended/);
});

test('after_send is told what became of the message, and does not write to the same people again', async () => {
  const input = { from: 'told', to: ['other@example.com'], subject: 'to other', body: 'See.' };
  await daemon.ask<SendOutput>('send', input);
  await daemon.settled();
  const told = ground.starts().filter((line) => line.startsWith('told '));
  assert.deepEqual(told[0], 'told delivered|told@example.com|other@example.com|to other|told');
  const [again, toAgent] = answers('to other');
  assert.match(again?.held ?? '', /^loop: A hook that is told .* writes to other@example\.com/);
  assert.equal(toAgent?.held, null);
  // What it sent starts it again, and there it ends.
  assert.equal(told.length, 2);
});

/**
 * `aimx queue` as its users type it: a real daemon, a real server on loopback that says what each test
 * wants, and the command line in processes of its own.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { QueueListOutput, QueueShowOutput } from '../../../src/operations/queue.ts';
import type { QueueDecisionOutput } from '../../../src/operations/queue-decisions.ts';
import type { SendOutput } from '../../../src/operations/submission.ts';
import { type Answer, eventually, NOBODY, Place, rootOnly, Server } from '../cli/program.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { type Answer as PeerAnswer, type SmtpPeer, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

const RECORDS = {
  MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
  A: { 'mx.example.net': ['127.0.0.1'] },
};

/** What the server says to a recipient whose local part begins so. */
const REPLIES: Readonly<Record<string, PeerAnswer>> = {
  late: '451 4.7.1 Greylisted, come back later',
  gone: '550 5.1.1 No such user here',
};

let dns: Awaited<ReturnType<typeof startDnsServer>>;
let peer: SmtpPeer;
let place: Place;
let server: Server;

function config(port: number): string {
  return `
[outbound]
port = ${port}
allow_private = true
[mailboxes.agent]
address = "agent@example.com"
owner = "nobody"
[[mailboxes.agent.hooks]]
name = "told"
event = "after_send"
cmd = ["/bin/sh", "-c", 'echo "$AIMX_SEND_STATUS" >> "$TOLD"; cat > /dev/null']
env = { TOLD = "TOLD_PATH" }
[[mailboxes.agent.hooks]]
name = "decides"
event = "on_receive"
fire_on_untrusted = true
env = { DECIDED = "DECIDED_PATH" }
cmd = ["/bin/sh", "-c", 'cat > /dev/null; test "$AIMX_SUBJECT" = "Do it" || exit 0; for verb in list release approve hold retry cancel; do case $verb in list) all="";; *) all="--all";; esac; NODE_PROGRAM queue $verb $all --json >> "$DECIDED" 2>&1; done; echo done >> "$DECIDED"']
[mailboxes.careful]
address = "careful@example.com"
owner = "root"
approve = true
`;
}

before(async () => {
  if (rootOnly.skip !== false) return;
  dns = await startDnsServer({ records: RECORDS });
  peer = await startSmtpPeer({
    script: ({ phase, argument }) =>
      phase === 'rcpt'
        ? Object.entries(REPLIES).find(([name]) => argument.includes(`<${name}`))?.[1]
        : undefined,
  });
  place = new Place('', { dnsServers: [dns.address] });
  const main = new URL('../../../src/main.ts', import.meta.url).pathname;
  place.configure(
    config(peer.port)
      .replace('TOLD_PATH', place.scratch('told'))
      .replace('DECIDED_PATH', place.scratch('decided'))
      .replace('NODE_PROGRAM', `${process.execPath} --disable-warning=ExperimentalWarning ${main}`),
  );
  server = await Server.serve(place);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
  await peer?.[Symbol.asyncDispose]();
  await dns?.[Symbol.asyncDispose]();
});

async function send(from: string, ...to: readonly string[]): Promise<SendOutput> {
  const recipients = to.flatMap((address) => ['--to', address]);
  return await place.json<SendOutput>(
    'send',
    ...['--from', from, ...recipients, '--subject', 'Lunch', '--body', 'Shall we?'],
  );
}

async function shown(reference: string | null): Promise<QueueShowOutput> {
  return await place.json<QueueShowOutput>('queue', 'show', reference ?? '');
}

/** The message, once it stands as wanted. */
function standing(
  { queue_id }: SendOutput,
  isWanted: (message: QueueShowOutput) => boolean,
): Promise<QueueShowOutput> {
  return eventually(
    () => server.stderr.slice(-4000),
    async () => {
      const message = await shown(queue_id);
      return isWanted(message) ? message : null;
    },
  );
}

async function listed(...options: readonly string[]): Promise<readonly string[]> {
  const { messages } = await place.json<QueueListOutput>('queue', 'list', ...options);
  return messages.map(({ queue_id }) => queue_id);
}

/** A refusal's code and its words. */
function refusal(
  { stdout, exit }: Answer,
  code = 1,
): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
} {
  assert.equal(exit, code, stdout);
  return (JSON.parse(stdout) as { error: { code: string; message: string; hint: string } }).error;
}

test(
  'queue tells a deferral, and cancel gives up: status, reply, server, tries, next try, after_send',
  rootOnly,
  async () => {
    const sent = await send('agent', 'ann@example.net', 'late@example.net');
    const deferred = await standing(sent, ({ status }) => status === 'deferred');
    assert.deepEqual(
      deferred.recipients.map(({ address, status, attempts, enhanced_status }) => [
        address,
        status,
        attempts,
        enhanced_status,
      ]),
      [
        ['ann@example.net', 'delivered', 1, deferred.recipients[0]?.enhanced_status],
        ['late@example.net', 'deferred', 1, '4.7.1'],
      ],
    );
    const late = deferred.recipients[1];
    assert.match(late?.reply ?? '', /Greylisted/);
    assert.match(late?.remote ?? '', /^mx\.example\.net \[127\.0\.0\.1\]:\d+$/);
    assert.equal(deferred.next_attempt_at, late?.next_attempt_at);
    assert.deepEqual([deferred.attempts, deferred.tries.length], [1, 1]);
    assert.deepEqual(
      deferred.tries[0]?.results.map(({ address, outcome }) => [address, outcome]),
      [
        ['ann@example.net', 'delivered'],
        ['late@example.net', 'deferred'],
      ],
    );

    const id = sent.queue_id ?? '';
    for (const reference of [
      id.slice(0, 4),
      `<${sent.message_id}>`,
      sent.message_id,
      `agent/${sent.id}`,
      sent.id ?? '',
    ])
      assert.equal((await shown(reference)).queue_id, id, reference);
    const trace = await place.json<{ id: string }>('trace', id.slice(0, 6));
    assert.equal(trace.id, sent.id, 'a queue id names the copy in sent');

    const table = await place.aimx(['queue', 'list']);
    assert.match(table.stdout, /^QUEUE ID +AGE +STATUS +MAILBOX +TO +NEXT TRY \(UTC\) +LAST REPLY\n/);
    assert.match(
      table.stdout,
      new RegExp(`^${id.slice(0, 8)} .* deferred +agent +ann@example\\.net \\+1 .*Greylisted`, 'm'),
    );
    const page = (await place.aimx(['queue', 'show', id])).stdout;
    assert.match(
      page,
      /Recipients\n {2}to {3}ann@example\.net: delivered, 1 try\n[\s\S]*late@example\.net: deferred, 1 try, next /,
    );
    assert.match(page, new RegExp(`To give it up {2}aimx queue cancel ${id.slice(0, 8)}\n$`));

    const again = await place.json<QueueDecisionOutput>('queue', 'retry', id);
    assert.deepEqual(again.changed, [id]);
    await standing(sent, ({ attempts }) => attempts === 2);
    assert.deepEqual((await place.json<QueueDecisionOutput>('queue', 'cancel', id)).changed, [id]);
    const ended = await shown(id);
    assert.deepEqual(
      [ended.status, ended.recipients.map(({ status }) => status)],
      ['failed', ['delivered', 'cancelled']],
    );
    assert.deepEqual(
      ended.decisions.map(({ decision, by }) => [decision, by]),
      [
        ['retry-asked', 'root'],
        ['cancelled', 'root'],
      ],
    );
    await eventually('after_send', () => place.lines('told').length >= 2);
    assert.deepEqual(place.lines('told').slice(0, 2), ['deferred', 'failed']);
    const runs = await place.json<{ runs: readonly { hook: string; send_status: string | null }[] }>(
      'runs',
      ...['list', '--hook', 'told'],
    );
    assert.deepEqual(
      runs.runs.map(({ send_status }) => send_status),
      ['failed', 'deferred'],
    );
    const late2 = refusal(await place.aimx(['queue', 'cancel', id, '--json']));
    assert.deepEqual([late2.code, /has ended: failed/.test(late2.message)], ['request.conflict', true]);
    assert.ok((await listed('--failed')).includes(id));
    assert.ok(!(await listed()).includes(id));
  },
);

test('queue show names the report that its sender got, and the reply that ended it', rootOnly, async () => {
  const sent = await send('agent', 'gone@example.net');
  const failed = await standing(sent, ({ status, reports }) => status === 'failed' && reports.length > 0);
  assert.match(failed.recipients[0]?.reply ?? '', /No such user here/);
  assert.equal(failed.recipients[0]?.enhanced_status, '5.1.1');
  const report = await standing(sent, ({ reports }) => (reports[0]?.message ?? null) !== null);
  assert.equal(report.reports[0]?.purpose, 'report');
  const [mailbox, id] = (report.reports[0]?.message ?? '').split('/');
  assert.equal(mailbox, 'agent');
  await eventually(
    'the report',
    () =>
      existsSync(join(place.folder, 'data', 'inbox', 'agent', `${id}.md`)) ||
      existsSync(join(place.folder, 'data', 'inbox', 'agent', id ?? '')),
  );
});

test(
  'approval and holds are let go by the command that is meant for each, and by no other',
  rootOnly,
  async () => {
    const waiting = await send('careful', 'ann@example.net');
    const [first = '', ...none] = [waiting.queue_id ?? ''];
    assert.deepEqual(none, []);
    assert.deepEqual(await listed('--held'), [first]);
    const byOther = refusal(await place.aimx(['queue', 'release', first, '--json']));
    assert.deepEqual(
      [byOther.code, byOther.hint],
      ['request.conflict', `aimx queue approve ${first} lets it go`],
    );
    assert.deepEqual((await place.json<QueueDecisionOutput>('queue', 'release', '--all')).changed, []);
    const tried = refusal(await place.aimx(['queue', 'retry', first, '--json']));
    assert.match(tried.message, /is held \(approval: /);
    const elsewhere = refusal(
      await place.aimx(['queue', 'approve', '--all', '--mailbox', 'nobody-has-it', '--json']),
    );
    assert.equal(elsewhere.code, 'request.not-found');
    assert.deepEqual((await place.json<QueueDecisionOutput>('queue', 'approve', '--all')).changed, [first]);
    await standing(waiting, ({ status }) => status === 'delivered');

    const sent = await send('agent', 'late@example.net');
    await standing(sent, ({ status }) => status === 'deferred');
    const id = sent.queue_id ?? '';
    assert.deepEqual((await place.json<QueueDecisionOutput>('queue', 'hold', id)).changed, [id]);
    const held = await shown(id);
    assert.deepEqual([held.held, held.next_attempt_at], ['operator: Held by root', null]);
    assert.match(
      (await place.aimx(['queue', 'list'])).stdout,
      /held +agent +late@example\.net +- +operator: Held by root/,
    );
    refusal(await place.aimx(['queue', 'approve', id, '--json']));
    const before = held.expires_at;
    assert.deepEqual((await place.json<QueueDecisionOutput>('queue', 'release', id)).changed, [id]);
    const released = await standing(sent, ({ attempts }) => attempts === 2);
    assert.deepEqual([released.held, released.expires_at > before], [null, true]);
    await place.json('queue', 'cancel', id);
  },
);

test('of several that are named all must fit, or nothing is done', rootOnly, async () => {
  const open = await send('careful', 'ann@example.net');
  const ended = await send('agent', 'ann@example.net');
  await standing(ended, ({ status }) => status === 'delivered');
  const both = [open.queue_id ?? '', ended.queue_id ?? ''];
  const error = refusal(await place.aimx(['queue', 'cancel', ...both, '--json']));
  assert.match(error.message, /^Nothing was done: /);
  assert.equal((await shown(both[0] ?? '')).ended_at, null);
  await place.json('queue', 'cancel', both[0] ?? '');
});

test('only the owner and root may see or decide; a hook may look and not decide', rootOnly, async () => {
  const careful = await send('careful', 'ann@example.net');
  const id = careful.queue_id ?? '';
  for (const args of [
    ['queue', 'show', id],
    ['queue', 'approve', id],
    ['trace', id],
  ])
    assert.equal(
      refusal(await place.aimx([...args, '--json'], { uid: NOBODY })).code,
      'request.not-found',
      args.join(' '),
    );
  const theirs = await place.aimx(['queue', 'list', '--all', '--json'], { uid: NOBODY });
  const { messages } = JSON.parse(theirs.stdout) as QueueListOutput;
  assert.deepEqual([...new Set(messages.map(({ mailbox }) => mailbox))], ['agent']);

  await place.aimx(['ingest', 'agent@example.com'], {
    stdin: 'From: a@example.org\nSubject: Do it\n\nPlease.\n',
  });
  await eventually('the hook', () => place.lines('decided').includes('done'));
  const [look = '', ...decisions] = readFileSync(place.scratch('decided'), 'utf8').trim().split('\n');
  assert.ok(Array.isArray((JSON.parse(look) as QueueListOutput).messages));
  assert.deepEqual(
    decisions.slice(0, -1).map((line) => (JSON.parse(line) as { error: { code: string } }).error.code),
    Array.from({ length: 5 }, () => 'request.forbidden'),
  );
  assert.equal((await shown(id)).held?.split(':')[0], 'approval');
});

test(
  'a reference that is too short, unknown or fits several is refused, the last with candidates',
  rootOnly,
  async () => {
    for (const unknown of ['abc', 'ffffffffffffffff', 'nobody@nowhere.example', 'agent/2020-01-01-000000-x'])
      assert.equal(
        refusal(await place.aimx(['queue', 'show', unknown, '--json'])).code,
        'request.not-found',
        unknown,
      );
    const several = await place.aimx(['queue', 'list', '--held', '--all', '--json']);
    assert.equal(refusal(several, 2).code, 'request.invalid');
    for (const args of [
      ['queue', 'hold'],
      ['queue', 'hold', 'abcd', '--all'],
    ])
      assert.equal(refusal(await place.aimx([...args, '--json']), 2).code, 'request.invalid', args.join(' '));
  },
);

test('raw prints a message of ours as it leaves, with nothing before it', rootOnly, async () => {
  const sent = await send('agent', 'ann@example.net');
  const { stdout } = await place.aimx(['raw', `agent/${sent.id}`]);
  assert.match(stdout, /^(?!Return-Path|Received)[A-Z][A-Za-z-]+: /);
  assert.match(stdout, /^Subject: Lunch\r$/m);
});

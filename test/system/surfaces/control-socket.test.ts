import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createDaemonClient } from '../../../src/surfaces/socket/client.ts';
import { createControlServer } from '../../../src/surfaces/socket/control-server.ts';
import { CONTROL_LIMITS } from '../../../src/surfaces/socket/limits.ts';
import { silentLog } from '../../../src/system/log.ts';
import { type Fixture, MESSAGE, OWNER, STRANGER, startFixture } from './control-fixture.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'other users can be tried by root alone';

let fixture: Fixture;
let id: string;

before(async () => {
  if (!isRoot) return;
  fixture = await startFixture({
    ...CONTROL_LIMITS,
    headersTimeoutMs: 400,
    requestTimeoutMs: 800,
    checkEveryMs: 50,
    connectionsPerUid: 3,
    connectionsMax: 5,
  });
  id = (await fixture.deliver(MESSAGE, 'support')) ?? '';
  await fixture.finishRuns('succeeded');
  await fixture.deliver(MESSAGE, 'support');
});
after(async () => fixture?.[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly body: {
    readonly [name: string]: unknown;
    readonly error?: { readonly code: string; readonly hint: string };
  };
}

function post(path: string, body: string | Buffer, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: fixture.socketPath, method, path, agent: false },
      async (response) => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) });
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** What a raw connection gets to read until the server closes it. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(fixture.socketPath, () => socket.write(bytes));
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
}

const ASK = `
const { request } = require('node:http');
const [, path, name, body] = process.argv;
const out = request({ socketPath: path, method: 'POST', path: '/v1/' + name }, (r) => {
  let all = ''; r.on('data', (c) => { all += c; }); r.on('end', () => process.stdout.write(JSON.stringify({ status: r.statusCode, body: JSON.parse(all) })));
});
out.end(body);
`;

/** Asks as another user, whom the kernel names. */
async function askAs(
  user: { readonly uid: number; readonly gid: number },
  name: string,
  input: unknown,
): Promise<Answer> {
  const child = spawn(process.execPath, ['-e', ASK, fixture.socketPath, name, JSON.stringify(input)], {
    uid: user.uid,
    gid: user.gid,
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Answer;
}

test('the socket is open to all and health is answered', { skip }, async () => {
  assert.equal(statSync(fixture.socketPath).mode & 0o777, 0o666);
  assert.deepEqual(await post('/health', '', 'GET'), { status: 200, body: { status: 'ok' } });
});

test('GET /v1 lists every operation with its rights', { skip }, async () => {
  const { body } = await post('/v1', '', 'GET');
  const operations = body['operations'] as readonly { readonly name: string; readonly who: string }[];
  assert.ok(operations.some(({ name, who }) => name === 'runs.release' && who === 'owner'));
});

test('an owner sees the mailbox, and nobody else learns that it is there', { skip }, async () => {
  const own = await askAs(OWNER, 'mailboxes.show', { mailbox: 'support' });
  assert.equal(own.status, 200);
  const theirs = await askAs(STRANGER, 'mailboxes.show', { mailbox: 'support' });
  const none = await askAs(STRANGER, 'mailboxes.show', { mailbox: 'nothing' });
  assert.equal(theirs.status, 404);
  assert.deepEqual(
    JSON.stringify(theirs).replaceAll('support', 'x'),
    JSON.stringify(none).replaceAll('nothing', 'x'),
  );
});

test('every operation on a message or a run is closed to a stranger', { skip }, async () => {
  const { rows } = await fixture.journal.query('runs', { filter: {}, limit: 10 });
  const runId = rows[0]?.runId;
  const checks: readonly [string, unknown][] = [
    ['read', { message: `support/${id}` }],
    ['raw', { message: id }],
    ['trace', { message: 'turin-1@example.com' }],
    ['dedup.forget', { message: id }],
    ['runs.show', { run_id: runId }],
    ['runs.output', { run_id: runId }],
    ['runs.replay', { run_id: runId }],
    ['runs.cancel', { run_ids: [runId] }],
    ['runs.release', { run_ids: [runId] }],
    ['runs.list', { mailbox: 'support' }],
    ['dedup.list', { mailbox: 'support' }],
    ['list', { mailbox: 'support' }],
    ['hooks.list', { mailbox: 'support' }],
  ];
  for (const [name, input] of checks) {
    const answer = await askAs(STRANGER, name, input);
    assert.equal(answer.body.error?.code, 'request.not-found', name);
  }
  for (const name of ['runs.list', 'dedup.list', 'list', 'hooks.list', 'mailboxes.list']) {
    const { status, body } = await askAs(STRANGER, name, {});
    assert.equal(status, 200, name);
    assert.deepEqual(Object.values(body).find(Array.isArray), [], name);
  }
  for (const name of ['config.check', 'dkim.keygen'])
    assert.equal((await askAs(STRANGER, name, {})).body.error?.code, 'request.forbidden', name);
});

test('an owner reads, traces and lists what is theirs', { skip }, async () => {
  assert.equal((await askAs(OWNER, 'trace', { message: id })).status, 200);
  const list = await askAs(OWNER, 'list', {});
  assert.equal((list.body['messages'] as readonly unknown[]).length, 1);
  const copies = await askAs(OWNER, 'dedup.list', {});
  assert.equal((copies.body['absorbed'] as readonly unknown[]).length, 1);
});

test('runs.output tells output that is not known yet from none', { skip }, async () => {
  const { rows } = await fixture.journal.query('runs', { filter: {}, limit: 1 });
  const run_id = rows[0]?.runId;
  const check = async (attempt: number, expected: Readonly<Record<string, unknown>>): Promise<void> =>
    assert.partialDeepStrictEqual((await askAs(OWNER, 'runs.output', { run_id, attempt })).body, expected);
  await check(1, { state: 'kept', stdout: 'hello\x1b[31m\n', stderr: '' });
  await check(2, { state: 'unfinished', stdout: null, stderr: null });
  await check(3, { error: { code: 'request.not-found' } });
});

test('requests that do not fit get a code and a hint', { skip }, async () => {
  const checks: readonly [string, string | Buffer, number, string][] = [
    ['/v1/list', '{', 400, 'request.invalid'],
    ['/v1/list', '[]', 400, 'request.invalid'],
    ['/v1/list', 'null', 400, 'request.invalid'],
    ['/v1/list', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400, 'request.invalid'],
    ['/v1/list', '{"limit":0}', 400, 'request.invalid'],
    ['/v1/list', '{"limit":501}', 400, 'request.invalid'],
    ['/v1/list', '{"unknown":1}', 400, 'request.invalid'],
    ['/v1/list', '{"cursor":"bm9uZQ"}', 400, 'request.invalid'],
    ['/v1/list', `{"mailbox":"${'x'.repeat(2000)}"}`, 400, 'request.invalid'],
    ['/v1/runs.list', '{"state":"odd"}', 400, 'request.invalid'],
    ['/v1/runs.release', '{}', 400, 'request.invalid'],
    ['/v1/ingest', 'Subject: x\n\nbody\n', 400, 'request.invalid'],
    ['/v1/ingest?recipient=nobody%40agent.example', 'Subject: x\n\nbody\n', 404, 'request.not-found'],
    ['/v1/ingest?recipient=support%40agent.example', '', 400, 'request.invalid'],
    ['/v1/__proto__', '{}', 404, 'request.not-found'],
    ['/v1/toString', '{}', 404, 'request.not-found'],
    ['/v1/nothing', '{}', 404, 'request.not-found'],
    ['/v2/list', '{}', 404, 'request.not-found'],
    ['/v1/runs.show', '{"run_id":"0000"}', 404, 'request.not-found'],
    ['/v1/read', '{"message":"../../../etc/passwd"}', 404, 'request.not-found'],
    ['/v1/read', '{"message":"support/../sam/x"}', 404, 'request.not-found'],
    ['/v1/list', 'x'.repeat(CONTROL_LIMITS.jsonBytesMax + 1), 413, 'request.too-large'],
  ];
  for (const [path, body, status, code] of checks) {
    const answer = await post(path, body);
    const what = `${path} ${body.toString().slice(0, 40)}`;
    assert.equal(answer.body.error?.code, code, what);
    assert.equal(answer.status, status, what);
    assert.ok(answer.body.error?.hint, what);
  }
});

test('what is no HTTP is answered and closed', { skip }, async () => {
  assert.match(await raw('HELO you\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await raw(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await raw('\x16\x03\x01\x02\x00\x01'), /^HTTP\/1\.1 400 /);
});

test('slow clients are told so and let go', { skip }, async () => {
  assert.match(await raw('POST /v1/list HTTP/1.1\r\n'), /^HTTP\/1\.1 408 /);
  assert.match(await raw('POST /v1/list HTTP/1.1\r\ncontent-length: 100\r\n\r\n{'), /408|^$/);
});

/** Opens connections as another user and keeps them. @returns how many were refused, once all are closed. */
async function occupy(user: { readonly uid: number; readonly gid: number }, count: number): Promise<number> {
  const script = `
    const { connect } = require('node:net');
    const count = Number(process.argv[2]);
    let refused = 0, closed = 0;
    for (let i = 0; i < count; i += 1) connect(process.argv[1]).on('data', (d) => { if (/429/.test(d)) refused += 1; })
      .on('close', () => { closed += 1; if (closed === count) { process.stdout.write(String(refused)); } });
  `;
  const child = spawn(process.execPath, ['-e', script, fixture.socketPath, String(count)], {
    uid: user.uid,
    gid: user.gid,
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Number(await text(child.stdout));
}

test('one user cannot take all connections', { skip }, async () => {
  assert.equal(await occupy(STRANGER, 6), 3);
  assert.equal((await post('/health', '', 'GET')).status, 200);
});

test('several users cannot keep root out', { skip }, async () => {
  const users = [STRANGER, OWNER, { uid: 2, gid: 2 }, { uid: 3, gid: 3 }];
  let isOver = false;
  const refused = Promise.all(users.map((user) => occupy(user, 3))).finally(() => {
    isOver = true;
  });
  while (!isOver) assert.equal((await post('/health', '', 'GET')).status, 200);
  assert.ok((await refused).some((count) => count > 0));
});

test('raw streams the message with its trace fields, byte for byte', { skip }, async () => {
  const client = createDaemonClient(fixture.socketPath);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await client.download('raw', { message: id })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks).toString('latin1');
  assert.ok(bytes.endsWith(MESSAGE));
  assert.match(
    bytes,
    /^Return-Path: <ada@example\.com>\r\nReceived: from mail\.example\.com \(\[192\.0\.2\.7\]\)\r\n/,
  );
  assert.match(
    bytes,
    /Authentication-Results: agent\.example;\r\n\tspf=none;\r\n\tdkim=none;\r\n\tdmarc=none\r\n/,
  );
});

test('createDaemonClient() gives back the error of the operation', { skip }, async () => {
  const client = createDaemonClient(fixture.socketPath);
  await assert.rejects(client.call('runs.show', { run_id: 'x' }), { code: 'request.not-found' });
  await assert.rejects(client.download('raw', { message: 'x' }), { code: 'request.not-found' });
  await assert.rejects(createDaemonClient('/nowhere/aimx.sock').call('list', {}), {
    code: 'daemon.unreachable',
  });
});

test('a live daemon is never displaced, and what a dead one left is', { skip }, async () => {
  const options = { socketPath: fixture.socketPath, world: () => fixture.world, log: silentLog };
  await assert.rejects(createControlServer(options), { code: 'daemon.running' });
  assert.equal((await post('/health', '', 'GET')).status, 200);

  const socketPath = `${fixture.runtimeDir}/stale.sock`;
  const script =
    "require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  const dead = spawn(process.execPath, ['-e', script, socketPath], { stdio: 'ignore' });
  await new Promise((resolve) => dead.once('exit', resolve));
  assert.ok(existsSync(socketPath), 'the dead one left its socket');
  await using _second = await createControlServer({ ...options, socketPath });
  await createDaemonClient(socketPath).ping();
});

test('a socket path longer than the kernel takes is reached all the same', { skip }, async () => {
  const socketPath = `${fixture.runtimeDir}/${'long-name-'.repeat(12)}/aimx.sock`;
  await using _server = await createControlServer({ socketPath, world: () => fixture.world, log: silentLog });
  await createDaemonClient(socketPath).ping();
});

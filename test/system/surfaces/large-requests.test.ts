/** Requests with attachments, several at once, through the socket of a real daemon. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { CONTROL_LIMITS } from '../../../src/surfaces/socket/limits.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';

const ground = new Ground({
  hook: null,
  trust: 'block_recipients = ["*@evil.example"]\nmax_sends_per_hour = 1',
});
after(() => ground[Symbol.dispose]());
const daemon = await DaemonUnderTest.start(ground);
after(() => daemon[Symbol.asyncDispose]());

/** What the kernel keeps of a connection that nobody reads is far less. */
const ATTACHED_BYTES = 6 * 1024 * 1024;

function openSend(): ClientRequest {
  const call = request({
    socketPath: join(ground.runtimeDir, 'aimx.sock'),
    path: '/v1/send',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  // Those that the test lets go end with an error.
  call.on('error', () => {});
  return call;
}

function letter(fields: Readonly<Record<string, unknown>> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({ from: 'agent', to: ['x@example.net'], subject: 's', body: 'b', ...fields }),
  );
}

const LARGE = letter({
  dry_run: true,
  attachments: [{ filename: 'a', content_base64: Buffer.alloc(ATTACHED_BYTES).toString('base64') }],
});

/** Sends all of a large request but its last octet. @returns when the daemon has read it. */
async function begin(): Promise<ClientRequest> {
  const call = openSend();
  await new Promise((resolve) => call.write(LARGE.subarray(0, -1), resolve));
  return call;
}

async function answerTo(call: ClientRequest): Promise<{ readonly status: number; readonly body: unknown }> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await json(response) };
}

test('large requests of one user wait for their turn; small ones do not; who leaves gives it back', async () => {
  const begun = await Promise.all(Array.from({ length: CONTROL_LIMITS.largePerUid }, begin));
  const leaving = openSend();
  leaving.write(LARGE.subarray(0, -1));
  const waiting = openSend();
  waiting.end(LARGE);
  for (let asked = 0; asked < 20; asked += 1) await daemon.ask('mailboxes.list', {});
  assert.equal(waiting.writableFinished, false, 'it is read, although it is not its turn');
  leaving.destroy();
  const [gone, ...others] = begun;
  gone?.destroy();
  assert.equal((await answerTo(waiting)).status, 200);
  for (const call of others) {
    call.end(LARGE.subarray(-1));
    assert.equal((await answerTo(call)).status, 200);
  }
});

test('what a mailbox may not send is the caller’s fault, and says so', async () => {
  const check = async (fields: Readonly<Record<string, unknown>>, expected: number, code: string | null) => {
    const call = openSend();
    call.end(letter(fields));
    const { status, body } = await answerTo(call);
    assert.equal(status, expected);
    assert.equal((body as { error?: { code: string } }).error?.code ?? null, code);
  };
  await check({ to: ['a@evil.example'] }, 403, 'send.refused');
  await check({}, 200, null);
  await check({}, 429, 'send.limited');
});

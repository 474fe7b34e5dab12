/** Connections of the SMTP client: kept for the next message, given up, closed by the other side, slow. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, test } from 'node:test';
import type { SecureContext } from 'node:tls';
import { Certificates } from '../smtp-peer/certificates.ts';
import { type PeerOptions, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { CONTENT, openTo, sessionTo, transmit } from './client-under-test.ts';

let certificate: SecureContext;
const certificates = new Certificates();
before(() => {
  certificate = certificates.selfSigned('peer.example');
});
after(() => certificates[Symbol.dispose]());

/** Resolves when `condition` holds. @throws after 5 s. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Never: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('client: a session takes one message after the other', async () => {
  await using peer = await startSmtpPeer();
  const opened = await openTo(peer);
  assert.ok(opened.kind === 'open');
  await using session = opened.session;
  for (let n = 0; n < 3; n += 1) assert.equal((await transmit(session)).kind, 'answered');
  assert.deepEqual([peer.messages.length, peer.connections, session.isReusable], [3, 1, true]);
  assert.equal(peer.messages[2]?.content, CONTENT);
});

for (const title of ['plain text', 'TLS']) {
  const options = (): PeerOptions => (title === 'TLS' ? { startTls: certificate } : {});

  test(`client: over ${title}, a session says QUIT, and leaves nothing behind`, async () => {
    const { signal } = new AbortController();
    await using peer = await startSmtpPeer(options());
    for (let nth = 0; nth < 3; nth += 1) {
      await using session = await sessionTo(peer, { signal });
      await transmit(session, { abort: signal });
    }
    assert.equal(peer.commands.filter((command) => command === 'QUIT').length, 3);
    await until(() => getEventListeners(signal, 'abort').length === 0);
  });

  test(`client: over ${title}, a connection that the server has closed is not used again`, async () => {
    await using peer = await startSmtpPeer({
      ...options(),
      script: ({ phase }) => (phase === 'dot' ? { reply: '250 2.0.0 kept', thenClose: true } : undefined),
    });
    await using session = await sessionTo(peer);
    assert.equal((await transmit(session)).kind, 'answered');
    await until(() => !session.isReusable);
    const again = await transmit(session);
    assert.ok(again.kind === 'unavailable' && again.stage === 'mail');
  });

  test(`client: over ${title}, a server that stops reading is given up within the time limit`, async () => {
    await using peer = await startSmtpPeer({
      ...options(),
      script: ({ phase }) => (phase === 'content' ? { stopsReading: true } : undefined),
    });
    await using session = await sessionTo(peer);
    const content = Array.from({ length: 64 }, () => 'x'.repeat(256 * 1024));
    const outcome = await transmit(session, { content });
    assert.deepEqual(outcome, {
      kind: 'unavailable',
      stage: 'data',
      reason: 'no answer within the time limit',
      reply: null,
    });
    assert.equal(session.isReusable, false);
  });

  test(`client: over ${title}, what is given up before the dot is no doubt, and behind it is one`, async () => {
    const check = async (phase: string, expected: string): Promise<void> => {
      const stop = new AbortController();
      await using peer = await startSmtpPeer({
        ...options(),
        script: (event) => {
          if (event.phase !== phase) return undefined;
          stop.abort();
          return { silent: true };
        },
      });
      await using session = await sessionTo(peer);
      assert.equal((await transmit(session, { abort: stop.signal })).kind, expected);
    };
    await check('mail', 'unavailable');
    await check('data', 'unavailable');
    await check('dot', 'in-doubt');
  });
}

test('client: what is given up while it is being made durable hands nothing over', async () => {
  const stop = new AbortController();
  await using peer = await startSmtpPeer();
  await using session = await sessionTo(peer);
  const outcome = await transmit(session, {
    abort: stop.signal,
    beforeFinalDot: async () => stop.abort(),
  });
  assert.deepEqual([outcome.kind, peer.messages.length], ['unavailable', 0]);
  await using other = await sessionTo(peer);
  const already = await transmit(other, { abort: AbortSignal.abort() });
  assert.deepEqual([already.kind, peer.messages.length], ['unavailable', 0]);
});

test('client: opening is given up at once, in every phase', async () => {
  for (const phase of ['greet', 'ehlo', 'starttls']) {
    const stop = new AbortController();
    await using peer = await startSmtpPeer({
      startTls: 'hang',
      script: (event) => {
        if (event.phase !== phase) return undefined;
        setImmediate(() => stop.abort(new Error('the daemon stops')));
        return phase === 'starttls' ? undefined : { silent: true };
      },
    });
    const opened = await openTo(peer, { signal: stop.signal });
    assert.equal(opened.kind, 'unavailable');
    assert.ok(peer.connections === 1);
  }
  assert.equal((await openTo({ port: 1 }, { signal: AbortSignal.abort() })).kind, 'unavailable');
});

test('client: nobody listens', async () => {
  const peer = await startSmtpPeer();
  await peer[Symbol.asyncDispose]();
  assert.deepEqual(await openTo(peer), {
    kind: 'unavailable',
    stage: 'connect',
    reason: 'connection refused',
    reply: null,
  });
});

test('client: a server at another address of loopback, on the same port', async () => {
  await using one = await startSmtpPeer();
  await using two = await startSmtpPeer({ host: '127.0.0.2', port: one.port });
  await using session = await sessionTo(two);
  assert.equal(session.remote, `peer.example [127.0.0.2]:${one.port}`);
  await transmit(session);
  assert.deepEqual([one.messages.length, two.messages.length], [0, 1]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import { simulatedClock } from '../system/clock.sim.ts';
import { silentLog } from '../system/log.ts';
import { Sessions } from './sessions.ts';
import type { Credentials, SmtpSession, TlsPolicy } from './transmission.ts';
import type { World } from './world.ts';

interface Opened {
  readonly tls: TlsPolicy;
  readonly credentials: Credentials | null;
}

function sessions(outbound: Partial<Config['outbound']> = {}) {
  const opened: Opened[] = [];
  const clock = simulatedClock();
  const world = {
    clock,
    log: silentLog,
    readPassword: async () => 'secret',
    config: () => ({
      hostname: 'us.example',
      outbound: { relay: null, relayUser: null, relayPasswordFile: null, ...outbound },
    }),
    client: {
      open: async (_endpoint, { tls, credentials }) => {
        opened.push({ tls, credentials });
        return { kind: 'unavailable', stage: 'connect', reason: 'no', reply: null };
      },
    } satisfies World['client'],
  } as unknown as World;
  return { opened, clock, kept: new Sessions(world) };
}

/** @param closed Gets the session's name when it is closed. */
function session(name: string, closed: string[], isReusable = true): SmtpSession {
  return {
    endpoint: { host: name, address: '192.0.2.1', port: 25 },
    remote: name,
    tls: null,
    tlsFailure: null,
    isReusable,
    transmit: () => assert.fail('nothing is sent here'),
    [Symbol.asyncDispose]: async () => void closed.push(name),
  };
}

test('Sessions.open(): a password crosses a network only under a certificate that names the relay', async () => {
  const check = async (address: string, outbound: Partial<Config['outbound']>, expected: Opened) => {
    const { kept, opened } = sessions(outbound);
    await kept.open({ host: 'smtp.example', address, port: 587 }, new AbortController().signal);
    assert.deepEqual(opened, [expected]);
  };
  const login = { relay: { host: 'smtp.example', port: 587 }, relayUser: 'us', relayPasswordFile: '/p' };
  const credentials = { user: 'us', password: 'secret' };
  const verified = { kind: 'verified', name: 'smtp.example' } as const;
  await check('192.0.2.1', login, { tls: verified, credentials });
  await check('10.0.0.1', login, { tls: verified, credentials });
  await check('::2', login, { tls: verified, credentials });
  await check('127.0.0.1', login, { tls: { kind: 'opportunistic' }, credentials });
  await check('::1', login, { tls: { kind: 'opportunistic' }, credentials });
  await check('192.0.2.1', {}, { tls: { kind: 'opportunistic' }, credentials: null });
});

test('Sessions: a connection is kept for its destination, for three seconds', () => {
  const { kept, clock } = sessions();
  const closed: string[] = [];
  kept.keep('a.example', session('first', closed));
  assert.equal(kept.take('b.example'), null);
  assert.equal(kept.take('a.example')?.remote, 'first');
  assert.equal(kept.take('a.example'), null);
  kept.keep('a.example', session('second', closed));
  clock.advance(3_000);
  assert.equal(kept.take('a.example'), null);
  assert.deepEqual(closed, ['second']);
});

test('Sessions: one that has ended, has carried a hundred messages, or is one too many is closed', async () => {
  const { kept } = sessions();
  const closed: string[] = [];
  kept.keep('a.example', session('ended', closed, false));
  const worn = session('worn', closed);
  for (let used = 0; used < 99; used += 1) {
    kept.keep('a.example', worn);
    assert.equal(kept.take('a.example'), worn);
  }
  kept.keep('a.example', worn);
  assert.deepEqual(closed, ['ended', 'worn']);
  for (let nth = 0; nth <= 32; nth += 1) kept.keep(`${nth}.example`, session(`${nth}`, closed));
  assert.deepEqual(closed, ['ended', 'worn', '32']);
  await kept[Symbol.asyncDispose]();
  assert.equal(closed.length, 35);
});

/** TLS and AUTH of the SMTP client, against a real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getCACertificates, type SecureContext, setDefaultCACertificates } from 'node:tls';
import type { TlsPolicy } from '../../../src/outbound/transmission.ts';
import { Certificates } from '../smtp-peer/certificates.ts';
import { startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { openTo, outcomeOf, sessionTo, transmit } from './client-under-test.ts';

let certificate: SecureContext;
/** For `peer.example`, by an authority that this process trusts. */
let vouched: SecureContext;
/** For 127.0.0.1, by the like. */
let vouchedAddress: SecureContext;

before(() => {
  using certificates = new Certificates();
  certificate = certificates.selfSigned('peer.example');
  const signed = certificates.signed('peer.example');
  vouched = signed.context;
  const address = certificates.signed('127.0.0.1');
  vouchedAddress = address.context;
  setDefaultCACertificates([...getCACertificates('default'), signed.authority, address.authority]);
});
after(() => setDefaultCACertificates(getCACertificates('bundled')));

test('client: TLS where it is offered; a certificate that does not verify is told; garbage is gone around', async () => {
  await using peer = await startSmtpPeer({ startTls: certificate });
  const opened = await openTo(peer);
  assert.ok(opened.kind === 'open');
  {
    await using session = opened.session;
    assert.match(session.tls?.protocol ?? '', /^TLSv1/);
    assert.match(session.tls?.problem ?? '', /self/i);
    assert.equal((await transmit(session)).kind, 'answered');
  }
  assert.equal(peer.messages[0]?.isSecure, true);
  assert.equal(await outcomeOf({ startTls: 'garbage' }), 'answered dot 250, 1 kept');
});

test('client: where the certificate must verify, nothing is said to one that does not', async () => {
  const tls: TlsPolicy = { kind: 'verified', name: 'peer.example' };
  const credentials = { user: 'me', password: 'secret' };
  for (const options of [{ startTls: certificate }, { startTls: 'garbage' }, {}] as const) {
    await using peer = await startSmtpPeer({ ...options, auth: credentials });
    const opened = await openTo(peer, { tls, credentials });
    assert.ok(opened.kind === 'unavailable');
    assert.equal(opened.stage, 'tls');
    assert.ok(!peer.commands.some((command) => command.startsWith('AUTH')));
  }
});

test('client: logs in, and waits for the operator where the password is wrong', async () => {
  const auth = { user: 'me', password: 'secret' };
  assert.equal(await outcomeOf({ auth }, { credentials: auth }), 'answered dot 250, 1 kept');
  assert.equal(
    await outcomeOf({ auth }, { credentials: { ...auth, password: 'wrong' } }),
    'unavailable auth, 0 kept',
  );
  assert.equal(await outcomeOf({}, { credentials: auth }), 'unavailable auth, 0 kept');
});

test('client: what is said in the clear behind STARTTLS is thrown away (CVE-2011-0411)', async () => {
  for (const evil of ['250-SIZE 1', '250 SIZE 1\r\n', 'x']) {
    await using peer = await startSmtpPeer({
      startTls: certificate,
      sizeMax: 100_000,
      script: ({ phase, nth }) => (phase === 'starttls' && nth === 1 ? `220 go on\r\n${evil}` : undefined),
    });
    const opened = await openTo(peer);
    assert.ok(opened.kind === 'open', evil);
    await using session = opened.session;
    assert.equal(session.tls, null);
    assert.equal((await transmit(session)).kind, 'answered');
  }
});

test('client: a certificate that verifies is told, and one for another name is none', async () => {
  await using peer = await startSmtpPeer({ startTls: vouched });
  const check = async (name: string, problem: RegExp | null): Promise<void> => {
    await using session = await sessionTo(peer, { name });
    if (problem === null) assert.equal(session.tls?.problem, null);
    else assert.match(session.tls?.problem ?? '', problem);
  };
  await check('peer.example', null);
  await check('other.example', /issued for another name/);
  await check('127.0.0.1', /issued for another name/);
  assert.deepEqual(peer.handshakes, ['TLSv1.3', 'TLSv1.3', 'TLSv1.3']);
});

test('client: a relay that is named by its address may have a certificate for it', async () => {
  await using peer = await startSmtpPeer({ startTls: vouchedAddress });
  const name = '127.0.0.1';
  await using session = await sessionTo(peer, { name, tls: { kind: 'verified', name } });
  assert.equal(session.tls?.problem, null);
});

test('client: where the certificate verifies, the password is said, and under TLS alone', async () => {
  const auth = { user: 'me', password: 'secret' };
  await using peer = await startSmtpPeer({ startTls: vouched, auth });
  const tls: TlsPolicy = { kind: 'verified', name: 'peer.example' };
  await using session = await sessionTo(peer, { tls, credentials: auth, name: '127.0.0.1' });
  assert.equal((await transmit(session)).kind, 'answered');
  const order = peer.commands.filter((command) => /^(STARTTLS|AUTH)/.test(command));
  assert.deepEqual(
    order.map((command) => command.split(' ')[0]),
    ['STARTTLS', 'AUTH'],
  );
  const other = await openTo(peer, { tls: { kind: 'verified', name: 'other.example' }, credentials: auth });
  assert.ok(other.kind === 'unavailable');
  assert.match(`${other.stage} ${other.reason}`, /^tls its certificate: issued for another name/);
});

test('client: why TLS that was offered has failed is told with the connection in plain text', async () => {
  const check = async (options: Parameters<typeof startSmtpPeer>[0], reason: RegExp): Promise<void> => {
    await using peer = await startSmtpPeer(options);
    await using session = await sessionTo(peer);
    assert.equal(session.tls, null);
    assert.match(session.tlsFailure ?? '', reason);
    assert.equal(peer.connections, 2);
  };
  await check({ startTls: 'garbage' }, /wrong version number|packet length/);
  await check({ startTls: 'hang' }, /time limit/);
  await check(
    {
      startTls: certificate,
      script: ({ phase }) => (phase === 'starttls' ? '454 4.7.0 not now' : undefined),
    },
    /refuses it: 454 not now/,
  );
  await check(
    { startTls: certificate, script: ({ phase }) => (phase === 'starttls' ? { reset: true } : undefined) },
    /connection reset/,
  );
});

test('client: a large message goes whole through TLS', async () => {
  await using peer = await startSmtpPeer({ startTls: certificate });
  await using session = await sessionTo(peer);
  const content = Array.from({ length: 40 }, (_, nth) => `..${nth}\r\n.`.repeat(10_000));
  assert.equal((await transmit(session, { content })).kind, 'answered');
  assert.equal(peer.messages[0]?.content, `${content.join('')}\r\n`);
});

for (const offer of ['AUTH LOGIN', 'AUTH=PLAIN'])
  test(`client: logs in where it is offered as ${offer}`, async () => {
    const auth = { user: 'me', password: 'x'.repeat(500), offer };
    assert.equal(await outcomeOf({ auth }, { credentials: auth }), 'answered dot 250, 1 kept');
  });

/** The SMTP client against a server that misbehaves as each test says. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { CLIENT_TIMEOUTS } from '../../../src/outbound/client-timeouts.ts';
import { createSmtpClient } from '../../../src/outbound/smtp-client.ts';
import type {
  Credentials,
  SmtpSession,
  TlsPolicy,
  TransmissionOutcome,
} from '../../../src/outbound/transmission.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemOutgoingNetwork } from '../../../src/system/outgoing-connection.ts';
import { greylisting, type PeerOptions, type SmtpPeer, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

const CONTENT = 'Subject: x\r\n\r\n.leading dot\r\n';
/** As long as making it durable takes; a server that speaks meanwhile is heard. */
const BEFORE_DOT_MS = 15;
const SHORT = { ...CLIENT_TIMEOUTS, commandMs: 400, greetingMs: 400, finalDotMs: 400, handshakeMs: 1_000 };

let folder = '';
let certificate: SecureContext;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-client-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=peer.example', '-keyout', key, '-out', cert];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject], { stdio: 'ignore' });
  certificate = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
});
after(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly tls?: TlsPolicy;
  readonly credentials?: Credentials;
}

async function openTo(peer: SmtpPeer, { tls = { kind: 'opportunistic' }, credentials }: Options = {}) {
  const client = createSmtpClient({ network: systemOutgoingNetwork, clock: systemClock, timeouts: SHORT });
  return await client.open(
    { host: 'peer.example', address: peer.host, port: peer.port },
    { helo: 'us.example', tls, credentials: credentials ?? null, signal: new AbortController().signal },
  );
}

async function transmit(
  session: SmtpSession,
  more: {
    readonly to?: readonly string[];
    readonly smtputf8?: boolean;
    readonly sizeBytes?: number;
    readonly beforeFinalDot?: () => Promise<void>;
  } = {},
): Promise<TransmissionOutcome> {
  const { to = ['bob@example.net'], smtputf8 = false, sizeBytes = CONTENT.length } = more;
  return await session.transmit(
    {
      envelope: { reversePath: 'agent@example.com', recipients: to, smtputf8, sizeBytes },
      async *content() {
        yield Buffer.from(CONTENT);
      },
      beforeFinalDot: more.beforeFinalDot ?? (() => sleep(BEFORE_DOT_MS)),
    },
    new AbortController().signal,
  );
}

/** `kind stage` of what comes of one message to a peer, and how many it has kept. */
async function outcomeOf(
  options: PeerOptions,
  more: Options & Parameters<typeof transmit>[1] = {},
): Promise<string> {
  await using peer = await startSmtpPeer(options);
  const opened = await openTo(peer, more);
  if (opened.kind !== 'open')
    return `${opened.kind} ${'stage' in opened ? opened.stage : opened.status}, ${peer.messages.length} kept`;
  await using session = opened.session;
  const outcome = await transmit(session, more);
  const words = 'stage' in outcome ? outcome.stage : outcome.kind === 'impossible' ? outcome.status : '';
  const said =
    outcome.kind === 'answered' ? ` ${outcome.recipients.map(({ reply }) => reply.code).join(' ')}` : '';
  return `${outcome.kind} ${words}${said}, ${peer.messages.length} kept`;
}

const at = (phase: string, answer: ReturnType<NonNullable<PeerOptions['script']>>): PeerOptions => ({
  script: (event) => (event.phase === phase ? answer : undefined),
});

for (const [title, options, expected] of [
  ['all is well', {}, 'answered dot 250, 1 kept'],
  ['no PIPELINING', { pipelining: false }, 'answered dot 250, 1 kept'],
  ['HELO alone', at('ehlo', '502 5.5.1 what?'), 'answered dot 250, 1 kept'],
  ['it is busy', at('greet', '421 4.3.2 later'), 'unavailable greeting, 0 kept'],
  ['it takes no mail', at('greet', '554 5.3.2 no'), 'unavailable greeting, 0 kept'],
  ['it never greets', at('greet', { silent: true }), 'unavailable greeting, 0 kept'],
  ['it speaks no SMTP', at('greet', 'HTTP/1.1 400 Bad Request'), 'unavailable greeting, 0 kept'],
  ['MAIL is refused', at('mail', '550 5.7.1 no'), 'answered mail 550, 0 kept'],
  ['RCPT is put off', at('rcpt', '451 4.7.1 greylisted'), 'answered rcpt 451, 0 kept'],
  ['DATA is refused', at('data', '554 5.6.0 no'), 'answered data 554, 0 kept'],
  ['the message is refused', at('dot', '554 5.6.0 no'), 'answered dot 554, 0 kept'],
  ['reset at DATA', at('data', { reset: true }), 'unavailable data, 0 kept'],
  ['reset behind the dot', at('dot', { reset: true }), 'in-doubt , 0 kept'],
  ['reset behind the dot, kept', at('dot', { keepThenReset: true }), 'in-doubt , 1 kept'],
  ['silence behind the dot', at('dot', { silent: true }), 'in-doubt , 0 kept'],
  [
    'MAIL is refused, and it hangs up',
    at('mail', { reply: '550 5.7.1 no', thenClose: true }),
    'answered mail 550, 0 kept',
  ],
  ['it goes at MAIL', at('mail', '421 4.3.2 bye'), 'unavailable mail, 0 kept'],
  ['it goes at RCPT', at('rcpt', '421 4.3.2 bye'), 'unavailable rcpt, 0 kept'],
  ['it goes at DATA', at('data', '421 4.3.2 bye'), 'unavailable data, 0 kept'],
  ['it goes behind the dot', at('dot', '421 4.3.2 bye'), 'answered dot 421, 0 kept'],
  ['it takes DATA for done', at('data', '250 2.0.0 ok'), 'unavailable data, 0 kept'],
  [
    'it answers the dot before it comes',
    {
      script: ({ phase }) =>
        phase === 'data' ? '354 go on\r\n250 2.0.0 kept' : phase === 'dot' ? '554 5.6.0 no' : undefined,
    },
    'unavailable data, 0 kept',
  ],
  [
    'it refuses content as it comes',
    at('content', { reply: '552 5.3.4 too large', thenClose: true }),
    'answered data 552, 0 kept',
  ],
  ['it takes content as it comes', at('content', '250 2.0.0 enough'), 'unavailable data, 0 kept'],
  ['reset in the content', at('content', { reset: true }), 'unavailable data, 0 kept'],
  ['closed in the content', at('content', { reply: '', thenClose: true }), 'unavailable data, 0 kept'],
  ['the dot is answered by 354', at('dot', '354 go on'), 'in-doubt , 1 kept'],
  ['malformed behind the dot', at('dot', 'ok'), 'in-doubt , 0 kept'],
  ['a reply without end', at('ehlo', '250-x\r\n'.repeat(2_000)), 'unavailable ehlo, 0 kept'],
  ['a line without end', at('ehlo', `250-${'x'.repeat(100_000)}`), 'unavailable ehlo, 0 kept'],
  ['dripping', at('mail', { drip: '250 2.1.0 ok', everyMs: 5 }), 'answered dot 250, 1 kept'],
  [
    'dripping past the time limit',
    at('mail', { drip: '250 2.1.0 ok', everyMs: 100 }),
    'unavailable mail, 0 kept',
  ],
  ['greylisting', { script: greylisting() }, 'answered rcpt 451, 0 kept'],
  ['the handshake hangs', { startTls: 'hang' }, 'answered dot 250, 1 kept'],
] as const satisfies readonly (readonly [string, PeerOptions, string])[])
  test(`client: ${title}: ${expected}`, async () => {
    assert.equal(await outcomeOf(options), expected);
  });

test('client: of three recipients one is refused, and each has its own answer', async () => {
  const script: PeerOptions['script'] = ({ phase, argument }) =>
    phase === 'rcpt' && argument.includes('b@') ? '550 5.1.1 unknown' : undefined;
  for (const pipelining of [true, false])
    assert.equal(
      await outcomeOf({ script, pipelining }, { to: ['a@example.net', 'b@example.net', 'c@example.net'] }),
      'answered dot 250 550 250, 1 kept',
    );
});

test('client: what a server cannot take is known before anything is sent', async () => {
  assert.equal(await outcomeOf({ sizeMax: 10 }), 'impossible 5.3.4, 0 kept');
  assert.equal(await outcomeOf({}, { smtputf8: true }), 'impossible 5.6.7, 0 kept');
  assert.equal(await outcomeOf({ smtputf8: true }, { smtputf8: true }), 'answered dot 250, 1 kept');
});

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

test('client: a session takes one message after the other', async () => {
  await using peer = await startSmtpPeer();
  const opened = await openTo(peer);
  assert.ok(opened.kind === 'open');
  await using session = opened.session;
  for (let n = 0; n < 3; n += 1) assert.equal((await transmit(session)).kind, 'answered');
  assert.deepEqual([peer.messages.length, peer.connections, session.isReusable], [3, 1, true]);
  assert.equal(peer.messages[2]?.content, CONTENT);
});

test('client: what stops it before the final dot hands nothing over', async () => {
  await using peer = await startSmtpPeer();
  const opened = await openTo(peer);
  assert.ok(opened.kind === 'open');
  await using session = opened.session;
  const stop = new Error('cancelled meanwhile');
  await assert.rejects(transmit(session, { beforeFinalDot: () => Promise.reject(stop) }), stop);
  assert.deepEqual([peer.messages.length, session.isReusable], [0, false]);
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

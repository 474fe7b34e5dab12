/** The SMTP client against a server that misbehaves as each test says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greylisting, type PeerOptions, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { openTo, outcomeOf, transmit } from './client-under-test.ts';

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

test('client: what stops it before the final dot hands nothing over', async () => {
  await using peer = await startSmtpPeer();
  const opened = await openTo(peer);
  assert.ok(opened.kind === 'open');
  await using session = opened.session;
  const stop = new Error('cancelled meanwhile');
  await assert.rejects(transmit(session, { beforeFinalDot: () => Promise.reject(stop) }), stop);
  assert.deepEqual([peer.messages.length, session.isReusable], [0, false]);
});

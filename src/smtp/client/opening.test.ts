import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from './dialogue.sim.ts';
import type { Answer, Step } from './dialogue.ts';
import { type OpeningOptions, open, quit } from './opening.ts';

const GREETING = '220 mx.example.net ESMTP';
const HELLO = 'EHLO us.example';
const PLAIN = `AUTH PLAIN ${Buffer.from('\0me\0secret').toString('base64')}`;
const LOGIN = { authcid: 'me', password: 'secret' };

interface Case extends Partial<OpeningOptions> {
  readonly handshake?: Answer;
}

function check(
  options: Case,
  replies: readonly string[],
  expected: string,
  said: readonly string[] = [HELLO],
): void {
  const { handshake, ...rest } = options;
  const dialogue = open({ helo: 'us.example', tls: 'where-offered', login: null, ...rest });
  const otherwise = (step: Step): Answer | undefined => (step.kind === 'start-tls' ? handshake : undefined);
  const played = play(dialogue, replies, otherwise);
  const { result } = played;
  const words =
    result.kind === 'open'
      ? `open ${result.tls?.protocol ?? 'plain'}`
      : result.kind === 'unavailable'
        ? `${result.stage} ${result.reply?.code ?? result.reason}`
        : `tls-failed ${result.reason}`;
  assert.deepEqual([words, played.said], [expected, said]);
}

test('open() greets, and falls back to HELO where EHLO is not known', () => {
  check({}, [GREETING, '250 mx'], 'open plain');
  check({}, [GREETING, '502 what?', '250 mx'], 'open plain', [HELLO, 'HELO us.example']);
  check({}, [GREETING, '502 what?', '550 no'], 'ehlo 550', [HELLO, 'HELO us.example']);
  check({}, [GREETING, '451 later'], 'ehlo 451');
  check({}, [GREETING, '421 bye'], 'ehlo 421');
  check({}, [GREETING], 'ehlo it closed the connection');
});

test('open() takes any greeting but 220 for a refusal', () => {
  check({}, ['554 5.3.2 no'], 'greeting 554', []);
  check({}, ['421 4.3.2 busy'], 'greeting 421', []);
  check({}, ['250 hello'], 'greeting 250', []);
  check({}, [], 'greeting it closed the connection', []);
});

const OFFERED = '250-mx\r\n250 STARTTLS';

test('open() starts TLS where it is offered, and greets again behind it (RFC 3207 §4.2)', () => {
  const said = [HELLO, 'STARTTLS', '<start-tls>', HELLO];
  check({}, [GREETING, OFFERED, '220 go on', '250 mx'], 'open TLSv1.3', said);
  check({ tls: 'verified' }, [GREETING, OFFERED, '220 go on', '250 mx'], 'open TLSv1.3', said);
  check({ tls: 'never' }, [GREETING, OFFERED], 'open plain');
  check({}, [GREETING, OFFERED, '454 not now'], 'tls-failed it offers TLS and refuses it: 454 not now', [
    HELLO,
    'STARTTLS',
  ]);
  check({}, [GREETING, OFFERED, '421 busy'], 'tls 421', [HELLO, 'STARTTLS']);
  check({}, [GREETING, OFFERED], 'tls-failed it closed the connection', [HELLO, 'STARTTLS']);
  const handshake: Answer = { kind: 'not-secured', reason: 'wrong version number' };
  check({ handshake }, [GREETING, OFFERED, '220 go on'], 'tls-failed wrong version number', said.slice(0, 3));
});

test('open() says nothing more to a server that must be verified and is not', () => {
  const tls = 'verified';
  check({ tls, login: LOGIN }, [GREETING, '250-mx\r\n250 AUTH PLAIN'], 'tls it offers no TLS');
  const standing = { protocol: 'TLSv1.3', cipher: 'x', problem: 'self-signed certificate' };
  check(
    { tls, login: LOGIN, handshake: { kind: 'secured', tls: standing } },
    [GREETING, OFFERED, '220 go on', '250-mx\r\n250 AUTH PLAIN'],
    'tls its certificate: self-signed certificate',
    [HELLO, 'STARTTLS', '<start-tls>', HELLO],
  );
});

test('open() forgets what was offered in the clear', () => {
  check(
    { login: LOGIN },
    [GREETING, '250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS', '220 go on', '250 mx'],
    'auth it offers no way to log in that is known here (PLAIN, LOGIN)',
    [HELLO, 'STARTTLS', '<start-tls>', HELLO],
  );
});

test('open() logs in by PLAIN, else by LOGIN', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const login = [HELLO, 'AUTH LOGIN', base64('me'), base64('secret')];
  const offers = (offer: string): string => `250-mx\r\n250 ${offer}`;
  const knows = { login: LOGIN };
  check(knows, [GREETING, offers('AUTH LOGIN PLAIN'), '235 ok'], 'open plain', [HELLO, PLAIN]);
  check(knows, [GREETING, offers('AUTH=PLAIN'), '235 ok'], 'open plain', [HELLO, PLAIN]);
  check(knows, [GREETING, offers('AUTH LOGIN'), '334 x', '334 x', '235 ok'], 'open plain', login);
  check(knows, [GREETING, offers('AUTH LOGIN'), '334 x', '535 no'], 'auth 535', login.slice(0, 3));
  check(knows, [GREETING, offers('AUTH PLAIN'), '535 no'], 'auth 535', [HELLO, PLAIN]);
  check(knows, [GREETING, offers('AUTH PLAIN'), '421 bye'], 'auth 421', [HELLO, PLAIN]);
  check(
    knows,
    [GREETING, offers('AUTH CRAM-MD5')],
    'auth it offers no way to log in that is known here (PLAIN, LOGIN)',
  );
});

test('open() gives a secret that is too long for the command a line of its own (RFC 4954 §4)', () => {
  const password = 'x'.repeat(400);
  const secret = Buffer.from(`\0me\0${password}`).toString('base64');
  check(
    { login: { authcid: 'me', password } },
    [GREETING, '250-mx\r\n250 AUTH PLAIN', '334 ', '235 ok'],
    'open plain',
    [HELLO, 'AUTH PLAIN', secret],
  );
});

test('quit() ends, answered or not', () => {
  for (const replies of [['221 bye'], ['421 bye'], []])
    assert.deepEqual(play(quit(), replies).said, ['QUIT']);
});

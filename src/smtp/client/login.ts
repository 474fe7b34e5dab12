/** AUTH, by PLAIN or LOGIN (RFC 4954, RFC 4616). Pure. */
import type { Capabilities } from './capabilities.ts';
import { ask, type Dialogue } from './dialogue.ts';
import { type Login, type Unavailable, unavailable } from './outcome.ts';
import type { SmtpReply } from './reply.ts';

/** A command line with its CRLF (RFC 5321 §4.5.3.1.4); a longer secret goes in a line of its own. */
const COMMAND_OCTETS_MAX = 512;

/** @returns null where it knows us. Whoever is to mend a refusal is the operator, so it is waited for. */
export function* logIn({ auth }: Capabilities, identity: Login): Dialogue<Unavailable | null> {
  let answer: SmtpReply;
  if (auth.includes('PLAIN')) answer = yield* plain(identity);
  else if (auth.includes('LOGIN')) answer = yield* login(identity);
  else return unavailable('auth', 'it offers no way to log in that is known here (PLAIN, LOGIN)');
  return answer.code === 235 ? null : unavailable('auth', 'it refuses our name or password', answer);
}

function* plain({ authcid, password }: Login): Dialogue<SmtpReply> {
  const secret = encode(`\0${authcid}\0${password}`);
  const command = `AUTH PLAIN ${secret}`;
  if (command.length + '\r\n'.length <= COMMAND_OCTETS_MAX) return yield* ask(command, 'command');
  const ready = yield* ask('AUTH PLAIN', 'command');
  return ready.code === 334 ? yield* ask(secret, 'command') : ready;
}

function* login({ authcid, password }: Login): Dialogue<SmtpReply> {
  let answer = yield* ask('AUTH LOGIN', 'command');
  if (answer.code === 334) answer = yield* ask(encode(authcid), 'command');
  if (answer.code === 334) answer = yield* ask(encode(password), 'command');
  return answer;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

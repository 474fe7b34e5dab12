/**
 * The grammar of commands (RFC 5321 §4.1.1, RFC 3030 §2, RFC 3207 §4): a line without its CRLF in,
 * a command out. It knows no session: whether a command may come now is not asked here.
 */
import { isAscii } from '../address/octets.ts';
import { type ForwardPath, type ReversePath, scanForwardPath, scanReversePath } from '../address/path.ts';
import { type MailParameters, parseMailParameters, refuseRecipientParameters } from './mail-parameters.ts';
import { REPLIES } from './replies.ts';
import type { Reply } from './reply.ts';

export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly clientName: string }
  | { readonly verb: 'MAIL'; readonly reversePath: ReversePath; readonly parameters: MailParameters }
  | { readonly verb: 'RCPT'; readonly forwardPath: ForwardPath }
  | { readonly verb: 'BDAT'; readonly sizeBytes: number; readonly isLast: boolean }
  | { readonly verb: 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'VRFY' | 'EXPN' | 'HELP' | 'STARTTLS' };

export type Verb = Command['verb'];

export type ParsedCommand =
  | { readonly kind: 'command'; readonly command: Command }
  /** A verb that is known, with an argument that does not fit. */
  | { readonly kind: 'refused'; readonly verb: Verb; readonly reply: Reply }
  | { readonly kind: 'unknown' }
  /** A web browser, or a page in one that tries to reach us. */
  | { readonly kind: 'http' };

/** RFC 5321 §4.5.3.1.4, CRLF counted. */
export const COMMAND_OCTETS_MAX = 512;
/** SIZE adds 26 (RFC 1870 §3), BODY 17 (RFC 6152 §2), SMTPUTF8 10 (RFC 6531 §3.4) to MAIL. */
export const MAIL_COMMAND_OCTETS_MAX: number = COMMAND_OCTETS_MAX + 26 + 17 + 10;

/**
 * A domain or an address literal (RFC 5321 §4.1.1.1), and what else client names are made of: many
 * hosts are called `my_host`, and the name is written down, never believed.
 */
const CLIENT_NAME = /^[a-z0-9._:[\]-]{1,255}$/i;
const CHUNK = /^(\d{1,20})( +LAST)?$/i;
const HTTP_METHOD = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH|PRI)$/;

function refused(verb: Verb, reply: Reply): ParsedCommand {
  return { kind: 'refused', verb, reply };
}

function parseHello(verb: 'EHLO' | 'HELO', argument: string): ParsedCommand {
  if (!CLIENT_NAME.test(argument)) return refused(verb, REPLIES.badClientName);
  return { kind: 'command', command: { verb, clientName: argument } };
}

/**
 * Where the path begins behind `FROM:` or `TO:`; −1 where that is not there. Spaces before the path
 * are wrong (RFC 5321 §3.3) and common; they can mean nothing else, so they are taken.
 */
function findPath(argument: string, label: 'FROM:' | 'TO:'): number {
  if (argument.slice(0, label.length).toUpperCase() !== label) return -1;
  let at = label.length;
  while (argument.charAt(at) === ' ') at++;
  return at;
}

/** What stands behind a path is nothing, or a space and parameters. */
function parametersAt(argument: string, at: number): string | null {
  if (at === argument.length) return '';
  return argument.charAt(at) === ' ' ? argument.slice(at + 1) : null;
}

function parseMail(argument: string): ParsedCommand {
  const at = findPath(argument, 'FROM:');
  if (at < 0) return refused('MAIL', REPLIES.badFrom);
  const path = scanReversePath(argument, at);
  if (path.kind === 'malformed') return refused('MAIL', REPLIES.badReversePath);
  const text = parametersAt(argument, path.end);
  if (text === null) return refused('MAIL', REPLIES.badReversePath);
  const answer = parseMailParameters(text);
  if (answer.kind === 'refused') return refused('MAIL', answer.reply);
  const { parameters } = answer;
  if (!parameters.smtputf8 && !isAscii(path.value.text)) return refused('MAIL', REPLIES.pathNeedsSmtputf8);
  return { kind: 'command', command: { verb: 'MAIL', reversePath: path.value, parameters } };
}

function parseRecipient(argument: string): ParsedCommand {
  const at = findPath(argument, 'TO:');
  if (at < 0) return refused('RCPT', REPLIES.badTo);
  const path = scanForwardPath(argument, at);
  if (path.kind === 'malformed') return refused('RCPT', REPLIES.badForwardPath);
  const text = parametersAt(argument, path.end);
  if (text === null) return refused('RCPT', REPLIES.badForwardPath);
  const reply = refuseRecipientParameters(text);
  if (reply !== null) return refused('RCPT', reply);
  return { kind: 'command', command: { verb: 'RCPT', forwardPath: path.value } };
}

function parseChunk(argument: string): ParsedCommand {
  const [, size, last] = CHUNK.exec(argument) ?? [];
  if (size === undefined) return refused('BDAT', REPLIES.badChunk);
  return {
    kind: 'command',
    command: { verb: 'BDAT', sizeBytes: Number(size), isLast: last !== undefined },
  };
}

function parseWithoutArgument(verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS', argument: string): ParsedCommand {
  if (argument !== '') return refused(verb, REPLIES.noArgumentAllowed);
  return { kind: 'command', command: { verb } };
}

function parseWithText(verb: 'VRFY' | 'EXPN' | 'NOOP' | 'HELP', argument: string): ParsedCommand {
  const namesMailbox = verb === 'VRFY' || verb === 'EXPN';
  if (namesMailbox && argument === '') return refused(verb, REPLIES.argumentMissing);
  // RFC 6531 §3.7.4.2: the keyword comes last.
  if (!isAscii(argument) && !(namesMailbox && / SMTPUTF8$/i.test(argument))) {
    return refused(verb, REPLIES.beyondAscii);
  }
  return { kind: 'command', command: { verb } };
}

/**
 * Parses a command line without its CRLF. White space at its end is dropped (RFC 5321 §4.1.1). Never
 * throws.
 */
export function parseCommand(line: string): ParsedCommand {
  const text = line.replace(/[ \t]+$/, '');
  const space = text.indexOf(' ');
  const written = space < 0 ? text : text.slice(0, space);
  const argument = space < 0 ? '' : text.slice(space + 1);
  const verb = written.toUpperCase();
  switch (verb) {
    case 'EHLO':
    case 'HELO':
      return parseHello(verb, argument);
    case 'MAIL':
      return parseMail(argument);
    case 'RCPT':
      return parseRecipient(argument);
    case 'BDAT':
      return parseChunk(argument);
    case 'DATA':
    case 'RSET':
    case 'QUIT':
    case 'STARTTLS':
      return parseWithoutArgument(verb, argument);
    case 'VRFY':
    case 'EXPN':
    case 'NOOP':
    case 'HELP':
      return parseWithText(verb, argument);
    default:
      return HTTP_METHOD.test(written) ? { kind: 'http' } : { kind: 'unknown' };
  }
}

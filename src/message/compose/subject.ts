/** Subjects of replies and forwards: one prefix, whatever those before wrote (RFC 5322 §3.6.5). */
import { Buffer } from 'node:buffer';
import { SUBJECT_BYTES_MAX } from './check-draft.ts';
import { headerText } from './header-text.ts';

/** What a mailbox file shows where a message has none (contract §5). */
const NO_SUBJECT = '(no subject)';

/** `Re` as mail programs write it in their languages. */
const REPLY_WORDS = [
  're',
  'r',
  'res',
  'ref',
  'rif',
  'aw',
  'antw',
  'antwort',
  'sv',
  'svar',
  'vs',
  'odp',
  'ynt',
  'yan',
  'vá',
  'atb',
  'απ',
  'σχετ',
  'отв',
  'ha',
  'bls',
  '回复',
  '答复',
  '回覆',
  '答覆',
  '返信',
  '回信',
  '답장',
].join('|');

/** `Fwd` likewise. */
const FORWARD_WORDS = [
  'fwd?',
  'wg',
  'tr',
  'i',
  'rv',
  'enc',
  'vb',
  'vl',
  'vid[eë]?',
  'doorst',
  'pd',
  'ilt',
  'továbbítás',
  'πρθ',
  'пересл',
  '转发',
  '轉寄',
  '轉發',
  '転送',
  '전달',
].join('|');

/** Prefixes at the start, with the counters that some programs add: `Re:`, `Re[2]:`, `Re (3):`, `Re^2:`, `回复：`. */
function prefixes(words: string): RegExp {
  return new RegExp(`^(?:(?:${words}) ?(?:\\[\\d{1,4}\\]|\\(\\d{1,4}\\)|\\^\\d{1,4})? ?[:：] ?)+`, 'iu');
}

/** The head of a subject that a draft may have. */
function withinLimit(subject: string): string {
  if (Buffer.byteLength(subject) <= SUBJECT_BYTES_MAX) return subject;
  const octets = Buffer.from(subject).subarray(0, SUBJECT_BYTES_MAX - Buffer.byteLength(' …'));
  // Octets of a character that was cut in two are left out.
  return `${new TextDecoder().decode(octets, { stream: true }).trimEnd()} …`;
}

function prefixed(prefix: string, given: string, words: string): string {
  const subject = headerText(given);
  const rest = subject === NO_SUBJECT ? '' : subject.replace(prefixes(words), '');
  return withinLimit(`${prefix} ${rest}`.trim());
}

/** `Re: ` and the subject without prefixes of replies. @param subject Decoded, as a mailbox file has it. */
export function replySubject(subject: string): string {
  return prefixed('Re:', subject, REPLY_WORDS);
}

/** `Fwd: ` and the subject without prefixes of forwards. @param subject Decoded, as a mailbox file has it. */
export function forwardSubject(subject: string): string {
  return prefixed('Fwd:', subject, FORWARD_WORDS);
}

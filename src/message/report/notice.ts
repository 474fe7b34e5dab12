/**
 * Delivery notices that were written for people and not for machines, by whichever server.
 *
 * Every server words them its own way, and nearly all build them alike: a sentence that says what
 * happened, the recipients at the beginning of lines, behind each what the other side said, then the
 * original. That shape is read here; the sentences are a table (`notice-rules.ts`).
 */
import { oneLine } from '../header/encoded-word.ts';
import { statusIn } from './delivery-status.ts';
import { NOTICE_RULES, type NoticeRule, ORIGINAL_FOLLOWS } from './notice-rules.ts';
import type { DeliveryAction, ReportedRecipient } from './report.ts';
import { RECIPIENTS_MAX } from './report.ts';
import { cleanReportedAddress } from './reported-address.ts';

export interface Notice {
  readonly recipients: readonly ReportedRecipient[];
  readonly recipientCount: number;
}

/** A notice is some lines; the original behind it may be large. */
const NOTICE_CHARACTERS_MAX = 256 * 1024;
/** What is said of one recipient. */
const REASON_CHARACTERS_MAX = 1_000;
const LINE_CHARACTERS_MAX = 1_000;

const ADDRESS = String.raw`[^\s\x00-\x1f\x7f-\x9f<>@"'(),:;\[\]]{1,64}@(?:[A-Za-z0-9_-]{1,63}\.){0,10}[A-Za-z0-9_-]{1,63}`;
/** An address that a line begins with, behind a bullet or in brackets, and what follows it. */
const LINE_BEGINS = new RegExp(
  String.raw`^[ \t]{0,40}(?:(?:[*>-]|>>>|--)[ \t]{1,4}|([45]\d\d[- ](?:[45]\.\d{1,3}\.\d{1,3} )?))?["'<]{0,2}(${ADDRESS})(?=["'>:;,. \t(\[<]|$)["'>]{0,2}(.*)$`,
);
/** An address within a sentence that says whose it is. */
const IN_SENTENCE = new RegExp(
  String.raw`(?:\bto|\brecipients?(?: address)?|\baddress|\buser(?:id)?|\bsize|\bhost|\battempts|\berrors|\bmailbox|\baccount|RCPT TO|\bmember)\s?:?\s{0,4}["'<]{0,2}(${ADDRESS})`,
  'i',
);
/** A line that sends its reader to somebody: the address that follows is no recipient. */
const CONTACT =
  /(?:contact|administrator|questions to|write to|forward|message to|e-?mail to|assistance,?)\s*$/i;

/** Which other server said so, as far as the wording tells. */
const REMOTE =
  /(?:\bhost:? |remote host |talking to |server <|\bServer |^[ \t]*Connected to |^)\[?<?((?:[a-z0-9-]{1,63}\.){1,10}[a-z0-9-]{1,63})\.?[\]>]?(?: ?[[(][^\])]{0,60}[\])])?(?:\.?:| said:| does not like| did not like| failed| responded| but |$)/im;
/** A reply of SMTP, perhaps behind other words. */
const REPLY = /(?<![\d.])[45]\d\d(?:[- ]#?[45]\.\d{1,3}\.\d{1,3})?(?=[ :>-]|$)[^\n]*/;

interface Found {
  readonly address: string;
  readonly reason: string[];
  characters: number;
}

function add(found: Found, line: string): void {
  const text = line.trim();
  if (text === '' || found.characters > REASON_CHARACTERS_MAX) return;
  found.reason.push(text);
  found.characters += text.length;
}

/** Recipients with the lines behind each. */
function collectRecipients(lines: readonly string[]): readonly Found[] {
  const all: Found[] = [];
  const byAddress = new Map<string, Found>();
  let before = '';
  /** Recipients stand in one column; a deeper line that begins with an address is a reason, wrapped. */
  let column: number | null = null;
  for (const whole of lines) {
    const line = whole.slice(0, LINE_CHARACTERS_MAX);
    const match = CONTACT.test(before) ? null : LINE_BEGINS.exec(line);
    if (line.trim() !== '') before = line.slice(-40);
    const indent = line.length - line.trimStart().length;
    if (match === null || (column !== null && indent !== column)) {
      const last = all.at(-1);
      if (last !== undefined) add(last, line);
      continue;
    }
    column = indent;
    const address = cleanReportedAddress(match[2] as string).replace(/\.$/, '');
    let found = byAddress.get(address.toLowerCase());
    if (found === undefined) {
      found = { address, reason: [], characters: 0 };
      byAddress.set(address.toLowerCase(), found);
      all.push(found);
    }
    // Sendmail 5 puts the reply first: `550 <ann@example.org>... User unknown`.
    add(found, match[1] === undefined ? (match[3] as string).replace(/^[>"':;,.\s]+/, '') : line);
  }
  return all;
}

function inSentences(lines: readonly string[]): readonly Found[] {
  for (const [index, line] of lines.entries()) {
    const match = IN_SENTENCE.exec(line.slice(0, LINE_CHARACTERS_MAX));
    if (match === null) continue;
    const found: Found = {
      address: cleanReportedAddress(match[1] as string).replace(/\.$/, ''),
      reason: [],
      characters: 0,
    };
    for (const reason of lines.slice(index, index + 20)) add(found, reason.slice(0, LINE_CHARACTERS_MAX));
    return [found];
  }
  return [];
}

/** Lines that say nothing of the reason: rules, headings, times, and where an address came from. */
const SAYS_NOTHING =
  /^(?:[-=*_|#]{2}|on \w{3}, |\(?(?:ultimately )?generated (?:from|by)|\(expanded from|reason:?$|smtp error from remote)|:$|^<?mailto:/i;

/** The most telling line of a reason: a reply of the other side, a status, else the first words. */
function diagnosticOf(reason: readonly string[]): string | null {
  const index = reason.findIndex((line) => REPLY.test(line));
  if (index < 0) {
    const telling = reason.filter((line) => !SAYS_NOTHING.test(line));
    const line = telling.find((text) => statusIn(text) !== null) ?? telling[0] ?? null;
    return line === null ? null : oneLine(line);
  }
  const reply = REPLY.exec(reason[index] as string)?.[0] ?? '';
  const code = reply.slice(0, 3);
  // A reply of several lines repeats its code (RFC 5321 §4.2.1).
  const more: string[] = [];
  for (const line of reason.slice(index + 1)) {
    if (!line.startsWith(code)) break;
    more.push(line.replace(/^\d{3}[- ](?:[245]\.\d{1,3}\.\d{1,3} )?/, ''));
  }
  return oneLine([reply, ...more].join(' '));
}

function toRecipient(found: Pick<Found, 'address' | 'reason'>, action: DeliveryAction): ReportedRecipient {
  const text = found.reason.join('\n');
  const diagnostic = diagnosticOf(found.reason);
  const status = statusIn(diagnostic ?? '') ?? statusIn(text);
  return {
    address: found.address,
    originalAddress: null,
    // A notice that says "failed" of a status 4.x.x has given up: the sentence decides, not the class.
    action,
    status,
    diagnostic,
    remoteMta: REMOTE.exec(text)?.[1] ?? null,
  };
}

/** The rule that a text is worded by, and where; null where none is. */
function matchRule(text: string): { readonly rule: NoticeRule; readonly at: number } | null {
  for (const rule of NOTICE_RULES) {
    const match = rule.says.exec(text);
    if (match !== null) return { rule, at: match.index };
  }
  return null;
}

/** Where the original begins, and so the notice ends. */
function noticeOf(text: string): string {
  const head = text.slice(0, NOTICE_CHARACTERS_MAX);
  const end = ORIGINAL_FOLLOWS.exec(head)?.index ?? -1;
  return end > 0 ? head.slice(0, end) : head;
}

/**
 * Reads a notice. Never throws; linear.
 *
 * @param text A body's text, LF line ends.
 * @returns Null where the text is worded by no server that is known. Where it names no recipient, there
 *   is one without an address.
 */
export function readNotice(text: string): Notice | null {
  const notice = noticeOf(text);
  const match = matchRule(notice);
  if (match === null) return null;
  const lines = notice.slice(match.at).split('\n');
  let found = collectRecipients(lines);
  if (found.length === 0) found = inSentences(lines);
  // Some name the recipients first and then say what happened.
  if (found.length === 0)
    found = collectRecipients(notice.slice(0, notice.lastIndexOf('\n', match.at) + 1).split('\n'));
  if (found.length === 0) {
    const unnamed = toRecipient({ address: '', reason: [] }, match.rule.action);
    return { recipients: [unnamed], recipientCount: 1 };
  }
  return {
    recipients: found.slice(0, RECIPIENTS_MAX).map((one) => toRecipient(one, match.rule.action)),
    recipientCount: found.length,
  };
}

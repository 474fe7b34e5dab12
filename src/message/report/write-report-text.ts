/** What a report of ours says to people and agents: what happened, to whom, since when, and what to do. */
import { assertNever } from '../../system/assert.ts';
import { type EpochMs, formatInstant } from '../../system/clock.ts';
import { shownValue } from '../enclosures/shown-value.ts';
import { statusMeaning } from './status-meaning.ts';
import type { DeliveryReportFacts, UndeliveredRecipient } from './undelivered.ts';

/** Shorter lines leave as they are, in any transfer encoding (RFC 2045 §6.7). */
const LINE_CHARACTERS_MAX = 76;
/** A server's reply is one or two lines of 512 octets (RFC 5321 §4.5.3.1.5); the first says it. */
const REPLY_CHARACTERS_MAX = 500;

/** `2026-11-25 05:43 UTC`. */
function shownTime(at: EpochMs): string {
  return `${formatInstant(at).slice(0, 16).replace('T', ' ')} UTC`;
}

/** Words in lines, each behind `indent`; a word that is longer than a line has one of its own. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > LINE_CHARACTERS_MAX) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line].join('\n');
}

const ADVICE: readonly (readonly [status: RegExp, sentence: string])[] = [
  [
    /^\d\.(?:1\.[78]|7\.(?:2[0-7]|29))$/,
    'The other side does not take mail of this sender: show this report to whoever runs our mail server.',
  ],
  [/^\d\.1\./, 'Check the address, and send the message again to the right one.'],
  [/^\d\.2\.2$/, 'Reach the recipient in another way, or send the message again in some days.'],
  [/^\d\.(?:2\.3|3\.4)$/, 'Send less: fewer or smaller attachments.'],
  [
    /^\d\.4\./,
    'Check what stands behind the @ of the address. If it is right, their mail server was not to be reached: send the message again later.',
  ],
  [
    /^\d\.7\./,
    'It was refused by policy: the same message again will be refused again. What the other side said tells what it asks for.',
  ],
];

/** What the sender can do about it. */
function adviceOn({ status, doubts }: UndeliveredRecipient): string {
  if (doubts > 0) return 'Ask the recipient whether it arrived, before you send it again.';
  const found = ADVICE.find(([pattern]) => pattern.test(status ?? ''));
  return found?.[1] ?? 'What the other side said tells the cause; send the message again when it is removed.';
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function doubt({ doubts }: UndeliveredRecipient): string {
  return `It may have arrived: ${times(doubts)} the connection ended after the message had been handed over and before the other side confirmed it.`;
}

function describeRecipient(recipient: UndeliveredRecipient, facts: DeliveryReportFacts): string {
  const { address, status, reply, remote, attempts, lastAttemptAt, nextAt, doubts } = recipient;
  const meaning = status === null ? null : statusMeaning(status);
  const said = reply === null ? null : shownValue(reply, REPLY_CHARACTERS_MAX);
  const isTheirs = said !== null && remote !== null && /^\d{3}\b/.test(said);
  const sentences = [
    ...(meaning === null ? [] : [`${meaning} (${status})`]),
    ...(said === null ? [] : [isTheirs ? `${shownValue(remote)} said: ${said}` : said]),
    attempts === 0 || lastAttemptAt === null
      ? 'It was not tried.'
      : `Tried ${times(attempts)}, last at ${shownTime(lastAttemptAt)}.`,
    ...(doubts === 0 ? [] : [doubt(recipient)]),
    ...(facts.kind === 'delayed' && nextAt !== null ? [`It is tried again at ${shownTime(nextAt)}.`] : []),
    ...(facts.kind === 'failed' ? [`What to do: ${adviceOn(recipient)}`] : []),
  ];
  return [`  ${shownValue(address)}`, ...sentences.map((sentence) => wrapped(sentence, '    '))].join('\n');
}

function opening({ kind, original }: DeliveryReportFacts): string {
  switch (kind) {
    case 'failed':
      return 'Your message could not be delivered to these recipients, and is not tried again for them:';
    case 'delayed':
      return `Your message has not been delivered to these recipients yet. Nothing needs to be done: it is tried again until ${shownTime(original.expiresAt)}.`;
    default:
      return assertNever(kind);
  }
}

function commands({ kind, original }: DeliveryReportFacts): readonly string[] {
  const show = `  aimx queue show ${original.queueId}     every try, in order`;
  if (kind === 'failed') return [show];
  return [
    show,
    `  aimx queue retry ${original.queueId}    try again now`,
    `  aimx queue cancel ${original.queueId}   give it up`,
  ];
}

/** The text, with LF line ends and none at the end. */
export function writeReportText(facts: DeliveryReportFacts): string {
  const { original, recipients, hostname } = facts;
  return [
    wrapped(opening(facts), ''),
    recipients.map((recipient) => describeRecipient(recipient, facts)).join('\n\n'),
    [
      'The message:',
      wrapped(`Subject: ${shownValue(original.subject)}`, '  '),
      `  Sent: ${shownTime(original.submittedAt)}`,
      `  In your sent folder: ${shownValue(original.id)}`,
      `  Message-ID: <${shownValue(original.messageId, 900)}>`,
    ].join('\n'),
    commands(facts).join('\n'),
    `Mail Delivery System, ${hostname}`,
  ].join('\n\n');
}

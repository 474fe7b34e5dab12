/**
 * The trace fields that go before a message's bytes when it is shown raw (contract §7).
 *
 * They are made when they are asked for and never stored: what is stored is what was sent.
 */
import type { DeliveryRow, MessageRow } from '../journal/journal.ts';
import type { EpochMs } from '../system/clock.ts';
import { formatAuthenticationResults } from './authentication-results.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `date-time` of RFC 5322 §3.3, in UTC. */
export function formatDateTime(at: EpochMs): string {
  const iso = new Date(at).toISOString();
  const day = DAYS[new Date(at).getUTCDay()];
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${day}, ${Number(iso.slice(8, 10))} ${month} ${iso.slice(0, 4)} ${iso.slice(11, 19)} +0000`;
}

/** What a client said of itself must not end a field or open a comment (RFC 5322 §3.2.2). */
function atomish(text: string): string {
  return text.replace(/[^\x21-\x27\x2a-\x5b\x5d-\x7e\u0080-\u{10ffff}]/gu, '?');
}

function received(message: MessageRow, delivery: DeliveryRow, hostname: string): string {
  const { arrival } = message;
  const only = delivery.deliveredTo.length === 1 ? delivery.deliveredTo[0] : undefined;
  const from =
    arrival.clientAddress === null
      ? []
      : [`from ${atomish(arrival.helo ?? 'unknown')} ([${addressTag(arrival.clientAddress)}])`];
  // A second recipient would learn of a blind copy, so `for` names one or none (RFC 5321 §7.6).
  const clauses = [
    ...from,
    `by ${hostname} (aimx) with ${atomish(arrival.protocol)}`,
    `id ${message.journalId}${only === undefined ? '' : ` for <${only.replace(/[\r\n<>]/g, '')}>`}`,
  ];
  return `Received: ${clauses.join('\r\n\t')};\r\n\t${formatDateTime(arrival.receivedAt)}\r\n`;
}

/** RFC 5321 §4.1.3: an IPv6 address literal carries its tag. */
function addressTag(address: string): string {
  return address.includes(':') ? `IPv6:${address}` : address;
}

/**
 * `Return-Path`, `Received` and `Authentication-Results` of one delivery, each ending in CRLF
 * (RFC 5321 §4.4, RFC 8601 §2.2).
 *
 * @param hostname Our name, as in the greeting.
 */
export function formatTraceFields(message: MessageRow, delivery: DeliveryRow, hostname: string): string {
  const returnPath = `Return-Path: <${message.envelope.reversePath.replace(/[\r\n]/g, '')}>\r\n`;
  const results = formatAuthenticationResults(message.verdict, {
    hostname,
    clientAddress: message.arrival.clientAddress,
    reversePath: message.envelope.reversePath,
  });
  return returnPath + received(message, delivery, hostname) + results;
}

/** Who is trusted and why, or why not and what would change it, in words. */
import type { TrustGround } from '../../authentication/trust.ts';
import type { DeliveryRow } from '../../journal/journal.ts';
import type { TrustToday } from '../trust-today.ts';
import { becauseOf, sentenceOf } from './words.ts';

export function groundText(ground: TrustGround): string {
  switch (ground.kind) {
    case 'dkim':
      return `the DKIM signature of ${ground.domain} covers what it says`;
    case 'spf':
      return `SPF passes for ${ground.domain}, which this mailbox takes as enough (trust_spf)`;
    case 'arc':
      return `${ground.sealer}, whose ARC seal is believed (arc_sealers), found ${ground.domain} authenticated`;
  }
}

/** What was decided, behind the line that names the message; empty where nothing was asked. */
export function trustText(delivery: Pick<DeliveryRow, 'trusted' | 'trustReason'>): string {
  switch (delivery.trusted) {
    case 'true':
      return '; trusted';
    case 'false':
      return `; not trusted${delivery.trustReason === null ? '' : ` (${delivery.trustReason})`}`;
    case 'none':
    case null:
      return '';
  }
}

/**
 * One sentence of the answer in short: what was decided, and what the configuration of today would make
 * of it where that is something else.
 *
 * @param today Null where the mailbox is not in the configuration.
 * @param isHeld Whether a run still waits, which the configuration of today could let go.
 */
export function trustSentence(
  delivery: Pick<DeliveryRow, 'trusted' | 'trustReason' | 'mailbox'>,
  today: TrustToday | null,
  isHeld: boolean,
): string {
  const decided = decidedSentence(delivery, today);
  const differs = today !== null && delivery.trusted !== null && today.trusted !== delivery.trusted;
  return [decided, differs ? todaySentence(delivery, today, isHeld) : '']
    .filter((part) => part !== '')
    .join(' ');
}

function decidedSentence(
  { trusted, trustReason }: Pick<DeliveryRow, 'trusted' | 'trustReason'>,
  today: TrustToday | null,
): string {
  switch (trusted) {
    case 'true':
      return today?.ground == null
        ? 'Its sender is trusted.'
        : `Its sender is trusted: ${groundText(today.ground)}.`;
    case 'false': {
      // Where the sentence would be another today, that one says what is left to do.
      const reason = today?.trusted === 'false' ? today.reason : trustReason;
      return `Its sender is not trusted${becauseOf(reason)}.`;
    }
    case 'none':
    case null:
      return '';
  }
}

function todaySentence(
  { mailbox }: Pick<DeliveryRow, 'mailbox'>,
  today: TrustToday,
  isHeld: boolean,
): string {
  switch (today.trusted) {
    case 'true': {
      const ground = today.ground === null ? 'nothing is missing' : groundText(today.ground);
      const said = `By the configuration of today its sender is trusted: ${ground}.`;
      return isHeld
        ? `${said} To let go what is held: aimx runs release --re-evaluate --mailbox ${mailbox}`
        : said;
    }
    case 'false':
      return `By the configuration of today its sender is not trusted: ${sentenceOf(today.reason ?? '')}.`;
    case 'none':
      return 'The configuration of today does not ask whether senders of this mailbox are trusted.';
  }
}

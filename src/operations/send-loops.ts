/**
 * The loop breaker: what a run sends and a person should look at first (RFC 3834 §2). Pure.
 *
 * Two programs that answer each other never stop by themselves. A run may write to anybody, but for:
 *
 *     from inside of                            to                                   why
 *     a run that nobody knows                   anybody                              what it answers cannot be told
 *     any run                                   its own mailbox, or the one it       it would be started by its own mail
 *                                               sends from
 *     a run for what a program wrote            who wrote it, or into its thread     RFC 3834 §2
 *     a run of `after_send`                     whom that message went to            it would be started by its own mail
 *
 * How often runs write to one person, in one thread and in all is judged by the journal.
 */
import { splitTag } from '../address/local-part.ts';
import { parseMailbox } from '../address/mailbox.ts';

export interface LoopFacts {
  /** Mailbox that it is sent from. */
  readonly from: string;
  readonly recipients: readonly {
    readonly address: string;
    /** Name of the mailbox of ours that it leads to; null for one elsewhere. */
    readonly mailbox: string | null;
  }[];
  readonly occasion: LoopOccasion;
}

/** What the run was started for. */
export type LoopOccasion =
  /** Nobody knows the run, or it is not the caller's. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'received';
      readonly mailbox: string;
      /** `<code>: <sentence>` where a program wrote it. */
      readonly automatic: string | null;
      /** Who an answer to it would reach. */
      readonly correspondents: readonly string[];
      /** What is sent names a message of the same thread as its parent or among its references. */
      readonly isInThread: boolean;
    }
  | {
      readonly kind: 'sent';
      readonly mailbox: string;
      readonly recipients: readonly string[];
    };

/** @returns `loop: <sentence>`; null where it may go. */
export function decideLoop({ from, recipients, occasion }: LoopFacts): string | null {
  if (occasion.kind === 'unknown')
    return 'loop: It comes from inside a run that is not known, so that nobody can tell what it answers';
  for (const { address, mailbox } of recipients)
    if (mailbox !== null && (mailbox === from || mailbox === occasion.mailbox))
      return `loop: A hook of ${occasion.mailbox} writes to ${mailbox} itself (${address})`;
  const reached = (addresses: readonly string[]): string | null => {
    const keys = new Set(addresses.map(comparable));
    return recipients.find(({ address }) => keys.has(comparable(address)))?.address ?? null;
  };
  switch (occasion.kind) {
    case 'received': {
      if (occasion.automatic === null) return null;
      const isAnswer = occasion.isInThread || reached(occasion.correspondents) !== null;
      return isAnswer ? `loop: It answers what no program may answer (${occasion.automatic})` : null;
    }
    case 'sent': {
      const again = reached(occasion.recipients);
      return again === null
        ? null
        : `loop: A hook that is told what became of a message writes to ${again}, whom that message went to`;
    }
  }
}

/** Without case and tag: what leads to one person, as far as anybody but his server can tell. */
function comparable(address: string): string {
  const parsed = parseMailbox(address);
  if (parsed.kind === 'malformed') return address.normalize('NFC').toLowerCase();
  const { localPart, domain } = parsed.value;
  return `${splitTag(localPart).name}@${domain}`.normalize('NFC').toLowerCase();
}

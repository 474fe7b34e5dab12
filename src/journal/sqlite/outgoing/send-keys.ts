/**
 * What makes two submissions one (design §3.6).
 *
 *     scope                                        key                        kept
 *     a mailbox                                    what the caller chose      7 days
 *     a hook and the message that it runs for,     recipients and ordinal     as long as the rows
 *     over all attempts and generations
 */
import { createHash } from 'node:crypto';
import type { SendKey, Submission } from '../../outgoing.ts';
import type { Context } from '../context.ts';
import { readRun } from '../runs.ts';

/** A caller that asks again later than this gets another message. */
export const CALLER_KEY_MS: number = 7 * 24 * 60 * 60_000;

export interface KeyToTake {
  readonly kind: 'free';
  readonly scope: string;
  readonly key: string;
  readonly contentHash: string | null;
}

export type FoundKey =
  | KeyToTake
  | { readonly kind: 'known'; readonly queueId: string }
  | { readonly kind: 'conflict'; readonly queueId: string };

export interface KeyedSend {
  readonly submission: Submission;
  /** As they are compared. */
  readonly addresses: readonly string[];
  readonly at: number;
}

/** Looks a key up; that of a run is counted up by it, since every such send of an attempt is one. */
export function findKey(context: Context, key: SendKey, send: KeyedSend): FoundKey {
  const wanted = key.kind === 'caller' ? callerKey(key, send) : runKey(context, key, send);
  const oldest = key.kind === 'caller' ? send.at - CALLER_KEY_MS : 0;
  const known = context.db.get(
    `SELECT k.content_hash, o.queue_id FROM send_keys k JOIN outgoing o ON o.journal_id = k.journal_id
     WHERE k.scope = ? AND k.key = ? AND k.at >= ?`,
    wanted.scope,
    wanted.key,
    oldest,
  );
  if (known === undefined) return wanted;
  const isSame = known['content_hash'] === wanted.contentHash;
  return { kind: isSame ? 'known' : 'conflict', queueId: known['queue_id'] as string };
}

export function takeKey(
  { db }: Context,
  { scope, key, contentHash }: KeyToTake,
  { journalId, at }: { readonly journalId: number; readonly at: number },
): void {
  // One of the same name that has aged gives way.
  db.run('INSERT OR REPLACE INTO send_keys VALUES (?, ?, ?, ?, ?)', scope, key, contentHash, journalId, at);
}

function callerKey({ key, contentHash }: Extract<SendKey, { kind: 'caller' }>, send: KeyedSend): KeyToTake {
  return { kind: 'free', scope: `caller:${send.submission.mailboxId}`, key, contentHash };
}

/**
 * Counted for each set of recipients by itself: an attempt that writes to the same people in another
 * order is still the same answers.
 */
function runKey(
  { db }: Context,
  { runId, attempt }: Extract<SendKey, { kind: 'run' }>,
  { addresses }: KeyedSend,
): KeyToTake {
  const recipients = createHash('sha256')
    .update([...new Set(addresses)].sort().join('\n'))
    .digest('hex');
  const counted = db.get(
    `INSERT INTO run_sends VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n`,
    runId,
    attempt,
    recipients,
  );
  const run = readRun(db, runId);
  const scope =
    run === null ? `run:${runId}` : `run:${run.deliveryId}:${run.hook}:${run.event}:${run.sendStatus ?? ''}`;
  return { kind: 'free', scope, key: `${recipients}:${counted?.['n'] as number}`, contentHash: null };
}

/**
 * Which recipients are tried next. Leases are no rows: a crash gives all of them back.
 */
import type { OutgoingBatch } from '../../outgoing.ts';
import { BATCH_RECIPIENTS_MAX, EVERY_DESTINATION } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import type { Context } from '../context.ts';
import type { SqlRow } from '../database.ts';
import { outgoingWhere } from './outgoing-rows.ts';

/** Recipients that are handed out and not given back, by id. */
export type RecipientLeases = Set<number>;

type Input = Transitions['claim-outgoing']['in'];

export function claimOutgoing(
  context: Context,
  leases: RecipientLeases,
  input: Input,
): Transitions['claim-outgoing']['out'] {
  const { db } = context;
  const busy = Object.keys(input.rooms).filter((destination) => input.rooms[destination] === 0);
  // Leased ones stay in the index, so as many more are read at most; a message has up to some hundred.
  const due = db.all(
    `SELECT recipient_id, journal_id, domain, is_local FROM outgoing_recipients
     WHERE next_at <= ?1 AND (is_local = 1 OR NOT EXISTS
       (SELECT 1 FROM json_each(?2) WHERE value IN (domain, '${EVERY_DESTINATION}')))
     ORDER BY next_at, recipient_id LIMIT ?3`,
    input.at,
    JSON.stringify(busy),
    input.limit * RECIPIENTS_READ_PER_BATCH + leases.size,
  );
  const groups = group(
    due.filter((row) => !leases.has(row['recipient_id'] as number)),
    input,
  );
  const batches: OutgoingBatch[] = [];
  for (const { journalId, domain, isLocal } of groups) {
    const [outgoing] = outgoingWhere(context, 'o.journal_id = ?', journalId);
    if (outgoing === undefined) continue;
    const recipients = outgoing.recipients
      .filter(
        (recipient) =>
          recipient.nextAt !== null &&
          recipient.nextAt <= input.at &&
          recipient.isLocal === isLocal &&
          (domain === null || recipient.domain === domain) &&
          !leases.has(recipient.recipientId),
      )
      .slice(0, BATCH_RECIPIENTS_MAX);
    if (recipients.length === 0) continue;
    for (const { recipientId } of recipients) leases.add(recipientId);
    batches.push({ outgoing, recipients });
  }
  const next = db.get('SELECT MIN(next_at) AS at FROM outgoing_recipients WHERE next_at > ?', input.at);
  return { batches, nextDueAt: (next?.['at'] ?? null) as Transitions['claim-outgoing']['out']['nextDueAt'] };
}

/** So many rows are read for each batch that is wanted. */
const RECIPIENTS_READ_PER_BATCH = 20;

interface Group {
  readonly journalId: number;
  /** Null: whatever its domain. */
  readonly domain: string | null;
  readonly isLocal: boolean;
}

/** The first groups, one after the other a destination's: none takes all places. */
function group(due: readonly SqlRow[], { limit, group, perDestination, rooms }: Input): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const row of due) {
    const isLocal = row['is_local'] === 1;
    const journalId = row['journal_id'] as number;
    const domain = isLocal || group === 'message' ? null : (row['domain'] as string);
    const key = `${journalId} ${isLocal} ${domain ?? ''}`;
    if (!groups.has(key)) groups.set(key, { journalId, domain, isLocal });
  }
  const byDestination = Map.groupBy(groups.values(), ({ domain, isLocal }) => `${isLocal} ${domain ?? ''}`);
  const room = ([first]: readonly Group[]): number =>
    first === undefined || first.domain === null ? limit : (rooms[first.domain] ?? perDestination);
  const queues = [...byDestination.values()].map((queue) => queue.slice(0, room(queue)));
  const chosen: Group[] = [];
  for (let place = 0; chosen.length < limit; place += 1) {
    const row = queues.flatMap((queue) => queue[place] ?? []);
    if (row.length === 0) break;
    chosen.push(...row.slice(0, limit - chosen.length));
  }
  return chosen;
}

export function releaseOutgoing(
  context: Context,
  leases: RecipientLeases,
  recipientIds: readonly number[],
): void {
  for (const recipientId of recipientIds) leases.delete(recipientId);
  context.changed.add('outgoing');
}

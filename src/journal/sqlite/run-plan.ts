/**
 * The rows of runs as a whole: made with their delivery, and which of a message may start now.
 */

import type { HookPlan } from '../hook-plan.ts';
import type { DeliveryRow, SendStatus } from '../rows.ts';
import { type Context, trace } from './context.ts';

/** Code of what a restore holds (design §3.8); no promotion and no verification lets it go. */
export const RESTORED = 'restored';

/** Code of what is held because the same signed letter has started the hook before. */
export const REPLAYED = 'replayed';

/** Where a stored verdict has the author of a letter that is trusted: it has one. */
const AUTHOR = '$.details.author.addresses[0]';

/**
 * Why a run that would start for a trusted message is held after all; null where it starts.
 *
 * A signature leaves room: fields that it does not cover, white space. Who changes something there has a
 * letter with other fingerprints that is signed as before, as often as he likes; a mailing list does so
 * without malice. Trust asks that Message-ID is signed, so among signed messages of one author it names the
 * letter: not among those of several, or one who is trusted could use up the names of another's letters.
 * Nothing is lost where an author has used one twice: the file is there, and the run can be released.
 */
export function replayReason(
  { db }: Context,
  deliveryId: number,
  plan: Pick<HookPlan, 'hook' | 'event' | 'oncePerLetter'>,
): string | null {
  if (plan.oncePerLetter !== true) return null;
  // One that was trusted only after it came, and released, has the rank that it came with.
  const before = db.get(
    `SELECT other.mailbox, other.id FROM deliveries own
     JOIN deliveries other ON other.message_id = own.message_id AND other.mailbox_id = own.mailbox_id
     JOIN runs r ON r.delivery_id = other.delivery_id
     LEFT JOIN messages mine ON mine.journal_id = own.journal_id
     LEFT JOIN messages theirs ON theirs.journal_id = other.journal_id
     WHERE own.delivery_id = ? AND other.delivery_id <> own.delivery_id
       AND other.rank IN ('trusted', 'aligned-dkim')
       AND coalesce(mine.verdict ->> '${AUTHOR}' = theirs.verdict ->> '${AUTHOR}', TRUE)
       AND other.forgotten = 0 AND r.hook = ? AND r.event = ? AND r.state <> 'held'
       AND NOT (r.state = 'cancelled' AND r.started_at IS NULL)
     ORDER BY other.delivery_id DESC LIMIT 1`,
    deliveryId,
    plan.hook,
    plan.event,
  );
  if (before === undefined) return null;
  return (
    `${REPLAYED}: the sender's signed Message-ID came before, as ${before['mailbox']}/${before['id']}, and started ` +
    'this hook; it is the same letter changed where nobody signed it, or its sender has used a Message-ID twice: ' +
    'compare the two before you release it'
  );
}

/** Inserts the runs of a new delivery; harmless where they exist. */
export function insertRuns(
  context: Context,
  options: {
    readonly delivery: DeliveryRow;
    readonly plans: readonly HookPlan[];
    /** The message was not done when a restore began: what it starts may have started already. */
    readonly restored: boolean;
    /** Of `after_send`. */
    readonly sendStatus?: SendStatus;
    readonly at: number;
  },
): void {
  const { delivery, at } = options;
  for (const plan of options.plans) {
    const held = options.restored
      ? `${RESTORED}: The journal was restored while this message was on its way`
      : (plan.held ?? replayReason(context, delivery.deliveryId, plan));
    const runId = plan.runId ?? context.takeId();
    const inserted = context.db.run(
      `INSERT OR IGNORE INTO runs (run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, send_status,
         ordinal, generation, state, reason, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
      runId,
      delivery.deliveryId,
      delivery.mailboxId,
      delivery.mailbox,
      delivery.id,
      delivery.sequence,
      plan.hook,
      plan.event,
      options.sendStatus ?? '',
      plan.ordinal,
      held === null ? 'due' : 'held',
      held,
      at,
    );
    if (inserted === 0) continue;
    trace(context, {
      at,
      deliveryId: delivery.deliveryId,
      runId,
      event: held === null ? 'run.planned' : 'run.held',
      detail: { hook: plan.hook, event: plan.event, ...(held === null ? {} : { reason: held }) },
    });
  }
}

/**
 * Opens the gate of the run of a delivery that may start: the first by ordinal that has not ended,
 * once the delivery stands. Called after every change of a delivery or of one of its runs.
 */
export function openGate(context: Context, deliveryId: number, at: number): void {
  const { db } = context;
  const unfinished = db.all(
    `SELECT r.run_key, r.state, r.due_at, r.gate, d.state AS delivery FROM runs r
     JOIN deliveries d ON d.delivery_id = r.delivery_id
     WHERE r.delivery_id = ? AND r.state IN ('due', 'claimed', 'running') ORDER BY r.ordinal, r.run_key`,
    deliveryId,
  );
  for (const [place, run] of unfinished.entries()) {
    if (run['state'] !== 'due') continue;
    const dueAt = (run['due_at'] as number | null) ?? at;
    const first = place === 0 && run['delivery'] === 'delivered';
    const gate = first ? (dueAt <= at ? 2 : 1) : 0;
    if (gate === run['gate'] && run['due_at'] !== null) continue;
    db.run(
      'UPDATE runs SET gate = ?, due_at = COALESCE(due_at, ?) WHERE run_key = ?',
      gate,
      first ? dueAt : null,
      run['run_key'] as number,
    );
  }
  context.changed.add('runs');
}

/**
 * The rows of runs as a whole: made with their delivery, and which of a message may start now.
 */
import type { DeliveryRow } from '../rows.ts';
import type { HookPlan } from '../transitions.ts';
import { type Context, trace } from './context.ts';

/** Code of what a restore holds (design §3.8); no promotion and no verification lets it go. */
export const RESTORED = 'restored';

/** Inserts the runs of a new delivery; harmless where they exist. */
export function insertRuns(
  context: Context,
  options: {
    readonly delivery: DeliveryRow;
    readonly plans: readonly HookPlan[];
    /** The message was not done when a restore began: what it starts may have started already. */
    readonly restored: boolean;
    readonly at: number;
  },
): void {
  const { delivery, at } = options;
  for (const plan of options.plans) {
    const held = options.restored
      ? `${RESTORED}: The journal was restored while this message was on its way`
      : plan.held;
    const runId = context.takeId();
    const inserted = context.db.run(
      `INSERT OR IGNORE INTO runs (run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, ordinal,
         generation, state, reason, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
      runId,
      delivery.deliveryId,
      delivery.mailboxId,
      delivery.mailbox,
      delivery.id,
      delivery.sequence,
      plan.hook,
      plan.event,
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

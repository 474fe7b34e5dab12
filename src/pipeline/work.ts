/** One delivery on its way through the steps of one pass. */
import type { DeliveryRow, MessageRow } from '../journal/journal.ts';
import type { MessageSummary } from '../message/message.ts';

export interface DeliveryWork {
  readonly delivery: DeliveryRow;
  /** The copy that the file is made from, authenticated. */
  readonly message: MessageRow;
  readonly summary: MessageSummary;
  /** What this pass knows of it; null where an earlier pass, perhaps of another daemon, has begun. */
  readonly decided: DecidedNow | null;
}

/** Decided in this pass: nothing of it lies in staging, and its first reading was counted with the decision. */
export interface DecidedNow {
  readonly hasRuns: boolean;
}

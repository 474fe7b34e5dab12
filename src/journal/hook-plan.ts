/** Which hooks a message starts, as the rows are told. */
import type { RunId } from './ids.ts';

export type HookEvent = 'on_receive' | 'after_send';

/** One run to insert with the delivery. */
export interface HookPlan {
  readonly hook: string;
  readonly event: HookEvent;
  readonly ordinal: number;
  /** Null: due as soon as the message is delivered. Else it is held with this `<code>: <sentence>`. */
  readonly held: string | null;
  /**
   * It starts because the message is trusted, and then once for each letter: held where another trusted
   * message of the mailbox with the same Message-ID, which the author has signed, has started it.
   */
  readonly oncePerLetter?: boolean;
  /** Where the rows cannot be given ids beforehand. */
  readonly runId?: RunId;
}

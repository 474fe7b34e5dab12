/** The port through which the pipeline asks who wrote a message. */
import type { Verdict } from '../authentication/verdict.ts';
import type { MessageRow } from '../journal/journal.ts';

/** Asks who wrote a message. */
export interface Authenticator {
  /** Total: what cannot be found out is `temperror` or `none` in the verdict, never an exception. */
  authenticate(message: MessageRow, options: { readonly signal: AbortSignal }): Promise<Verdict>;
}

/**
 * The port through which the pipeline asks who wrote a message, and the words that it and the process
 * that asks DNS exchange.
 */
import type { AuthenticationInput } from '../authentication/authentication.ts';
import type { Verdict } from '../authentication/verdict.ts';
import type { MessageRow, RawSource } from '../journal/journal.ts';
import type { Log, LogFields } from '../system/log.ts';

/** Asks who wrote a message. */
export interface Authenticator {
  /**
   * What cannot be found out is `temperror` or `none` in the verdict.
   *
   * @throws AimxError `journal.damaged` where the raw octets are not those that were accepted; the file
   *   system's error for its file; the signal's reason.
   */
  authenticate(message: MessageRow, options: { readonly signal: AbortSignal }): Promise<Verdict>;
}

/** One question to the process, which works on many at once. */
export interface AuthenticationRequest {
  readonly id: number;
  readonly source: RawSource;
  readonly input: Omit<AuthenticationInput, 'content'>;
  /** How long DNS may take in all. */
  readonly budgetMs: number;
  /** `[dns]`; no server: those of the system. */
  readonly dns: { readonly servers: readonly string[]; readonly timeoutMs: number };
}

export type AuthenticationAnswer =
  /** The process has no log of its own. */
  | {
      readonly kind: 'event';
      readonly level: keyof Log;
      readonly event: string;
      readonly fields: LogFields | undefined;
    }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: Verdict }
  /** The stored octets are not the accepted ones; null where the disk does not give them back. */
  | { readonly kind: 'damaged'; readonly id: number; readonly found: string | null }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string };

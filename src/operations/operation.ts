/**
 * What an operation is, and the world that it is given.
 *
 * An *operation* is one verb of the product (`list`, `runs.release`), typed once and served by every
 * surface. It knows who asks and what may be asked, and nothing of argv, HTTP or terminals. Its
 * input has been validated by the surface (`schemas.ts`, or the command line's
 * own parser); its output is data with the stable names of contract §8.
 */
import type { SigningKeys } from '../authentication/dkim/signing.ts';
import type { Config } from '../config/config.ts';
import type { ConfigOutcome } from '../config/parse.ts';
import type { HookRunner } from '../hooks/hooks.ts';
import type { CallerRun } from '../hooks/inside-run.ts';
import type { Journal, MailboxId, RawSource } from '../journal/journal.ts';
import type { Accounts } from '../system/accounts.ts';
import type { Clock } from '../system/clock.ts';
import type { AimxError, ErrorCode } from '../system/errors.ts';
import type { Files } from '../system/files.ts';
import type { Random } from '../system/random.ts';

/** Who asks. */
export type Caller =
  /** Somebody at the other end of a Unix socket, by the kernel's word: rights are decided here. */
  | { readonly kind: 'peer'; readonly uid: number; readonly gid: number; readonly pid: number }
  /** This very process, acting as its own user: the kernel decides at every file. */
  | { readonly kind: 'local'; readonly uid: number };

/** Everything that operations need of the outside, but for who asks. */
export interface OperationWorld {
  /** Null where it is not there or the caller may not read it (a mailbox's owner without a daemon). */
  readonly config: Config | null;
  /** Why there is no config: what is thrown where one is needed. Null where there is one. */
  readonly configProblem: AimxError | null;
  /** Reads `config.toml` as it is now. @throws `config.missing`. */
  readonly readConfigFile: () => Promise<{ readonly path: string; readonly outcome: ConfigOutcome }>;
  /** Absolute; the config's or an override's. */
  readonly dataDir: string;
  /** Absolute: where `config.toml` and `dkim/` lie. */
  readonly configDir: string;
  /** Committed rows; null where the journal cannot be read. */
  readonly rows: Pick<Journal, 'query'> | null;
  /** Present in the daemon alone. */
  readonly journal: Pick<Journal, 'query' | 'advance' | 'accept' | 'openSpool' | 'onChange'> | null;
  /** Present in the daemon alone. */
  readonly runner: Pick<HookRunner, 'wake' | 'cancel' | 'output'> | null;
  /** The run that the process was started by, if any. */
  readonly callerRun: (pid: number) => Promise<CallerRun>;
  /** The ids that the config's mailboxes have now; null where nobody can tell (no daemon). */
  readonly mailboxIds: Readonly<Record<string, MailboxId>> | null;
  readonly files: Files;
  /** Read from `dkim/` whenever they are asked for. */
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** The user this process runs as, who owns mailboxes without an `owner`. */
  readonly processUid: number;
  readonly accounts: Pick<Accounts, 'lookup'>;
  /** A message's bytes as received, checked against its SHA-256 at the end. */
  readonly openRaw: (source: RawSource) => AsyncIterable<Uint8Array>;
}

export interface OperationContext extends OperationWorld {
  readonly caller: Caller;
  /** Names of the configured mailboxes that are the caller's; `all` for who may do everything. */
  readonly owned: ReadonlySet<string> | 'all';
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface Described {
  /** One sentence, for help and for `GET /v1`. */
  readonly summary: string;
  /** `owner`: a mailbox's owner, for that mailbox, and root. */
  readonly who: 'anyone' | 'owner' | 'root';
  /** Codes that it answers with beside `request.invalid`. */
  readonly errors: readonly ErrorCode[];
  /** Needs the daemon: it changes rows. */
  readonly changes: boolean;
}

/** Data in, data out. */
export interface CallOperation<Input, Output> extends Described {
  readonly kind: 'call';
  /** Of a JSON body, where the usual limit of a surface is too little. */
  readonly inputBytesMax?: number;
  readonly run: (input: Input, context: OperationContext) => Promise<Output>;
}

/** Data in, bytes out. */
export interface DownloadOperation<Input> extends Described {
  readonly kind: 'download';
  readonly contentType: string;
  /** Resolves once it is certain that there is something to send. */
  readonly run: (input: Input, context: OperationContext) => Promise<AsyncIterable<Uint8Array>>;
}

/** Data and bytes in, data out. */
export interface UploadOperation<Input, Output> extends Described {
  readonly kind: 'upload';
  readonly run: (
    input: Input,
    content: AsyncIterable<Uint8Array>,
    context: OperationContext,
  ) => Promise<Output>;
}

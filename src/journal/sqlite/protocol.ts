/**
 * What the main thread and the thread of the rows say to each other.
 */

import type { Exchange } from '../exchange.ts';
import type { RowsChanged } from '../journal.ts';
import type { Queries } from '../queries.ts';
import type { Transitions } from '../transitions.ts';
import type { AppliedRecord, claimMessages } from './messages.ts';

export interface WorkerSettings {
  /** The journal's folder; the rows lie in it. */
  readonly folder: string;
}

/** What the rows say of themselves when they have been opened. */
export interface RowsOpened {
  readonly epoch: string | null;
  readonly appliedFile: string | null;
  readonly appliedOffset: number;
  readonly appliedId: number;
  /** Wall time of the last slice of deletion by age; null before the first. */
  readonly sweptAt: number | null;
}

/** Which of some files the rows still need. */
interface NamedFiles {
  /** Deliveries with something in the staging folder. */
  readonly staged: readonly number[];
  /** Spool files, relative to the journal's folder. */
  readonly spooled: readonly string[];
  readonly runs: readonly string[];
  /** Deliveries with something for hooks to read. */
  readonly stdin: readonly number[];
}

/** A message of a segment that is not done: its bytes are still wanted. */
export interface UnfinishedMessage {
  readonly journalId: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Requests beyond the journal's own transitions and queries. */
export interface InnerRequests {
  /** Answers with the journal id up to which the rows hold the log. */
  readonly apply: Exchange<{ readonly records: readonly AppliedRecord[] }, { readonly appliedId: number }>;
  readonly 'claim-messages': Exchange<
    { readonly limit: number; readonly at: number },
    ReturnType<typeof claimMessages>
  >;
  readonly 'release-message': Exchange<{ readonly journalId: number }, void>;
  /** Answers with those of the files that are needed. */
  readonly 'needed-files': Exchange<Partial<NamedFiles>, NamedFiles>;
  /** How a range of messages stands, for retention. */
  readonly 'segment-state': Exchange<
    { readonly fromId: number; readonly toId: number },
    {
      /** False where the rows do not hold all of them yet: then nothing is known of the rest. */
      readonly isApplied: boolean;
      readonly newestAt: number | null;
      readonly unfinished: readonly UnfinishedMessage[];
    }
  >;
  /** The raw bytes of a file are about to go; those of `moved` lie at the beginning of a file of their own. */
  readonly 'raw-moved': Exchange<
    {
      readonly file: string;
      readonly moved: readonly { readonly journalId: number; readonly file: string }[];
    },
    void
  >;
  /** Spool files whose bytes nobody needs. */
  readonly 'spool-expired': Exchange<
    { readonly before: number; readonly limit: number },
    { readonly files: readonly string[] }
  >;
  /** At the start: submissions that a crash has cut off before anybody was answered are nothing. */
  readonly 'settle-unsubmitted': Exchange<Record<string, never>, void>;
  readonly 'swept-at': Exchange<{ readonly at: number }, void>;
  readonly stop: Exchange<Record<string, never>, void>;
}

export type RequestKind = keyof Transitions | keyof Queries | keyof InnerRequests;

export interface Request {
  readonly number: number;
  readonly part: 'advance' | 'query' | 'inner';
  readonly kind: RequestKind;
  readonly input: unknown;
  /** Random ids for rows that the request makes. */
  readonly ids: readonly string[];
}

/** An error as it crosses between threads; the class does not survive the way. */
export interface RemoteError {
  /** A code of the table, or null for a broken invariant. */
  readonly code: string | null;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
  readonly stack?: string | undefined;
}

export type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: RemoteError };

export type FromWorker =
  | { readonly kind: 'opened'; readonly opened: RowsOpened }
  | { readonly kind: 'refused'; readonly error: RemoteError }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[]; readonly changed: readonly RowsChanged[] }
  /** Nothing more will be answered: what the rows' file holds is unknown. */
  | { readonly kind: 'broken'; readonly error: RemoteError };

/**
 * What the main thread and the thread of the rows say to each other.
 */
import type { Queries, RowsChanged, Transitions } from '../journal.ts';
import type { AppliedRecord } from './messages.ts';

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

/** Requests beyond the journal's own transitions and queries. */
export interface InnerRequests {
  readonly apply: { readonly in: { readonly records: readonly AppliedRecord[] }; readonly out: void };
  readonly 'claim-messages': {
    readonly in: { readonly limit: number; readonly at: number };
    readonly out: ReturnType<typeof import('./messages.ts').claimMessages>;
  };
  readonly 'release-message': { readonly in: { readonly journalId: number }; readonly out: void };
  /** Of the given names of the staging, stdin and runs folders or spool files: those whose rows need them. */
  readonly 'needed-files': {
    readonly in: {
      readonly staged: readonly number[];
      readonly spooled: readonly string[];
      readonly runs: readonly string[];
    };
    readonly out: {
      readonly staged: readonly number[];
      readonly spooled: readonly string[];
      readonly runs: readonly string[];
    };
  };
  /** Of the given deliveries those with a run that is not final, or that are not delivered yet. */
  readonly 'needed-stdin': {
    readonly in: { readonly deliveries: readonly number[] };
    readonly out: { readonly deliveries: readonly number[] };
  };
  /** How a range of messages stands, for retention. */
  readonly 'segment-state': {
    readonly in: { readonly fromId: number; readonly toId: number };
    readonly out: {
      readonly newestAt: number | null;
      readonly unfinished: readonly {
        readonly journalId: number;
        readonly offset: number;
        readonly sizeBytes: number;
        readonly encoding: 'plain' | 'zstd';
      }[];
    };
  };
  /** The raw bytes of messages have moved or are gone. */
  readonly 'raw-moved': {
    readonly in: {
      readonly file: string;
      /** Messages whose bytes now lie elsewhere; all others of the file have none. */
      readonly moved: readonly {
        readonly journalId: number;
        readonly file: string;
        readonly offset: number;
        readonly encoding: 'plain' | 'zstd';
      }[];
    };
    readonly out: void;
  };
  /** Spool files whose bytes nobody needs. */
  readonly 'spool-expired': {
    readonly in: { readonly before: number; readonly limit: number };
    readonly out: { readonly files: readonly string[] };
  };
  readonly 'swept-at': { readonly in: { readonly at: number }; readonly out: void };
  readonly stop: { readonly in: Record<string, never>; readonly out: void };
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

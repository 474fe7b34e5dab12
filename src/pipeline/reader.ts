/**
 * The port through which the pipeline reads messages, and the words that it and the reader process
 * exchange.
 *
 * A reader is asked with the place of the raw octets and opens it itself: they never pass through the
 * process that holds the sockets.
 */
import type { RawSource } from '../journal/journal.ts';
import type { MessageHeader, MessageSummary } from '../message/message.ts';
import type { MessageReport } from '../message/report/report.ts';

/** An attachment that lies, flushed, in the folder that was given. */
export interface WrittenAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

/** What reading makes of a message; its attachments are files by then. */
export interface ReadOutcome {
  readonly header: MessageHeader;
  /** LF line ends, no final newline, at most `BODY_BYTES_MAX`. */
  readonly body: string;
  readonly warnings: readonly string[];
  /** What a program reports with it; null for a letter. */
  readonly report: MessageReport | null;
  readonly attachments: readonly WrittenAttachment[];
}

export interface ReaderOptions {
  /** Gives up waiting; the process that was at it is ended. */
  readonly signal?: AbortSignal;
}

/**
 * Reads messages in processes of their own. Every method
 *
 * @throws AimxError `reader.timeout` or `reader.died`: the message may be the cause, and the next
 *   request finds a new process; `journal.damaged` where the raw octets are not those that were
 *   accepted; the file system's own error (`ENOSPC`, `ENOENT`, with its `code`) for files.
 */
export interface Reader extends AsyncDisposable {
  /** Header fields and fingerprints; reads no MIME. */
  summarize(source: RawSource, options?: ReaderOptions): Promise<MessageSummary>;
  /**
   * Text and attachments.
   *
   * @param folder Absolute path that does not exist and whose parent does. It is made, flushed, with
   *   the attachments in it, when there are any; else it is not made. After an error it may be there
   *   in part: the caller removes it.
   */
  read(source: RawSource, folder: string, options?: ReaderOptions): Promise<ReadOutcome>;
  /** The outcome for a message that no process survives: nothing is parsed, the raw octets are attached. */
  readUnread(
    source: RawSource,
    summary: MessageSummary,
    folder: string,
    options?: ReaderOptions,
  ): Promise<ReadOutcome>;
}

/** One request to a reader process, which answers each before it takes the next. */
export type ReaderRequest =
  | { readonly kind: 'summarize'; readonly source: RawSource }
  | { readonly kind: 'read'; readonly source: RawSource; readonly folder: string }
  | {
      readonly kind: 'attach-raw';
      readonly source: RawSource;
      readonly folder: string;
      readonly filename: string;
    };

export type ReaderAnswer =
  | { readonly kind: 'summary'; readonly summary: MessageSummary }
  | { readonly kind: 'outcome'; readonly outcome: ReadOutcome }
  | { readonly kind: 'raw-attached'; readonly sizeBytes: number }
  /** The stored octets have another SHA-256 than the accepted ones; null where the disk does not give them back. */
  | { readonly kind: 'damaged'; readonly found: string | null }
  /** A file could not be read or written: the system's error. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

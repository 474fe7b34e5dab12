/**
 * Limits of `inbound` that no config key sets. Those of `[smtp]` stand in the config (contract §7).
 */

export interface InboundLimits {
  /** Content of all connections that may lie in memory; past it, sockets are paused and content goes to disk. */
  readonly contentMemoryBytes: number;
  /** A message above this goes to the journal's spool while it comes in. */
  readonly inlineBytes: number;
  /** Slowest average of content over a window before the client is taken for one that only holds a place. */
  readonly floorBytesPerSecond: number;
  readonly floorWindowMs: number;
  /** How long a commit may take before new sessions are turned away: the disk has enough to do. */
  readonly slowCommitMs: number;
  /** How long a connection that we have ended may stay half open before it is dropped. */
  readonly lingerMs: number;
}

export const INBOUND_LIMITS: InboundLimits = {
  // With everything else it keeps the daemon within 250 MiB under load.
  contentMemoryBytes: 64 * 1024 * 1024,
  // Design §3.2: larger ones are files of their own.
  inlineBytes: 256 * 1024,
  // A tenth of what a 9,600 baud modem carries; no mail server is slower for a whole minute.
  floorBytesPerSecond: 100,
  floorWindowMs: 60_000,
  slowCommitMs: 5_000,
  lingerMs: 5_000,
};

/**
 * Content that a spooling connection may have waiting for the disk before its socket is paused:
 * a few reads of 64 KiB, so that the disk always has the next one at hand.
 */
export const SPOOL_WAITING_BYTES_MAX: number = 512 * 1024;

/**
 * Bytes that a session may keep for later (commands pipelined behind a commit) before its socket is
 * paused. A well-behaved client has one transaction's commands under way.
 */
export const HELD_BYTES_MAX: number = 64 * 1024;

/** Refused connections that may wait for their client to close; beyond it they are dropped at once. */
export const REFUSED_LINGERING_MAX: number = 256;

/** How long clients may take to close once the time for stopping in good order is over. */
export const LINGER_AFTER_GIVING_UP_MS: number = 100;

/** Lines about refusals that one connection may write at `info`; as many as it may name recipients by default. */
export const REFUSAL_LINES_MAX: number = 100;

/** At most one line about failed accepts in this time: without file handles every connection is one. */
export const ACCEPT_FAILED_LINE_EVERY_MS: number = 10_000;

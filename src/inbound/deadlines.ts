/**
 * When a client has taken too long. Decided from times that are noted as things happen and looked at
 * by one slow tick over all connections, so that a read costs no timer.
 *
 * All times are monotonic milliseconds.
 */
import type { SmtpConfig } from '../config/config.ts';
import type { SessionPhase } from '../smtp/session-events.ts';
import type { InboundLimits } from './limits.ts';

export type TimeLimits = Pick<
  SmtpConfig,
  'commandTimeoutMs' | 'dataTimeoutMs' | 'sessionTimeoutMs' | 'tlsTimeoutMs'
> &
  Pick<InboundLimits, 'floorBytesPerSecond' | 'floorWindowMs' | 'lingerMs'>;

/** What a connection is doing, as far as time is concerned; `SessionPhase` and what the driver adds. */
export type TimedPhase = Exclude<SessionPhase, 'closed'> | 'handshake' | 'unread-reply' | 'closing';

export interface Timing {
  readonly phase: TimedPhase;
  readonly connectedAtMs: number;
  /**
   * When the present wait began: the last reply in `command` (single bytes do not prolong it), the
   * last read in `content`, the beginning of the phase in all others.
   */
  readonly sinceMs: number;
  /** We do not read at present, so the client cannot be blamed. */
  readonly isPaused: boolean;
  /** Content since `windowStartMs`; null outside `content`. */
  readonly window: { readonly startMs: number; readonly bytes: number } | null;
}

export type TimeoutDecision =
  | { readonly kind: 'none' }
  /** The session is told, and answers `421 4.4.2`. */
  | { readonly kind: 'tell'; readonly what: 'command' | 'data' | 'session' | 'throughput' }
  /** Nothing can be said to this client any more. */
  | { readonly kind: 'drop' }
  /** The window has passed and was fast enough: begin another. */
  | { readonly kind: 'next-window' };

const NONE: TimeoutDecision = { kind: 'none' };

/** Decides what is due at `nowMs` (RFC 5321 §4.5.3.2 asks for limits per command and per block). */
export function decideTimeout(timing: Timing, limits: TimeLimits, nowMs: number): TimeoutDecision {
  const waitedMs = nowMs - timing.sinceMs;
  switch (timing.phase) {
    case 'handshake':
      return waitedMs > limits.tlsTimeoutMs ? { kind: 'drop' } : NONE;
    case 'closing':
      return waitedMs > limits.lingerMs ? { kind: 'drop' } : NONE;
    case 'unread-reply':
      return waitedMs > limits.commandTimeoutMs ? { kind: 'drop' } : NONE;
    case 'waiting':
      // The disk's time is not the client's.
      return NONE;
    case 'command':
      if (waitedMs > limits.commandTimeoutMs) return { kind: 'tell', what: 'command' };
      return sessionTimeout(timing, limits, nowMs);
    case 'content':
      if (timing.isPaused) return NONE;
      if (waitedMs > limits.dataTimeoutMs) return { kind: 'tell', what: 'data' };
      return isOverWindow(timing, limits, nowMs) ?? sessionTimeout(timing, limits, nowMs);
  }
}

function sessionTimeout(timing: Timing, limits: TimeLimits, nowMs: number): TimeoutDecision {
  return nowMs - timing.connectedAtMs > limits.sessionTimeoutMs ? { kind: 'tell', what: 'session' } : NONE;
}

function isOverWindow({ window }: Timing, limits: TimeLimits, nowMs: number): TimeoutDecision | null {
  if (window === null) return null;
  const elapsedMs = nowMs - window.startMs;
  if (elapsedMs < limits.floorWindowMs) return null;
  const isTooSlow = window.bytes * 1000 < limits.floorBytesPerSecond * elapsedMs;
  return isTooSlow ? { kind: 'tell', what: 'throughput' } : { kind: 'next-window' };
}

/** The longest and shortest time between two looks at all connections. */
const TICK_MS_MAX = 1_000;
const TICK_MS_MIN = 10;
/** A limit is kept to within this share of itself. */
const TICK_SHARE = 0.125;

/** How often to look, so that the shortest limit is kept reasonably well. */
export function tickMs(limits: TimeLimits): number {
  const shortestMs = Math.min(
    limits.commandTimeoutMs,
    limits.dataTimeoutMs,
    limits.sessionTimeoutMs,
    limits.tlsTimeoutMs,
    limits.floorWindowMs,
    limits.lingerMs,
  );
  return Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, shortestMs * TICK_SHARE));
}

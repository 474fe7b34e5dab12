/** Turning away connections fast: one line, no session, and as little as possible kept of them. */
import type { Clock } from '../system/clock.ts';
import type { Connection, ConnectionEvents } from '../system/network.ts';
import type { RefusalReason } from './admission.ts';
import { REFUSED_LINGERING_MAX } from './limits.ts';

const TEXT: Readonly<Record<RefusalReason, string>> = {
  connections: '421 4.7.0 Too many connections, try again later\r\n',
  'connections-per-address': '421 4.7.0 Too many connections from your address, try again later\r\n',
  stopping: '421 4.3.2 Shutting down, try again later\r\n',
  'slow-disk': '421 4.3.2 Busy, try again later\r\n',
  broken: '421 4.3.0 Out of order, try again later\r\n',
};

export interface Refusals {
  refuse(connection: Connection, why: RefusalReason): void;
  /** Drops those whose client has not closed within `lingerMs`. */
  tick(nowMs: number, lingerMs: number): void;
  /** Drops all. */
  clear(): void;
  readonly lingering: number;
}

export function refusals(clock: Clock): Refusals {
  // With when each was refused, oldest first.
  const lingering = new Map<Connection, number>();
  return {
    get lingering() {
      return lingering.size;
    },
    refuse(connection, why) {
      connection.start(refusedEvents(() => void lingering.delete(connection)));
      connection.write(TEXT[why]);
      if (lingering.size >= REFUSED_LINGERING_MAX) {
        connection.destroy();
        return;
      }
      lingering.set(connection, clock.monotonicMs());
      connection.end();
    },
    tick(nowMs, lingerMs) {
      for (const [connection, sinceMs] of lingering) {
        if (nowMs - sinceMs < lingerMs) return;
        connection.destroy();
      }
    },
    clear() {
      for (const connection of lingering.keys()) connection.destroy();
    },
  };
}

/** Whatever a refused client sends is read and thrown away, so that our line is not lost in a reset. */
function refusedEvents(closed: () => void): ConnectionEvents {
  const ignore = (): void => undefined;
  return { bytes: ignore, drained: ignore, secured: ignore, ended: ignore, closed };
}

/**
 * Why a delivery waits, and for how long (reliability F6, F7).
 *
 * A wait is a row with a stable code, a sentence and what to do; the pipeline goes on by itself when
 * the reason is gone.
 */
import type { DeliveryId, Waiting } from '../journal/journal.ts';
import { type MailboxProblem, problemOf } from '../mailbox/problem.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import { AimxError, type ErrorCode, isErrno } from '../system/errors.ts';

/** What keeps a delivery from going on, before it is given a time. */
export type Obstacle = Omit<Waiting, 'nextAt'>;

/** First wait; doubled with each further one of the same delivery. */
const WAIT_MS_MIN = 2_000;
/** Room and permissions come back within minutes once an operator acts; nobody should wait longer for us. */
const WAIT_MS_MAX = 60_000;

/** Counts waits per delivery in memory: after a restart each begins with the shortest again. */
export class WaitSchedule {
  readonly #tries = new Map<DeliveryId, number>();

  next(deliveryId: DeliveryId, obstacle: Obstacle, now: EpochMs): Waiting {
    const tries = this.tries(deliveryId);
    this.#tries.set(deliveryId, tries + 1);
    const delayMs = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(tries, 10));
    return { ...obstacle, nextAt: epochMs(now + delayMs) };
  }

  /** How often the delivery has waited since it last went on. */
  tries(deliveryId: DeliveryId): number {
    return this.#tries.get(deliveryId) ?? 0;
  }

  /** The delivery went on: its next wait, if any, is a first one again. */
  over(deliveryId: DeliveryId): void {
    this.#tries.delete(deliveryId);
  }
}

/** A delivery cannot go on now; the step runner makes a row of it. */
export class DeliveryObstructed extends Error {
  override readonly name = 'DeliveryObstructed';
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle) {
    super(obstacle.reason);
    this.obstacle = obstacle;
  }
}

export function obstacleOfProblem({ kind, reason, hint }: MailboxProblem): Obstacle {
  return { code: kind, reason, hint };
}

/** A fault of aimx, of this message alone: all others go on while it is looked into. */
const ROWS_CONFLICT = {
  code: 'rows-conflict',
  hint: 'Please report it with the log and `aimx trace` of the message',
};

/** Failures of one message that others need not wait for. */
const OBSTACLES: Readonly<Partial<Record<ErrorCode, Omit<Obstacle, 'reason'>>>> = {
  'reader.died': {
    code: 'reader-died',
    hint: 'Look at the log for what ended the reader; the delivery goes on by itself',
  },
  'reader.timeout': {
    code: 'reader-timeout',
    hint: 'The machine may be overloaded; the delivery goes on by itself',
  },
  'request.conflict': ROWS_CONFLICT,
  'request.not-found': ROWS_CONFLICT,
  'journal.damaged': {
    code: 'raw-damaged',
    hint: 'The stored bytes of this message are not those that were accepted: check the disk, and restore the journal from a backup',
  },
};

/**
 * The obstacle behind an error of a step, or null where waiting would mend nothing and the error must
 * go up.
 *
 * @param where The folder that the step wrote to; for the sentence.
 */
export function obstacleOf(error: unknown, where: string): Obstacle | null {
  if (error instanceof DeliveryObstructed) return error.obstacle;
  if (error instanceof AimxError) {
    const known = OBSTACLES[error.code];
    if (known !== undefined) return { ...known, reason: error.message };
  }
  // In the journal's own folders these are I/O errors of our disk: nothing is known after one.
  if (isErrno(error, 'EIO')) return null;
  try {
    return obstacleOfProblem(problemOf(error, where).problem);
  } catch {
    return null; // `problemOf` throws what is no file system's error; the caller throws it on.
  }
}

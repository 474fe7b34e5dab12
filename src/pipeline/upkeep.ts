/**
 * Deletion by age: fingerprints past the window, held runs that nobody decided on, raw messages past
 * `keep_raw` (design §3.2, §3.3, §3.5). In small slices, so that nothing that comes in waits for it.
 */
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { type Clock, epochMs, type Timer } from '../system/clock.ts';
import type { Log } from '../system/log.ts';

/** Nothing that is kept for days needs to go to the minute. */
const ROUND_MS = 15 * 60_000;
/** The first round waits until a start has settled. */
const FIRST_ROUND_MS = 60_000;
/** Rows a slice; some milliseconds of the row thread. */
const SLICE_ROWS = 500;
/** Held runs expire with an event: nobody has asked for them in a month. */
const HELD_DAYS = 30;
const DAY_MS = 86_400_000;

export function startUpkeep(options: {
  readonly journal: Journal;
  readonly config: () => Config;
  readonly clock: Clock;
  readonly log: Log;
}): Disposable {
  const { clock, log } = options;
  let timer: Timer;
  let stopped = false;
  const round = (): void => {
    sweep(options, () => stopped)
      .catch((error: unknown) => log.error('upkeep.failed', { error: String(error) }))
      .finally(() => {
        if (!stopped) timer = clock.after(ROUND_MS, round);
      });
  };
  timer = clock.after(FIRST_ROUND_MS, round);
  return {
    [Symbol.dispose]() {
      stopped = true;
      timer[Symbol.dispose]();
    },
  };
}

async function sweep(
  { journal, config, clock, log }: Parameters<typeof startUpkeep>[0],
  isStopped: () => boolean,
): Promise<void> {
  for (;;) {
    if (isStopped()) return;
    const at = clock.now();
    const { more, expiredRuns } = await journal.advance('sweep', {
      fingerprintsBefore: epochMs(at - config().dedup.windowMs),
      heldBefore: epochMs(at - HELD_DAYS * DAY_MS),
      limit: SLICE_ROWS,
      at,
    });
    if (expiredRuns.length > 0) log.info('runs.expired', { count: expiredRuns.length });
    if (!more) break;
  }
  if (!isStopped()) await journal.retain({ keepRawMs: config().keepRawMs, at: clock.now() });
}

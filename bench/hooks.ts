/**
 * How many hooks start a second, with mark, lock, limits, captured output and the owner's account; and
 * what one costs the daemon's main thread.
 *
 * The cost is a difference: the same messages to a mailbox without a hook, and to mailboxes with one,
 * each until everything is at its end. So it holds all that a run needs, from its row to its status.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from './daemon.ts';
import type { Section } from './figure.ts';
import { formatNumber } from './figure.ts';
import { type Ground, HOOKED_MAILBOXES, mailboxOwner } from './ground.ts';
import { runLoad } from './load.ts';
import type { Plan } from './plan.ts';
import { mainThreadNs } from './processes.ts';

const STARTS_PER_SECOND_MIN = 20;
const COST_MS_MAX = 1;
const WAIT_MS_MAX = 120_000;

/** The last run's status is read and its row made final. */
const SETTLE_MS = 1_500;

export async function measureHooks(
  ground: Ground,
  plan: Plan,
  load: string,
  stamp: readonly string[],
): Promise<Section> {
  await using daemon = await Daemon.start(ground, stamp);
  const share = Math.ceil(plan.hookMessages / HOOKED_MAILBOXES.length);
  const count = share * HOOKED_MAILBOXES.length;
  const usedNs = async (work: () => Promise<void>): Promise<number> => {
    await sleep(SETTLE_MS);
    const before = mainThreadNs(daemon.pid);
    await work();
    await sleep(SETTLE_MS);
    return mainThreadNs(daemon.pid) - before;
  };
  const sendTo = (mailbox: string): Promise<unknown> =>
    runLoad(load, { port: daemon.port, sessions: 1, amount: { messages: share }, mailbox });
  // Warms what both need, so that compiling counts for neither.
  for (const mailbox of HOOKED_MAILBOXES)
    await runLoad(load, { port: daemon.port, sessions: 1, amount: { messages: 5 }, mailbox });
  const warm = 5 * HOOKED_MAILBOXES.length;
  await daemon.until(() => daemon.stamps().length >= warm, WAIT_MS_MAX);

  const plainNs = await usedNs(async () => {
    for (const _ of HOOKED_MAILBOXES) await sendTo('plain');
    await daemon.until(() => daemon.delivered('plain') >= count, WAIT_MS_MAX);
  });
  const hookedNs = await usedNs(async () => {
    await Promise.all(HOOKED_MAILBOXES.map(sendTo));
    await daemon.until(() => daemon.stamps().length >= warm + count, WAIT_MS_MAX);
  });
  const stamps = [...daemon.stamps()].slice(warm).sort((a, b) => (a < b ? -1 : 1));
  const first = stamps[0];
  const last = stamps.at(-1);
  if (first === undefined || last === undefined || stamps.length !== count)
    throw new Error(`${stamps.length} hooks started of ${count}`);
  const perSecond = (count - 1) / (Number(last - first) / 1e9);
  const costMs = (hookedNs - plainNs) / count / 1e6;
  const owner = mailboxOwner();
  return {
    title: 'Hooks',
    figures: [
      {
        name: 'hooks started, sustained',
        value: perSecond,
        unit: 'starts/s',
        target: { atLeast: STARTS_PER_SECOND_MIN },
        note: owner === null ? 'as the daemon’s own account' : `as ${owner}`,
      },
      {
        name: 'one start, main thread',
        value: costMs,
        unit: 'ms',
        target: { atMost: COST_MS_MAX },
        note: 'processor time of the whole run: row, launch, mark, status, final row',
      },
    ],
    tables: [
      {
        title: `${count} messages to ${HOOKED_MAILBOXES.length} mailboxes, default limits`,
        columns: ['', 'main thread, ms a message'],
        rows: [
          ['without a hook', formatNumber(plainNs / count / 1e6)],
          ['with one', formatNumber(hookedNs / count / 1e6)],
        ],
      },
    ],
    data: { count, perSecond, plainNs, hookedNs },
  };
}

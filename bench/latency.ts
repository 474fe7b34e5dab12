/**
 * Does the `250` wait for anything but the disk? The same load twice in every round: quiet, and while
 * hooks run and MIME bombs are read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, mimeBomb, plainMessage } from './client.ts';
import { Daemon } from './daemon.ts';
import { formatNumber, type Section } from './figure.ts';
import { type Ground, HOOKED_MAILBOXES } from './ground.ts';
import { hostileMessages } from './hostile-messages.ts';
import { type LoadResult, runLoad } from './load.ts';
import { type Plan, SESSIONS } from './plan.ts';
import { median, medianRatio } from './statistics.ts';

const RATIO_MAX = 1.2;

/** Hooked messages a second beside the load, each hook at work for {@link HOOK}'s time. */
const HOOKS_PER_SECOND = 5;
const HOOK: readonly string[] = ['/bin/sleep', '0.3'];
const BOMBS_PER_SECOND = 1;

/** Larger ones would show what taking them in costs, and not what reading them does. */
const HOSTILE_BYTES_MAX = 600 * 1024;

/** Messages that are small to send and long to read, without a line that begins with a dot. */
function bombs(): readonly string[] {
  const hostile: string[] = [];
  for (const { bytes } of hostileMessages()) {
    const content = bytes();
    if (content.length <= HOSTILE_BYTES_MAX)
      hostile.push(content.toString('latin1').replace(/\r?\n/g, '\r\n'));
  }
  return [mimeBomb(), ...hostile];
}

/** Hooks and readers are at work before the load begins. */
const WARM_MS = 500;

export async function measureDisturbance(ground: Ground, plan: Plan, load: string): Promise<Section> {
  const measured = new Map<number, { readonly quiet: LoadResult[]; readonly busy: LoadResult[] }>();
  for (const sessions of SESSIONS) {
    const results = { quiet: [] as LoadResult[], busy: [] as LoadResult[] };
    for (let round = 0; round < plan.rounds; round += 1)
      for (const kind of ['quiet', 'busy'] as const) {
        await using daemon = await Daemon.start(ground, HOOK);
        await using _noise = kind === 'busy' ? await makeNoise(daemon) : null;
        await sleep(WARM_MS);
        results[kind].push(
          await runLoad(load, { port: daemon.port, sessions, amount: { seconds: plan.loadSeconds } }),
        );
      }
    measured.set(sessions, results);
  }
  const p99 = (results: readonly LoadResult[]): readonly number[] => results.map(({ p99Ms }) => p99Ms);
  return {
    title: 'Accepting while hooks run and hostile messages are read',
    figures: [...measured].map(([sessions, { quiet, busy }]) => ({
      name: `final dot → 250, ${sessions} sessions, p99 busy against quiet`,
      value: medianRatio(p99(busy), p99(quiet)),
      unit: '×',
      target: { atMost: RATIO_MAX },
    })),
    tables: [
      {
        title: 'Medians',
        columns: ['sessions', 'quiet p50/p99 ms', 'busy p50/p99 ms', 'quiet msgs/s', 'busy msgs/s'],
        rows: [...measured].map(([sessions, { quiet, busy }]) => [
          String(sessions),
          ...[quiet, busy].map(
            (results) =>
              `${formatNumber(median(results.map(({ p50Ms }) => p50Ms)))}/${formatNumber(median(p99(results)))}`,
          ),
          ...[quiet, busy].map((results) => formatNumber(median(results.map(({ rate }) => rate)))),
        ]),
      },
    ],
    data: Object.fromEntries(measured),
  };
}

/** Without it the second of two equal ones would be absorbed unread. */
function uniqueField(): string {
  return `Message-ID: <bomb.${process.pid}.${process.hrtime.bigint()}@bench.test>\r\n`;
}

/** Sends hooked messages and bombs at a steady pace until disposed. */
async function makeNoise(daemon: Daemon): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  const hostile = bombs();
  const pace = async (
    perSecond: number,
    send: (client: Client, serial: number) => Promise<unknown>,
  ): Promise<void> => {
    await using client = await Client.open(daemon.port);
    for (let serial = 0; !stopping.signal.aborted; serial += 1) {
      await send(client, serial);
      await sleep(1_000 / perSecond, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const hooked = (serial: number): string => HOOKED_MAILBOXES[serial % HOOKED_MAILBOXES.length] ?? 'plain';
  const at = Promise.all([
    pace(HOOKS_PER_SECOND, (client, serial) => client.send(hooked(serial), plainMessage(serial))),
    pace(BOMBS_PER_SECOND, (client, serial) =>
      client.send('plain', `${uniqueField()}${hostile[serial % hostile.length]}`),
    ),
  ]);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await at;
    },
  };
}

/** `250` → file, and `250` → the hook's first instruction: one message at a time on an idle daemon. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, epochNs, plainMessage } from './client.ts';
import { Daemon } from './daemon.ts';
import type { Section } from './figure.ts';
import { formatNumber } from './figure.ts';
import type { Ground } from './ground.ts';
import type { Plan } from './plan.ts';
import { median, quantile } from './statistics.ts';

const FILE_MS_MAX = 50;
const HOOK_MS_MAX = 100;

/** The daemon has come to rest between two messages. */
const REST_MS = 120;
const SAMPLE_MS_MAX = 10_000;
const MAILBOX = 'hooked-1';

export async function measureIdle(ground: Ground, plan: Plan, stamp: readonly string[]): Promise<Section> {
  await using daemon = await Daemon.start(ground, stamp);
  await using client = await Client.open(daemon.port);
  // The first message makes the mailbox's folder, and is not counted.
  await client.send(MAILBOX, plainMessage(-1));
  if (!(await daemon.until(() => daemon.stamps().length > 0, SAMPLE_MS_MAX)))
    throw new Error('The hook of the first message did not start');
  const appeared: bigint[] = [];
  const watcher = watch(join(daemon.at.dataDir, 'inbox', MAILBOX), (_, name) => {
    if (name?.endsWith('.md') === true && appeared.length === 0) appeared.push(epochNs());
  });
  const toFileMs: number[] = [];
  const toHookMs: number[] = [];
  try {
    for (let serial = 0; serial < plan.idleSamples; serial += 1) {
      await sleep(REST_MS);
      appeared.length = 0;
      const started = daemon.stamps().length;
      const acceptedAt = await client.send(MAILBOX, plainMessage(serial));
      if (!(await daemon.until(() => daemon.stamps().length > started && appeared.length > 0, SAMPLE_MS_MAX)))
        throw new Error('A message was not delivered and its hook not started in time');
      toFileMs.push(Number((appeared[0] ?? 0n) - acceptedAt) / 1e6);
      toHookMs.push(Number((daemon.stamps()[started] ?? 0n) - acceptedAt) / 1e6);
    }
  } finally {
    watcher.close();
  }
  return {
    title: 'From the 250 on, idle',
    figures: [
      { name: '250 → file, p50', value: median(toFileMs), unit: 'ms', target: { atMost: FILE_MS_MAX } },
      {
        name: '250 → hook’s first instruction, p50',
        value: median(toHookMs),
        unit: 'ms',
        target: { atMost: HOOK_MS_MAX },
      },
    ],
    tables: [
      {
        title: `${plan.idleSamples} messages, one at a time, ms`,
        columns: ['', 'p50', 'p90', 'p99'],
        rows: [
          ['250 → file', ...[0.5, 0.9, 0.99].map((q) => formatNumber(quantile(toFileMs, q)))],
          ['250 → hook', ...[0.5, 0.9, 0.99].map((q) => formatNumber(quantile(toHookMs, q)))],
        ],
      },
    ],
    data: { toFileMs, toHookMs },
  };
}

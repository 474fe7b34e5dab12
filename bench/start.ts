/** From `aimx serve` to the first greeting, with compiled code kept from the start before. */
import { Daemon } from './daemon.ts';
import { formatNumber, type Section } from './figure.ts';
import { type Ground, makeDaemonFolder } from './ground.ts';
import type { Plan } from './plan.ts';
import { median } from './statistics.ts';

const START_S_MAX = 0.5;
const HOOK: readonly string[] = ['/bin/true'];

export async function measureStart(ground: Ground, plan: Plan): Promise<Section> {
  const folder = makeDaemonFolder(ground, HOOK);
  const ms: number[] = [];
  // One more than counted: the first fills the cache of compiled code and makes the data folder.
  for (let round = 0; round <= plan.starts; round += 1) {
    const daemon = await Daemon.start(ground, HOOK, folder);
    if (round > 0) ms.push(daemon.startMs);
    await daemon.stop();
  }
  return {
    title: 'Start',
    figures: [
      {
        name: 'start to first greeting',
        value: median(ms) / 1_000,
        unit: 's',
        target: { atMost: START_S_MAX },
        note: `median of ${ms.length}: ${ms.map((one) => formatNumber(one)).join(', ')} ms`,
      },
    ],
    tables: [],
    data: { ms },
  };
}

/** Memory of the daemon and all its processes: idle, and after a load has been delivered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from './daemon.ts';
import type { Section } from './figure.ts';
import { formatNumber } from './figure.ts';
import type { Ground } from './ground.ts';
import { runLoad } from './load.ts';
import type { Plan } from './plan.ts';
import { type Memory, memoryOf } from './processes.ts';

const IDLE_MB_MAX = 160;
const AFTER_MB_MAX = 250;

/** Start-up work has ended. */
const REST_MS = 3_000;
const DELIVERY_MS_MAX = 180_000;
const SESSIONS = 10;

export async function measureMemory(ground: Ground, plan: Plan, load: string): Promise<Section> {
  await using daemon = await Daemon.start(ground, ['/bin/true']);
  await sleep(REST_MS);
  const idle = memoryOf(daemon.pid);
  const messages = plan.memoryMessages;
  const accepted = await runLoad(load, { port: daemon.port, sessions: SESSIONS, amount: { messages } });
  const accepting = memoryOf(daemon.pid);
  const began = performance.now();
  const all = await daemon.until(() => daemon.delivered('plain') >= messages, DELIVERY_MS_MAX);
  const seconds = (performance.now() - began) / 1_000 + messages / accepted.rate;
  const delivered = daemon.delivered('plain');
  await sleep(REST_MS);
  const after = memoryOf(daemon.pid);
  const note = 'all processes, shared pages counted once';
  return {
    title: 'Memory',
    figures: [
      { name: 'memory, idle', value: idle.occupiedMb, unit: 'MB', target: { atMost: IDLE_MB_MAX }, note },
      {
        name: 'memory, after the load',
        value: after.occupiedMb,
        unit: 'MB',
        target: { atMost: AFTER_MB_MAX },
        note,
      },
      {
        name: 'delivered, under a backlog',
        value: delivered / seconds,
        unit: 'msgs/s',
        target: null,
        note: all ? `${messages} messages accepted at once` : `${delivered} of ${messages} in time`,
      },
    ],
    tables: [
      {
        title: 'All processes, MB',
        columns: ['', 'occupied', 'sum of RSS', 'private pages of each'],
        rows: [
          row('idle', idle),
          row(`${messages} accepted`, accepting),
          row(`${delivered} delivered`, after),
        ],
      },
    ],
    data: { idle, accepting, after, messages, delivered, seconds },
  };
}

function row(name: string, memory: Memory): readonly string[] {
  const each = memory.processes.map(
    ({ command, privateMb }) => `${command || '?'} ${formatNumber(privateMb)}`,
  );
  return [name, formatNumber(memory.occupiedMb), formatNumber(memory.rssMb), each.join(', ')];
}

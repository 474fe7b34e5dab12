/** The reader under messages that are made to take long: time and memory of a process of its own for each. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawSource } from '../src/journal/journal.ts';
import { createReaderPool } from '../src/pipeline/reader-pool.ts';
import { systemClock } from '../src/system/clock.ts';
import type { Log } from '../src/system/log.ts';
import { type Processes, systemProcesses } from '../src/system/processes.ts';
import { formatNumber, type Section } from './figure.ts';
import { type HostileMessage, hostileMessages } from './hostile-messages.ts';

const SLOWEST_MS_MAX = 2_000;
const GROWTH_MB_MAX = 256;
const MB = 1_000_000;
const KIB = 1_024;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const SMALL = Buffer.from('Subject: warm\r\nContent-Type: text/html\r\n\r\n<p>up</p>\r\n');

export interface HostileReading {
  readonly name: string;
  readonly sizeMb: number;
  /** Summary and reading together. */
  readonly ms: number;
  /** Highest resident set over that of the same process, warm. */
  readonly growthMb: number;
  /** Its code where the reader did not survive it. */
  readonly failure: string | null;
}

/** A value of `/proc/<pid>/status`, in octets. */
function statusOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) * KIB;
}

function sourceOf(folder: string, bytes: Buffer): RawSource {
  const path = join(folder, 'raw');
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, offset: 0, sizeBytes: bytes.length, sha256, encoding: 'plain' };
}

/** Reads one message in a process that has read a small one before, so that its code is loaded. */
async function readOne(folder: string, { name, bytes }: HostileMessage): Promise<HostileReading> {
  let pid = 0;
  const processes: Processes = {
    async start(...args) {
      const child = await systemProcesses.start(...args);
      pid = child.pid;
      return child;
    },
  };
  await using reader = createReaderPool({
    processes,
    clock: systemClock,
    log: silent,
    limits: { processesMax: 1 },
  });
  const small = sourceOf(folder, SMALL);
  await reader.summarize(small);
  await reader.read(small, join(folder, 'small'));
  const warm = statusOf(pid, 'VmRSS');
  // The highest value begins anew (proc(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const source = sourceOf(folder, bytes());
  const staged = join(folder, 'staged');
  const began = performance.now();
  let failure: string | null = null;
  let growthMb = Number.NaN;
  try {
    await reader.summarize(source);
    await reader.read(source, staged);
    growthMb = (statusOf(pid, 'VmHWM') - warm) / MB;
  } catch (error) {
    failure = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  const ms = performance.now() - began;
  rmSync(staged, { recursive: true, force: true });
  return { name, sizeMb: source.sizeBytes / MB, ms, growthMb, failure };
}

/** @param only Part of a name; every message where absent. */
export async function readHostile(only = ''): Promise<readonly HostileReading[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-hostile-'));
  try {
    const readings: HostileReading[] = [];
    for (const message of hostileMessages()) {
      if (message.name.includes(only)) readings.push(await readOne(folder, message));
    }
    return readings;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function measureHostile(): Promise<Section> {
  const readings = await readHostile();
  const slowest = readings.reduce((one, other) => (other.ms > one.ms ? other : one));
  const largest = readings.reduce((one, other) => (other.growthMb > one.growthMb ? other : one));
  const dead = readings.filter(({ failure }) => failure !== null);
  return {
    title: 'Hostile messages',
    figures: [
      {
        name: 'slowest hostile message',
        value: dead.length > 0 ? null : slowest.ms,
        unit: 'ms',
        target: { atMost: SLOWEST_MS_MAX },
        note: dead.length > 0 ? `not survived: ${dead.map(({ name }) => name).join(', ')}` : slowest.name,
      },
      {
        name: 'memory of the reader, most that it grew',
        value: largest.growthMb,
        unit: 'MB',
        target: { atMost: GROWTH_MB_MAX },
        note: largest.name,
      },
    ],
    tables: [
      {
        title: 'Reading each, in a process of its own',
        columns: ['', 'size, MB', 'ms', 'grew, MB'],
        rows: readings.map(({ name, sizeMb, ms, growthMb, failure }) => [
          name,
          formatNumber(sizeMb),
          failure ?? formatNumber(ms),
          formatNumber(growthMb),
        ]),
      },
    ],
    data: readings,
  };
}

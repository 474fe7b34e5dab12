/**
 * `npm run bench`: every figure of speed in one run, on this machine.
 *
 *     npm run bench                     some ten minutes
 *     npm run bench -- --quick          some two: whether something broke, not how fast it is
 *     npm run bench -- --only=hooks     one section, or several with commas; writes no results
 *     npm run bench -- --folder=/disk   where to lay data; a folder in memory is refused
 *
 * Everything is on loopback, bounded in time and count, and ends only what it started.
 */
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDnsServer } from '../test/system/dns/dns-server.ts';
import { measureAccept } from './accept.ts';
import { PACKAGE } from './daemon.ts';
import type { Section } from './figure.ts';
import { Ground } from './ground.ts';
import { measureHooks } from './hooks.ts';
import { measureHostile } from './hostile.ts';
import { measureIdle } from './idle.ts';
import { measureDisturbance } from './latency.ts';
import { measureMemory } from './memory.ts';
import { measureOutgoing } from './outgoing.ts';
import { measurePipeline } from './pipeline.ts';
import { FULL, type Plan, QUICK } from './plan.ts';
import { currentLoad, describeMachine, formatReport, type Report, writeReport } from './report.ts';
import { measureStart } from './start.ts';

const NO_COMPILER = 'everything under load, since there is no C compiler for the load generator (cc, gcc)';

/** Reads the clock with a shell where there is no compiler; that costs the hook some milliseconds. */
const SHELL_STAMP: readonly string[] = ['/bin/sh', '-c', 'date +%s%N >> "$STAMPS"'];

interface Measurement {
  readonly name: string;
  readonly measure: () => Promise<Section>;
}

function measurements(
  ground: Ground,
  plan: Plan,
): { list: readonly Measurement[]; leftOut: readonly string[] } {
  const load = ground.compile('smtpload', []);
  const stampProgram = ground.compile('stamp', ['-static']) ?? ground.compile('stamp', []);
  const stamp = stampProgram === null ? SHELL_STAMP : [stampProgram];
  const underLoad: readonly Measurement[] =
    load === null
      ? []
      : [
          { name: 'accept', measure: () => measureAccept(ground, plan, load) },
          { name: 'latency', measure: () => measureDisturbance(ground, plan, load) },
          { name: 'hooks', measure: () => measureHooks(ground, plan, load, stamp) },
          { name: 'memory', measure: () => measureMemory(ground, plan, load) },
        ];
  return {
    list: [
      ...underLoad,
      { name: 'idle', measure: () => measureIdle(ground, plan, stamp) },
      { name: 'pipeline', measure: () => measurePipeline(ground, plan) },
      { name: 'outgoing', measure: () => measureOutgoing(ground, plan) },
      { name: 'hostile', measure: measureHostile },
      { name: 'start', measure: () => measureStart(ground, plan) },
    ],
    leftOut: load === null ? [NO_COMPILER] : [],
  };
}

/** What `bin/aimx` will run, by its own rule: dist/ where nothing in src/ is newer. */
function describeProgram(): string {
  const stamp = join(PACKAGE, 'dist', '.build-stamp');
  if (!existsSync(stamp)) return 'src/ (there is no dist/: `npm run build`)';
  const builtAt = statSync(stamp).mtimeMs;
  const newer = globSync('src/**', { cwd: PACKAGE }).some(
    (path) => statSync(join(PACKAGE, path)).mtimeMs > builtAt,
  );
  return newer ? 'src/ (newer than dist/: `npm run build`)' : 'dist/';
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, folder: { type: 'string' } },
  });
  const plan = values.quick === true ? QUICK : FULL;
  // Knows nobody: every sender is asked about, as in life, and no answer leaves the machine.
  await using dns = await startDnsServer();
  using ground = new Ground({ dns: [dns.address], parent: values.folder });
  const { list, leftOut } = measurements(ground, plan);
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !list.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0) {
    console.error(
      `No such section: ${unknown.join(', ')}; there are ${list.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const began = performance.now();
  const loadBefore = currentLoad();
  const sections: Section[] = [];
  const failed: string[] = [];
  for (const { name, measure } of list) {
    if (only?.includes(name) === false) continue;
    console.error(`bench: ${name} …`);
    try {
      sections.push(await measure());
    } catch (error) {
      console.error(error);
      failed.push(`${name} failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  const report: Report = {
    date: new Date().toISOString(),
    plan,
    machine: describeMachine(),
    program: describeProgram(),
    loadBefore,
    loadAfter: currentLoad(),
    seconds: (performance.now() - began) / 1_000,
    sections,
    leftOut: [...leftOut, ...failed],
  };
  console.log(formatReport(report));
  if (only === undefined) console.error(`bench: written to ${writeReport(report)}.md and .json`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await run();

/** One runner over a folder of its own: real helper, real launchers, real files. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, HookConfig } from '../../../src/config/config.ts';
import type { HookRunner } from '../../../src/hooks/hooks.ts';
import { createHookRunner } from '../../../src/hooks/runner.ts';
import type { HookRunnerOptions } from '../../../src/hooks/runner-world.ts';
import type { DeliveryId, RunId, RunRow } from '../../../src/journal/journal.ts';
import { systemAccounts } from '../../../src/system/accounts.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { silentLog } from '../../../src/system/log.ts';
import { type ListedProcess, systemProcessTable } from '../../../src/system/process-table.ts';
import { type Processes, systemProcesses } from '../../../src/system/processes.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type KeptRows, keptRows, MAILBOX_ID } from './kept-rows.ts';

export const IS_ROOT: boolean = process.getuid?.() === 0;

export interface BenchOptions {
  readonly hooks: readonly (Partial<HookConfig> & {
    readonly name: string;
    readonly cmd: HookConfig['cmd'];
  })[];
  readonly owner?: string | null;
  readonly maxConcurrent?: number;
  readonly maxPerMailbox?: number;
  readonly folder?: string;
  /** As on a machine where no namespace may be made. */
  readonly withoutNamespaces?: boolean;
  /** The helper is told of nothing: runs stay claimed. */
  readonly deafHelper?: boolean;
  readonly durableRows?: boolean;
  /** Stands for /bin/sh everywhere. */
  readonly shell?: string;
  readonly overrides?: Partial<HookRunnerOptions>;
}

export interface Bench extends AsyncDisposable {
  /** Everybody may write here: hooks of other users leave their traces in it. */
  readonly folder: string;
  readonly rows: KeptRows;
  readonly runner: HookRunner;
  /** Inserts a due run of that hook and wakes the runner. Each has a message of its own unless given. */
  run(hook: string, more?: Partial<RunRow> & { readonly variables?: Record<string, string> }): RunId;
  /** Inserts a run and resolves with its row when it is final. */
  ended(hook: string, more?: Parameters<Bench['run']>[1]): Promise<RunRow>;
  /** Lines of a file in the folder; empty where there is none. */
  lines(name: string): readonly string[];
  /** Resolves when the file has that many lines. */
  untilLines(name: string, count: number): Promise<void>;
  helperPid(): number;
  exists(name: string): boolean;
  touch(name: string): void;
  output(row: RunRow): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

export function hookConfig(hook: BenchOptions['hooks'][number]): HookConfig {
  return {
    event: 'on_receive',
    timeoutSeconds: 20,
    fireOnUntrusted: true,
    retries: 0,
    onInterrupt: 'report',
    maxConcurrent: null,
    env: {},
    ...hook,
  };
}

function config(options: BenchOptions): Config {
  const mailboxes = [
    { name: 'box', maxConcurrent: null, owner: options.owner ?? null, hooks: options.hooks.map(hookConfig) },
  ];
  const hooks = {
    maxConcurrent: options.maxConcurrent ?? 8,
    maxPerMailbox: options.maxPerMailbox ?? 8,
    timeoutSeconds: 20,
  };
  // The runner reads nothing else.
  return { mailboxes, hooks } as unknown as Config;
}

export function runnerOptions(options: BenchOptions, rows: KeptRows): HookRunnerOptions {
  const made = config(options);
  return {
    journal: rows.journal,
    config: () => made,
    mailboxIds: () => ({ box: MAILBOX_ID }),
    processes: systemProcesses,
    processTable: systemProcessTable,
    files: linuxFiles,
    accounts: systemAccounts(systemClock),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    environment: { path: null, lang: null },
    ...options.overrides,
  };
}

/** A temp folder that everybody may write to; removed when disposed. */
export function makeFolder(): Disposable & AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'aimx-hooks-'));
  chmodSync(path, 0o777);
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  return { path, [Symbol.dispose]: remove, [Symbol.asyncDispose]: async () => remove() };
}

/** A hook that is a line of shell. */
export function sh(name: string, script: string): BenchOptions['hooks'][number] {
  return { name, cmd: ['/bin/sh', '-c', script] };
}

/** Processes that hold the lock of any attempt of this bench. */
export async function holdersUnder(bench: Bench): Promise<readonly ListedProcess[]> {
  const runs = bench.rows.journal.folders.runs;
  const locks = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.lock'),
  );
  const holders = await Promise.all(locks.map((name) => systemProcessTable.holdersOf(join(runs, name))));
  return holders.flat();
}

/** Inserts a due run with its stdin copy. */
export function insertRun(
  rows: KeptRows,
  hook: string,
  more: Partial<RunRow> & { readonly variables?: Record<string, string> } = {},
): RunId {
  const { variables = {}, ...given } = more;
  const sequence = given.sequence ?? rows.rows().length + 1;
  const row: RunRow = {
    runId: systemRandom.hex(8) as RunId,
    deliveryId: sequence as DeliveryId,
    mailboxId: MAILBOX_ID,
    mailbox: 'box',
    id: '2026-11-24-200000-hello',
    sequence,
    hook,
    event: 'on_receive',
    sendStatus: null,
    ordinal: 0,
    generation: 0,
    attempt: 0,
    state: 'due',
    reason: null,
    exitCode: null,
    signal: null,
    dueAt: null,
    startedAt: null,
    endedAt: null,
    ...given,
  };
  const stdin = join(rows.journal.folders.stdin, String(row.deliveryId));
  writeFileSync(`${stdin}.md`, `message ${row.deliveryId}\n`, { mode: 0o600 });
  writeFileSync(`${stdin}.json`, JSON.stringify({ variables }), { mode: 0o600 });
  rows.insert(row);
  return row.runId;
}

export async function openBench(options: BenchOptions): Promise<Bench> {
  const own = options.folder === undefined ? makeFolder() : null;
  const folder = options.folder ?? own?.path ?? '';
  const journalFolder = join(folder, 'journal');
  mkdirSync(journalFolder, { recursive: true, mode: 0o700 });
  const rows = keptRows(journalFolder, { durable: options.durableRows ?? true });
  let helperPid = 0;
  const processes: Processes = {
    async start(command, args, more) {
      const instead = (text: string): string => {
        const trial = options.withoutNamespaces === true ? text.replaceAll('unshare', 'false') : text;
        return trial.replaceAll('/bin/sh', options.shell ?? '/bin/sh');
      };
      const env = Object.fromEntries(Object.entries(more.env).map(([name, value]) => [name, instead(value)]));
      const child = await systemProcesses.start(instead(command), args.map(instead), { ...more, env });
      if (!args.includes('aimx-hooks')) return child;
      helperPid = child.pid;
      return options.deafHelper === true ? { ...child, write: async () => undefined } : child;
    },
  };
  const overrides = { processes, ...options.overrides };
  const runner = await createHookRunner(runnerOptions({ ...options, overrides }, rows));
  const run: Bench['run'] = (hook, more) => insertRun(rows, hook, more);
  const lines: Bench['lines'] = (name) => {
    try {
      return readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  };
  return {
    folder,
    rows,
    runner,
    run,
    lines,
    helperPid: () => helperPid,
    ended: (hook, more) =>
      rows.until(run(hook, more), 'succeeded', 'failed', 'timed_out', 'interrupted', 'cancelled'),
    async untilLines(name, count) {
      while (lines(name).length < count) await systemClock.sleep(5);
    },
    exists: (name) => existsSync(join(folder, name)),
    touch: (name) => writeFileSync(join(folder, name), ''),
    async output(row) {
      const output = await runner.output(row.runId, row.attempt);
      assert.ok(output.kind === 'kept', output.kind);
      const { stdout, stderr } = output;
      return { stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
    },
    async [Symbol.asyncDispose]() {
      await runner[Symbol.asyncDispose]();
      own?.[Symbol.dispose]();
    },
  };
}

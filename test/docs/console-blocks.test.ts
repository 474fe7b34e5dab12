/** What README and tutorial show is what their commands print. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, readPage } from './pages.ts';
import { fencedBlocks, matchRecorded, playCommand, recordedCommands } from './recorded-session.ts';

/** Settings of the person who runs the tests must not lead aimx elsewhere. */
const CLEAN = { AIMX_CONFIG_DIR: '', AIMX_DATA_DIR: '', AIMX_RUNTIME_DIR: '', NO_COLOR: '1' };
const ENVIRONMENT = { ...process.env, ...CLEAN, PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}` };

/** A shell in a folder of its own, with `aimx dev` beside it; both are gone at the end. */
class Desk implements AsyncDisposable {
  readonly folder: string;
  readonly names: Map<string, string> = new Map();
  #dev: ReturnType<typeof spawn> | undefined;
  /** What `dev` has printed. */
  devOutput = '';

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Desk> {
    return new Desk(await mkdtemp(join(tmpdir(), 'aimx-docs-')));
  }

  /** Runs a command of the page. @returns its stdout. */
  async run(command: string): Promise<string> {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], {
      cwd: this.folder,
      env: ENVIRONMENT,
    });
    return stdout;
  }

  startDev(command: string): void {
    const dev = spawn('/bin/sh', ['-c', `exec ${command}`], {
      cwd: this.folder,
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#dev = dev;
    dev.stdout.on('data', (chunk: Buffer) => {
      this.devOutput += chunk.toString();
      dev.emit('said');
    });
  }

  /** Waits until `dev` has printed what the page shows. */
  async devSays(recorded: string): Promise<void> {
    for (;;) {
      const names = matchRecorded(recorded, this.devOutput);
      if (names !== null) return this.learn(names);
      assert.ok(this.#dev?.exitCode === null, `dev has ended:\n${this.devOutput}`);
      await once(this.#dev, 'said', { signal: AbortSignal.timeout(10_000) }).catch(() =>
        assert.fail(`Shown:\n${recorded}\nPrinted:\n${this.devOutput}`),
      );
    }
  }

  /** What stands for the same in the page stays the same. */
  learn(names: ReadonlyMap<string, string>): void {
    for (const [written, actual] of names) if (!this.names.has(written)) this.names.set(written, actual);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const dev = this.#dev;
    if (dev !== undefined && dev.exitCode === null) {
      dev.kill('SIGTERM');
      await once(dev, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function play(desk: Desk, block: string): Promise<void> {
  for (const recorded of recordedCommands(block)) {
    const { command, output } = recorded;
    if (/^(?:bin\/)?aimx dev /.test(command)) {
      desk.startDev(command.replace(/^bin\//, ''));
      await desk.devSays(output);
    } else await playCommand(recorded, desk.names, (named) => desk.run(named));
  }
}

const needsCurl = spawnSync('curl', ['--version']).status === 0 ? {} : { skip: 'curl is not installed' };

test('docs/tutorial/first-agent.md: every command prints what the page shows', needsCurl, async () => {
  await using desk = await Desk.open();
  const page = readPage('docs/tutorial/first-agent.md');
  for (const [, language, block = ''] of page.matchAll(/^```(console|text)\n([\s\S]*?)^```$/gm)) {
    if (language === 'console') await play(desk, block);
    // What the terminal of `dev` says; other lines may stand between these.
    else await desk.devSays(block.trim().replaceAll('\n', '…'));
  }
});

test('README.md: the first screen prints what it shows', async () => {
  await using desk = await Desk.open();
  const [demo = '', dev = ''] = fencedBlocks(readPage('README.md'), 'console');
  const [shown] = recordedCommands(demo);
  assert.equal(shown?.command, 'npm ci && npm run demo');
  const [printed] = await Promise.all([desk.run('aimx demo'), play(desk, dev)]);
  assert.ok(matchRecorded(shown.output, printed) !== null, `Shown:\n${shown.output}\nPrinted:\n${printed}`);
});

test('matchRecorded() sees another shape, and takes ids and times of this run', () => {
  const recorded = 'At 23:39:15.840  agent/2026-11-24-233915-hello  took 26 ms\n…\nend';
  const check = (printed: string, expected: boolean): void =>
    assert.equal(matchRecorded(recorded, printed) !== null, expected, printed);
  check('At 01:02:03.004  agent/2027-01-01-010203-hello took 1.5 s\nmore\nend', true);
  check('At 01:02:03.004  other/2027-01-01-010203-hello took 1.5 s\nmore\nend', false);
  check('At 01:02:03.004  agent/2027-01-01-010203-hello took 1.5 s\nmore', false);
});

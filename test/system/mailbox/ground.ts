/** A data folder in a temporary place, and who may own what in it. */
import { spawnSync } from 'node:child_process';
import { chownSync, constants, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MailboxStore } from '../../../src/mailbox/store.ts';
import { openMailboxStore } from '../../../src/mailbox/store.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { type Faults, noFaults } from '../../../src/system/faults.ts';
import type { Folder, Owner } from '../../../src/system/files.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';

export const isRoot: boolean = process.getuid?.() === 0;
/** For tests that need other users' files, devices or mounts. */
export const ROOT_ONLY: { readonly skip: string | false } = {
  skip: isRoot ? false : 'needs root: other owners, devices and mounts',
};

export const self: Owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** `nobody`, where we may give files away. */
export const owner: Owner = isRoot ? { uid: 65534, gid: 65534 } : self;
export const stranger: Owner = { uid: 1, gid: 1 };

export class Ground implements AsyncDisposable {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'aimx-mailbox-'));
  readonly staging: Folder;
  readonly store: MailboxStore;

  private constructor(dir: string, staging: Folder, store: MailboxStore) {
    rmSync(this.dir, { recursive: true });
    this.dir = dir;
    this.staging = staging;
    this.store = store;
  }

  static async open(options: { readonly dir?: string; readonly faults?: Faults } = {}): Promise<Ground> {
    const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'aimx-mailbox-'));
    const staging = await linuxFiles.ensureRoot(join(dir, 'journal/staging'), { mode: 0o700 });
    const store = await openMailboxStore({
      files: linuxFiles,
      dataDir: dir,
      staging,
      self,
      clock: systemClock,
      faults: options.faults ?? noFaults,
    });
    return new Ground(dir, staging, store);
  }

  inbox(...names: readonly string[]): string {
    return join(this.dir, 'inbox', ...names);
  }

  /** Stages a file or a bundle with one attachment, as the pipeline does. */
  async stage(stagedName: string, id: string, text: string, form: 'file' | 'bundle' = 'file'): Promise<void> {
    const written = { mode: 0o600, owner, durable: true };
    const bytes = new TextEncoder().encode(text);
    if (form === 'file') return await this.staging.writeFile(stagedName, bytes, written);
    await using bundle = await this.staging.makeFolder(stagedName, { mode: 0o700, owner });
    await bundle.writeFile(`${id}.md`, bytes, written);
    await bundle.writeFile('note.txt', new TextEncoder().encode('attached'), written);
    await bundle.sync();
  }

  /** Makes the mailbox's folder as its owner would have it. */
  makeMailbox(name: string, of: Owner = owner): string {
    const path = this.inbox(name);
    mkdirSync(path, { mode: 0o700 });
    if (isRoot) chownSync(path, of.uid, of.gid);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await this.staging[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Mounts a small memory file system; null where this machine does not let us. */
export function mountMemory(path: string, size: string): Disposable | null {
  mkdirSync(path, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'aimx-test', path]).status !== 0)
    return null;
  return { [Symbol.dispose]: () => void spawnSync('umount', ['-l', path]) };
}

export function runProgram(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/** How long a FIFO may hold who opens it before the test lets go and fails. */
const FIFO_HELD_MS = 3000;

/** Makes a FIFO that nobody writes to; whoever is caught in opening it is let go in the end, for the process to end. */
export function makeFifo(path: string): Disposable {
  runProgram('mkfifo', path);
  const timer = setTimeout(() => openSync(path, constants.O_RDWR | constants.O_NONBLOCK), FIFO_HELD_MS);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** A document of ours; `extra` are lines of frontmatter. */
export function documentText(fields: {
  readonly id: string;
  readonly receivedAt: string;
  readonly extra?: string;
}): string {
  return `+++\nid = "${fields.id}"\nmessage_id = "${fields.id}@example.com"\nfrom = "Ann <ann@example.com>"\nto = "bob@example.net"\nsubject = "Hello"\ndate = "${fields.receivedAt}"\nreceived_at = "${fields.receivedAt}"\ntrusted = "none"\nmailbox = "bob"\nread = false\n${fields.extra ?? ''}+++\n\nBody\n`;
}

/** Runs one operation in a process of its own that is killed at a named point. */
export function crashAt(
  point: string,
  request: Readonly<Record<string, string>>,
): { readonly signal: NodeJS.Signals | null } {
  const child = join(import.meta.dirname, 'crashing-child.ts');
  return spawnSync(process.execPath, [child, point, JSON.stringify(request)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

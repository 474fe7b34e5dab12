/** The folder that one benchmark lives in, and the accounts and mailboxes of its daemons. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders in memory flush nothing, so nothing would be measured there. */
const MEMORY_FILE_SYSTEMS = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

/** Not below `os.tmpdir()`, which is in memory on many machines; every account may pass through it. */
const DEFAULT_PARENT = '/var/tmp';

export const DOMAIN = 'local.test';

/** Mailboxes of the hooked kind, so that no mailbox's own limit is what is measured. */
export const HOOKED_MAILBOXES: readonly string[] = ['hooked-1', 'hooked-2', 'hooked-3', 'hooked-4'];

export class Ground implements Disposable {
  readonly folder: string;
  /** `host:port` of who answers about senders. */
  readonly dns: readonly string[];
  /** `null` where there is no C compiler. */
  readonly compiler: string | null;

  /** @throws where the folder would be in memory. */
  constructor(options: { readonly dns: readonly string[]; readonly parent?: string | undefined }) {
    const { dns, parent = DEFAULT_PARENT } = options;
    this.dns = dns;
    const kind = MEMORY_FILE_SYSTEMS.get(statfsSync(parent).type);
    if (kind !== undefined)
      throw new Error(`${parent} is on ${kind}, where a flush costs nothing: give --folder on a real disk`);
    this.folder = mkdtempSync(join(parent, 'aimx-bench-'));
    // Hooks of another account pass through it to their file of stamps.
    chmodSync(this.folder, 0o755);
    this.compiler = ['cc', 'gcc'].find((name) => runs(name, ['--version'])) ?? null;
  }

  /** Compiles one of native/; `null` where that is not possible. */
  compile(name: string, flags: readonly string[]): string | null {
    if (this.compiler === null) return null;
    const source = join(import.meta.dirname, 'native', `${name}.c`);
    const target = join(this.folder, name);
    return runs(this.compiler, ['-O2', ...flags, '-o', target, source]) ? target : null;
  }

  /** A new folder below. */
  place(name: string): string {
    const path = join(this.folder, `${name}-${process.hrtime.bigint()}`);
    mkdirSync(path, { mode: 0o755 });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Whether a program ran and exited with 0. */
export function runs(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false; // Absent, or failed: either way it is not to be had.
  }
}

/** Who owns the mailboxes: as root another account, since starting hooks as one is part of the work. */
export function mailboxOwner(): string | null {
  return process.getuid?.() === 0 ? 'nobody' : null;
}

export interface DaemonFolder {
  readonly folder: string;
  readonly configDir: string;
  readonly dataDir: string;
  readonly runtimeDir: string;
  /** A line per start, in nanoseconds since the epoch. */
  readonly stampsPath: string;
}

/**
 * Writes the config of one daemon: mailbox `plain` without hooks, and {@link HOOKED_MAILBOXES} with
 * `hook` each.
 *
 * @param hook The argv of the hook, absolute; it finds the file of stamps in `$STAMPS`.
 * @param dns `host:port` of who is asked about senders.
 */
export function makeDaemonFolder(
  ground: Ground,
  hook: readonly string[],
  dns: readonly string[] = ground.dns,
): DaemonFolder {
  const folder = ground.place('daemon');
  const at = (name: string): string => join(folder, name);
  const made: DaemonFolder = {
    folder,
    configDir: folder,
    dataDir: at('data'),
    runtimeDir: at('run'),
    stampsPath: at('stamps'),
  };
  writeFileSync(made.stampsPath, '');
  chmodSync(made.stampsPath, 0o666);
  const owner = mailboxOwner();
  const mailbox = (name: string): readonly string[] => [
    `[mailboxes.${name}]`,
    `address = "${name}@${DOMAIN}"`,
    ...(owner === null ? [] : [`owner = "${owner}"`]),
  ];
  const hooked = HOOKED_MAILBOXES.flatMap((name) => [
    ...mailbox(name),
    `[[mailboxes.${name}.hooks]]`,
    `name = "stamp-${name}"`,
    'event = "on_receive"',
    'fire_on_untrusted = true',
    `cmd = ${JSON.stringify(hook)}`,
    `env = { STAMPS = ${JSON.stringify(made.stampsPath)} }`,
  ]);
  const lines = [
    `domain = "${DOMAIN}"`,
    `data_dir = ${JSON.stringify(made.dataDir)}`,
    '[dns]',
    `servers = ${JSON.stringify(dns)}`,
  ];
  writeFileSync(at('config.toml'), [...lines, ...mailbox('plain'), ...hooked, ''].join('\n'));
  return made;
}

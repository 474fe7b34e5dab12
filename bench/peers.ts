/** Who is compared: aimx, the raw group-commit receiver, and Postfix where it is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, freePort, greeted } from './child.ts';
import { Daemon } from './daemon.ts';
import { type Ground, runs } from './ground.ts';

const POSTFIX = '/usr/sbin/postfix';
const START_MS_MAX = 20_000;

/** After its greeting the daemon starts its other processes; that is measured as the start, not as load. */
const SETTLE_MS = 1_000;

/** For how long Postfix may deliver what is left of a round, so that it does not burden the next peer's. */
const DRAIN_MS_MAX = 60_000;

export interface Peer extends AsyncDisposable {
  readonly name: 'aimx' | 'raw' | 'Postfix';
  /** Readies it for one load and says where it listens. */
  readonly begin: () => Promise<number>;
  /** What it has left to do is done or thrown away. */
  readonly end: () => Promise<void>;
}

/** A fresh daemon for every load: what the last one left to deliver is not measured in the next. */
export function aimxPeer(ground: Ground): Peer {
  let daemon: Daemon | null = null;
  const end = async (): Promise<void> => {
    await daemon?.kill();
    daemon = null;
  };
  return {
    name: 'aimx',
    async begin() {
      daemon = await Daemon.start(ground, ['/bin/true']);
      await sleep(SETTLE_MS);
      return daemon.port;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

export function rawPeer(ground: Ground): Peer {
  let child: Child | null = null;
  const end = async (): Promise<void> => {
    await child?.end('SIGKILL');
    child = null;
  };
  return {
    name: 'raw',
    async begin() {
      const port = await freePort();
      const program = join(import.meta.dirname, 'raw-receiver.ts');
      child = new Child(process.execPath, [program, String(port), join(ground.place('raw'), 'log')]);
      await greeted(port, START_MS_MAX);
      return port;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

export type PostfixPeer =
  | { readonly kind: 'peer'; readonly peer: Peer }
  | { readonly kind: 'absent'; readonly why: string };

/** Starts Postfix on a folder of its own. Nothing is installed, and none that runs already is touched. */
export async function postfixPeer(ground: Ground): Promise<PostfixPeer> {
  const absent = (why: string): PostfixPeer => ({ kind: 'absent', why: `Postfix left out: ${why}` });
  if (!existsSync(POSTFIX)) return absent(`there is no ${POSTFIX}`);
  if (process.getuid?.() !== 0) return absent('only root can start it');
  const folder = ground.place('postfix');
  const port = await freePort();
  const setUp = join(import.meta.dirname, 'native', 'postfix-setup.sh');
  if (!runs('/bin/sh', [setUp, folder, String(port)])) return absent('its folder could not be set up');
  const control = (verb: string): boolean => runs(POSTFIX, ['-c', join(folder, 'etc'), verb]);
  if (!control('start')) return absent('it did not start');
  try {
    await greeted(port, START_MS_MAX);
  } catch {
    control('stop');
    return absent('it did not greet');
  }
  const peer: Peer = {
    name: 'Postfix',
    begin: async () => port,
    end: () => drained(folder),
    [Symbol.asyncDispose]: async () => {
      control('stop');
    },
  };
  return { kind: 'peer', peer };
}

async function drained(folder: string): Promise<void> {
  const end = performance.now() + DRAIN_MS_MAX;
  const left = (queue: string): number => {
    const files = readdirSync(join(folder, 'spool', queue), { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile()).length;
  };
  while (performance.now() < end && left('incoming') + left('active') > 0) await sleep(100);
}

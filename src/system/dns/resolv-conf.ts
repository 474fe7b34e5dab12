/**
 * The system's own DNS servers, from `/etc/resolv.conf` (resolv.conf(5)).
 *
 * Only `nameserver` lines count: names that mail gives are never relative, so `search` and `ndots` do not
 * apply, and time-outs are ours.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import { DNS_PORT, type ServerAddress } from './server-address.ts';

const RESOLV_CONF = '/etc/resolv.conf';

/** As many as the C library takes (MAXNS). */
const SERVERS_MAX = 3;

/** How often the file is looked at: soon enough for a laptop that moves, and nothing for a busy server. */
const LOOK_MS = 5_000;

/** What the C library asks where the file names none. */
const THIS_MACHINE: ServerAddress = { host: '127.0.0.1', port: DNS_PORT };

/** @returns At least one server. */
export function parseResolvConf(text: string): readonly ServerAddress[] {
  const hosts = text
    .split('\n')
    .map((line) => /^nameserver[ \t]+([^\s#;]+)/.exec(line)?.[1] ?? '')
    .filter((host) => isIP(host.replace(/%.*$/, '')) !== 0)
    .slice(0, SERVERS_MAX);
  return hosts.length === 0 ? [THIS_MACHINE] : hosts.map((host) => ({ host, port: DNS_PORT }));
}

/**
 * @returns What to call for the servers of now. The list stays the same object until the file changes; a
 *   file that cannot be read is like one that names no server.
 */
export function watchResolvConf(clock: Clock, path: string = RESOLV_CONF): () => readonly ServerAddress[] {
  let mark = '';
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let servers: readonly ServerAddress[] = [THIS_MACHINE];
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lookedAtMs < LOOK_MS) return servers;
    lookedAtMs = nowMs;
    const found = markOf(path);
    if (found === mark) return servers;
    mark = found;
    servers = parseResolvConf(readOrEmpty(path));
    return servers;
  };
}

/** Differs when the file has been written or another one has taken its place. */
function markOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.dev} ${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Unreadable says as little as absent; the next change of the file is seen.
    return '';
  }
}

/**
 * What is known of each server: whether it is silent, and whether it speaks EDNS.
 *
 * A server is silent where nothing at all came from it while a question waited. That a name's own servers do
 * not answer ours must not count: whoever sends mail could otherwise stop DNS for everybody.
 */
import type { Clock } from '../clock.ts';
import { formatServerAddress, type ServerAddress } from './server-address.ts';

/** A server that let its share of a question pass is asked after the others for so long. */
const SLOW_MS = 10_000;

/**
 * Where all servers are silent, questions are answered at once for so long. Less than the five seconds after
 * which a message is authenticated again, so that this then asks anew.
 */
const SILENT_MS = 4_000;

/** How long a server that refused EDNS is asked without. */
const EDNS_REFUSED_MS = 15 * 60_000;

export interface ServerHealth {
  readonly address: ServerAddress;
  /** When something last came from it. */
  heardAtMs: number;
  slowUntilMs: number;
  silentUntilMs: number;
  ednsRefusedUntilMs: number;
}

/** The servers of now, with what is known of them. */
export interface ServerList {
  /** Those that answer before those that were slow; silent ones where there are no others. */
  inOrder(): readonly ServerHealth[];
  /** As configured, for the log. */
  names(): readonly string[];
  isEverySilent(): boolean;
  heard(server: ServerHealth): void;
  /** @param sinceMs When it was first asked: it is not silent if something came since then. */
  sawNothing(server: ServerHealth, sinceMs: number, kind: 'slow' | 'silent'): void;
  refusedEdns(server: ServerHealth): void;
  usesEdns(server: ServerHealth): boolean;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** @param current The configured servers, or the system's: asked each time, since they may change. */
export function createServerList(clock: Clock, current: () => readonly ServerAddress[]): ServerList {
  let addresses: readonly ServerAddress[] = [];
  let known = new Map<string, ServerHealth>();
  const servers = (): readonly ServerHealth[] => {
    const found = current();
    if (found !== addresses) {
      addresses = found;
      known = new Map(
        found.map((address) => {
          const key = formatServerAddress(address);
          return [key, known.get(key) ?? unknownServer(address)];
        }),
      );
    }
    return [...known.values()];
  };
  return {
    inOrder() {
      const now = clock.monotonicMs();
      const all = servers();
      const answering = all.filter(({ silentUntilMs }) => silentUntilMs <= now);
      const isSlow = ({ slowUntilMs }: ServerHealth): number => (slowUntilMs > now ? 1 : 0);
      return (answering.length > 0 ? answering : all).toSorted((a, b) => isSlow(a) - isSlow(b));
    },
    names: () => servers().map(({ address }) => formatServerAddress(address)),
    isEverySilent() {
      const now = clock.monotonicMs();
      return servers().every(({ silentUntilMs }) => silentUntilMs > now);
    },
    heard(server) {
      server.heardAtMs = clock.monotonicMs();
      server.slowUntilMs = NEVER;
      server.silentUntilMs = NEVER;
    },
    sawNothing(server, sinceMs, kind) {
      if (server.heardAtMs >= sinceMs) return;
      const now = clock.monotonicMs();
      server.slowUntilMs = now + SLOW_MS;
      if (kind === 'silent') server.silentUntilMs = now + SILENT_MS;
    },
    refusedEdns(server) {
      server.ednsRefusedUntilMs = clock.monotonicMs() + EDNS_REFUSED_MS;
    },
    usesEdns: (server) => server.ednsRefusedUntilMs <= clock.monotonicMs(),
  };
}

function unknownServer(address: ServerAddress): ServerHealth {
  return { address, heardAtMs: NEVER, slowUntilMs: NEVER, silentUntilMs: NEVER, ednsRefusedUntilMs: NEVER };
}

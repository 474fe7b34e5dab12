/**
 * Where mail for a domain goes (RFC 5321 §5.1): its MX hosts by preference, equal ones in any order, all
 * addresses of each; the domain itself only where it has no MX; nobody where it says so (RFC 7505).
 *
 * DNS is asked through its port. What it cannot say is `transient`; what it says is believed.
 */
import type { Config } from '../../config/config.ts';
import type { Dns, DnsAnswer } from '../../system/dns.ts';
import type { Random } from '../../system/random.ts';
import type { Route, Router } from '../route.ts';
import type { Endpoint } from '../transmission.ts';
import { isPublicAddress } from './reachable.ts';

export interface RouterOptions {
  readonly dns: Dns;
  readonly config: () => Pick<Config, 'hostname' | 'enableIpv6' | 'outbound'>;
  /** Where we listen ourselves; mail that would go there comes back to us (RFC 5321 §5.1). */
  readonly ownEndpoints: () => readonly { readonly address: string; readonly port: number }[];
  readonly random: Random;
}

/** More hosts than this are no help to anybody who waits for an answer. */
const HOSTS_MAX = 20;
/** Addresses that are tried for one domain. */
const ENDPOINTS_MAX = 32;

export function createRouter(options: RouterOptions): Router {
  return {
    async route(domain, signal) {
      const { relay } = options.config().outbound;
      if (relay !== null)
        return await endpointsOf([relay.host], { ...options, signal, port: relay.port, isRelay: true });
      if (domain.startsWith('[')) return await literal(domain, { ...options, signal });
      return await byMx(domain, { ...options, signal });
    },
  };
}

interface Asking extends RouterOptions {
  readonly signal: AbortSignal;
  readonly port?: number;
  readonly isRelay?: boolean;
}

const permanent = (status: string, reason: string): Route => ({ kind: 'permanent', status, reason });
const transient = (reason: string): Route => ({ kind: 'transient', status: '4.4.3', reason });

async function byMx(domain: string, asking: Asking): Promise<Route> {
  const answer = await asking.dns.resolve(domain, 'MX', { signal: asking.signal });
  switch (answer.kind) {
    case 'no-such-name':
      return permanent('5.1.2', `There is no domain ${domain}`);
    case 'failed':
      return transient(`DNS could not say where mail for ${domain} goes: ${answer.detail}`);
    case 'no-data':
      return await endpointsOf([domain], asking);
    case 'records':
      return await byRecords(domain, answer.records, asking);
  }
}

async function byRecords(
  domain: string,
  records: readonly { readonly preference: number; readonly exchange: string }[],
  asking: Asking,
): Promise<Route> {
  if (records.length === 1 && records[0]?.exchange === '')
    return permanent('5.1.10', `${domain} takes no mail (null MX, RFC 7505)`);
  const shuffled = records
    .filter(({ exchange }) => exchange !== '')
    .map((record) => ({ record, draw: asking.random.hex(4) }))
    .sort((a, b) => a.record.preference - b.record.preference || (a.draw < b.draw ? -1 : 1))
    .map(({ record }) => record);
  const own = shuffled.find(({ exchange }) => exchange === asking.config().hostname.toLowerCase());
  // What is as near as we are, or farther, would send it to us (RFC 5321 §5.1).
  const nearer =
    own === undefined ? shuffled : shuffled.filter(({ preference }) => preference < own.preference);
  if (nearer.length === 0) return loop(domain);
  return await endpointsOf(
    nearer.slice(0, HOSTS_MAX).map(({ exchange }) => exchange),
    asking,
  );
}

function loop(domain: string): Route {
  return permanent(
    '5.4.6',
    `Mail for ${domain} would come back to this server: add the domain to "domains", or mend its MX records`,
  );
}

async function literal(domain: string, asking: Asking): Promise<Route> {
  const address = domain.slice(1, -1).replace(/^ipv6:/i, '');
  return settle(domain, [{ host: domain, address, port: asking.config().outbound.port }], [], asking);
}

async function endpointsOf(hosts: readonly string[], asking: Asking): Promise<Route> {
  const { enableIpv6, outbound } = asking.config();
  const port = asking.port ?? outbound.port;
  const endpoints: Endpoint[] = [];
  const failures: string[] = [];
  for (const host of hosts) {
    const given = host.replace(/^\[|\]$/g, '');
    if (/^[0-9.]+$/.test(given) || given.includes(':')) {
      endpoints.push({ host: given, address: given, port });
      continue;
    }
    const answers: DnsAnswer<'A' | 'AAAA'>[] = [
      await asking.dns.resolve(host, 'A', { signal: asking.signal }),
      ...(enableIpv6 ? [await asking.dns.resolve(host, 'AAAA', { signal: asking.signal })] : []),
    ];
    for (const answer of answers)
      if (answer.kind === 'records')
        endpoints.push(...answer.records.map((address) => ({ host, address, port })));
      else if (answer.kind === 'failed') failures.push(`${host}: ${answer.detail}`);
  }
  return settle(hosts[0] ?? '', endpoints, failures, asking);
}

/** Leaves out where mail must not go, and says why where nothing is left. */
function settle(
  name: string,
  found: readonly Endpoint[],
  failures: readonly string[],
  asking: Asking,
): Route {
  const own = asking.ownEndpoints();
  const others = found.filter(
    ({ address, port }) => !own.some((one) => one.address === address && one.port === port),
  );
  if (found.length > 0 && others.length === 0) return loop(name);
  const mayBePrivate = asking.isRelay === true || asking.config().outbound.allowPrivate;
  const reachable = others.filter(({ address }) => mayBePrivate || isPublicAddress(address));
  if (reachable.length > 0) return { kind: 'endpoints', endpoints: reachable.slice(0, ENDPOINTS_MAX) };
  if (failures.length > 0) return transient(`DNS could not say where ${failures[0]}`);
  if (others.length > 0)
    return permanent(
      '5.4.4',
      `${name} has private addresses alone (${others[0]?.address}); [outbound] allow_private = true sends there`,
    );
  return permanent('5.4.4', `No server that takes mail for ${name} has an address`);
}

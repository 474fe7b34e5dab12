/**
 * Where mail for a domain goes (RFC 5321 §5.1): its MX hosts by preference, equal ones in any order, all
 * addresses of each; the domain itself only where it has no MX; nobody where it says so (RFC 7505). With a
 * relay everything goes there.
 *
 * DNS is asked through its port. What it cannot say is `transient`; what it says is believed. Nothing that
 * is wrong with a relay is `permanent`: it is the operator's to mend, and no reason to give mail up.
 */
import { parseClientAddress } from '../../authentication/ip-address.ts';
import type { Config } from '../../config/config.ts';
import type { Dns } from '../../system/dns.ts';
import type { Random } from '../../system/random.ts';
import type { Route, Router } from '../route.ts';
import type { Endpoint } from '../transmission.ts';
import { type Exchanger, type MxRecord, nearerThanOurselves, orderRecords } from './exchangers.ts';
import { isPublicAddress } from './reachable.ts';

export interface RouterOptions {
  readonly dns: Dns;
  readonly config: () => Pick<Config, 'hostname' | 'enableIpv6' | 'outbound'>;
  /** Where we listen ourselves; mail that would go there comes back to us (RFC 5321 §5.1). */
  readonly ownEndpoints: () => readonly { readonly address: string; readonly port: number }[];
  readonly random: Random;
}

/** Addresses that are tried for one domain. */
const ENDPOINTS_MAX = 32;

export function createRouter(options: RouterOptions): Router {
  return {
    async route(domain, signal) {
      const asking = { ...options, signal };
      const { relay } = options.config().outbound;
      if (relay !== null) return await toRelay(relay, asking);
      if (domain.startsWith('[')) return toLiteral(domain, asking);
      return await byMx(domain, asking);
    },
  };
}

interface Asking extends RouterOptions {
  readonly signal: AbortSignal;
}

const permanent = (status: string, reason: string): Route => ({ kind: 'permanent', status, reason });
const transient = (status: string, reason: string): Route => ({ kind: 'transient', status, reason });

/** The name or address of the relay as the config has it, which may be a private one. */
async function toRelay(
  { host, port }: { readonly host: string; readonly port: number },
  asking: Asking,
): Promise<Route> {
  const given = host.replace(/^\[|\]$/g, '');
  const found =
    parseClientAddress(given) === null
      ? await lookUp({ host: host.toLowerCase(), preference: 0 }, asking)
      : { host: given, preference: 0, addresses: [given], failures: [] };
  // Another server may have our name, on another port.
  const [other] = nearerThanOurselves([found], { ...ourselves(port, asking), hostname: null });
  if (found.addresses.length > 0 && other === undefined)
    return transient('4.4.6', `[outbound] relay ${host} is this server itself`);
  if (found.addresses.length > 0) return endpoints([found], port);
  return found.failures.length > 0
    ? transient('4.4.3', `DNS could not say where [outbound] relay ${host} is: ${found.failures[0]}`)
    : transient('4.4.4', `[outbound] relay ${host} has no address`);
}

/** RFC 5321 §4.1.3: an address in place of a domain needs no DNS. */
function toLiteral(domain: string, asking: Asking): Route {
  const { enableIpv6, outbound } = asking.config();
  const text = domain.slice(1, -1).replace(/^ipv6:/i, '');
  const address = parseClientAddress(text);
  if (address === null) return permanent('5.1.2', `${domain} is no address that mail can be sent to`);
  if (address.family === 'ipv6' && !enableIpv6)
    return permanent('5.4.4', `${domain} is an IPv6 address, and enable_ipv6 is false`);
  const host = { host: domain, preference: 0, addresses: [text], failures: [] };
  return settle(domain, [host], outbound.port, asking);
}

async function byMx(domain: string, asking: Asking): Promise<Route> {
  const answer = await asking.dns.resolve(domain, 'MX', { signal: asking.signal });
  switch (answer.kind) {
    case 'no-such-name':
      return permanent('5.1.2', `There is no domain ${domain}`);
    case 'failed':
      return transient('4.4.3', `DNS could not say where mail for ${domain} goes: ${answer.detail}`);
    case 'no-data':
      // The implicit MX: only where there is none, and not where none of them can be used.
      return await toHosts(domain, [{ preference: 0, exchange: domain }], asking);
    case 'records': {
      const records = orderRecords(answer.records, () => asking.random.hex(4));
      if (records === null) return permanent('5.1.10', `${domain} takes no mail (null MX, RFC 7505)`);
      return await toHosts(domain, records, asking);
    }
  }
}

async function toHosts(domain: string, records: readonly MxRecord[], asking: Asking): Promise<Route> {
  const found = await Promise.all(
    records.map(({ exchange, preference }) => lookUp({ host: exchange, preference }, asking)),
  );
  return settle(domain, found, asking.config().outbound.port, asking);
}

async function lookUp(
  { host, preference }: Pick<Exchanger, 'host' | 'preference'>,
  { dns, signal, config }: Asking,
): Promise<Exchanger> {
  const types = config().enableIpv6 ? (['A', 'AAAA'] as const) : (['A'] as const);
  const answers = await Promise.all(types.map((type) => dns.resolve(host, type, { signal })));
  return {
    host,
    preference,
    addresses: answers.flatMap((answer) => (answer.kind === 'records' ? answer.records : [])),
    failures: answers.flatMap((answer) => (answer.kind === 'failed' ? [`${host}: ${answer.detail}`] : [])),
  };
}

function ourselves(
  port: number,
  { config, ownEndpoints }: Asking,
): Parameters<typeof nearerThanOurselves>[1] {
  const own = ownEndpoints().filter((one) => one.port === port);
  return { hostname: config().hostname.toLowerCase(), addresses: own.map(({ address }) => address) };
}

/** Leaves out where mail must not go, and says why where nothing is left. */
function settle(domain: string, found: readonly Exchanger[], port: number, asking: Asking): Route {
  const nearer = nearerThanOurselves(found, ourselves(port, asking));
  if (nearer.length === 0)
    return permanent(
      '5.4.6',
      `Mail for ${domain} would come back to this server: add the domain to "domains", or mend its MX records`,
    );
  const { allowPrivate } = asking.config().outbound;
  const reachable = nearer.map((exchanger) => ({
    ...exchanger,
    addresses: exchanger.addresses.filter((address) => allowPrivate || isPublicAddress(address)),
  }));
  if (reachable.some(({ addresses }) => addresses.length > 0)) return endpoints(reachable, port);
  const [failure] = nearer.flatMap(({ failures }) => failures);
  if (failure !== undefined) return transient('4.4.3', `DNS could not say where ${failure}`);
  const [inside] = nearer.flatMap(({ addresses }) => addresses);
  // MX that cannot be used are an error, and no reason to try the domain itself (RFC 5321 §5.1).
  return inside === undefined
    ? permanent('5.4.4', `No server that takes mail for ${domain} has an address`)
    : permanent(
        '5.4.4',
        `${domain} has private addresses alone (${inside}); [outbound] allow_private = true sends there`,
      );
}

/** Each address once: a server with several names is no other one. */
function endpoints(exchangers: readonly Exchanger[], port: number): Route {
  const byAddress = new Map<string, Endpoint>();
  for (const { host, addresses } of exchangers)
    for (const address of addresses)
      if (!byAddress.has(address)) byAddress.set(address, { host, address, port });
  return { kind: 'endpoints', endpoints: [...byAddress.values()].slice(0, ENDPOINTS_MAX) };
}

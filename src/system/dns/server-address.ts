/** Where a DNS server is asked. */
import { AimxError } from '../errors.ts';

export const DNS_PORT = 53;

export interface ServerAddress {
  /** An IP address without brackets, or a name that the system's own resolver knows. */
  readonly host: string;
  readonly port: number;
}

/**
 * @param text `192.0.2.1:53`, `[2001:db8::1]:53`.
 * @throws AimxError `config.invalid`: the configuration's own check is as strict, so that this is a fault.
 */
export function parseServerAddress(text: string): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) {
    throw new AimxError('config.invalid', `Cannot use "${text}" as a DNS server: it is no host:port`);
  }
  return { host, port: Number(match?.[3]) };
}

export function formatServerAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port` as in `[smtp] bind` and `--bind`; IPv6 in brackets. */
import { AimxError } from '../system/errors.ts';

export interface Bind {
  readonly host: string;
  readonly port: number;
}

const BIND = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/;
const PORT_MAX = 65535;

/** @throws AimxError `config.invalid`. */
export function parseBind(text: string): Bind {
  const [, ipv6, host, digits] = BIND.exec(text) ?? [];
  const port = Number(digits);
  const name = ipv6 ?? host;
  if (name === undefined || !(port <= PORT_MAX))
    throw new AimxError('config.invalid', `Cannot listen on "${text}": host:port is wanted`, {
      hint: 'Write it as 0.0.0.0:25 or [::]:25',
    });
  return { host: name, port };
}

export function formatBind({ host, port }: Bind): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The tables of `config.toml` that belong to the server as a whole. */
import type { Config, SmtpConfig } from './config.ts';
import { choice, duration, flag, list, type RawTable, size, text, whole } from './keys.ts';
import type { KeyPath } from './line-map.ts';
import { documentKeys, type KeyDoc, readTable } from './read-table.ts';
import { type Report, UNSAID } from './report.ts';
import { absolutePath, hostAndPort, httpUrl, nonEmpty } from './rules.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const MIB = 1024 * 1024;

/** Below it a slow sender's last retry is a second message: senders try for 4 to 5 days (RFC 5321 §4.5.4.1). */
const WINDOW_MS_DOUBTFUL = 6 * DAY;

/** RFC 5321 §4.5.3.1.8. */
const RECIPIENTS_EXPECTED = 100;

const place = (at: string, report: Report) => ({ at: [at], report, unknownKeys: 'warning' }) as const;

const smtpKeys = {
  bind: list(hostAndPort, {
    fallback: ['0.0.0.0:25'],
    describe: 'Where mail is taken in. `--bind` goes over it. Needs a restart.',
  }),
  max_message_size: size(
    { minBytes: 64 * 1024, maxBytes: 1024 * MIB },
    { fallback: 25 * MIB, describe: 'Larger messages get `552`. Announced by SIZE (RFC 1870).' },
  ),
  max_recipients: whole(
    { min: 1, max: 10_000 },
    {
      fallback: RECIPIENTS_EXPECTED,
      describe:
        'Recipients of one message; the surplus gets `452`. RFC 5321 §4.5.3.1.8 asks for at least 100.',
    },
  ),
  command_timeout: duration(
    { minMs: SECOND, maxMs: 60 * MINUTE },
    { fallback: 300 * SECOND, describe: 'How long a client may take for a command (RFC 5321 §4.5.3.2.7).' },
  ),
  data_timeout: duration(
    { minMs: SECOND, maxMs: 60 * MINUTE },
    {
      fallback: 180 * SECOND,
      describe: 'How long a client may take for a block of data (RFC 5321 §4.5.3.2.5).',
    },
  ),
  session_timeout: duration(
    { minMs: SECOND, maxMs: DAY },
    { fallback: 30 * MINUTE, describe: 'How long a connection may last in all.' },
  ),
  tls_timeout: duration(
    { minMs: SECOND, maxMs: 10 * MINUTE },
    { fallback: 30 * SECOND, describe: 'How long a TLS handshake may take.' },
  ),
  max_connections: whole(
    { min: 1, max: 100_000 },
    { fallback: 500, describe: 'Connections at once; more get `421 4.7.0`.' },
  ),
  max_connections_per_address: whole(
    { min: 1, max: 100_000 },
    { fallback: 100, describe: 'Connections at once from one address; loopback has no such limit.' },
  ),
  postmaster: text(nonEmpty, {
    fallback: null,
    shown: '(the first mailbox)',
    describe: 'The mailbox that takes `postmaster@` where none has that address and there is no catchall.',
  }),
};

export function readSmtp(raw: RawTable, report: Report): SmtpConfig {
  const values = readTable(smtpKeys, raw, place('smtp', report));
  if (values.max_recipients < RECIPIENTS_EXPECTED)
    report.warn({
      at: ['smtp', 'max_recipients'],
      found: values.max_recipients,
      allowed: `senders may rely on ${RECIPIENTS_EXPECTED} (RFC 5321 §4.5.3.1.8)`,
    });
  if (Array.isArray(raw['bind']) && raw['bind'].length === 0)
    report.error({
      at: ['smtp', 'bind'],
      found: raw['bind'],
      allowed: 'allowed is at least one "host:port"',
    });
  return {
    bind: values.bind,
    maxMessageBytes: values.max_message_size,
    maxRecipients: values.max_recipients,
    commandTimeoutMs: values.command_timeout,
    dataTimeoutMs: values.data_timeout,
    sessionTimeoutMs: values.session_timeout,
    tlsTimeoutMs: values.tls_timeout,
    maxConnections: values.max_connections,
    maxConnectionsPerAddress: values.max_connections_per_address,
    postmaster: values.postmaster,
  };
}

const dedupKeys = {
  mode: choice(['content', 'message-id', 'off'], {
    fallback: 'content' as const,
    describe:
      'What "the same message" means. `content`: the same letter, whatever its Message-Id. ' +
      '`message-id`: a message whose Message-Id was seen is taken as a copy, so whoever reuses or forges one ' +
      'makes the real message vanish. `off`: every retry of a sender is a new message and starts hooks again.',
  }),
  window: duration(
    { minMs: 3 * DAY, maxMs: 90 * DAY },
    {
      fallback: 35 * DAY,
      describe:
        'How long a message is remembered, so that a retry is recognised. Senders retry for 4 to 5 days ' +
        '(RFC 5321 §4.5.4.1), relays that spool for up to 30.',
    },
  ),
};

/** Says what a mode other than `content` gives up. */
export function warnOfDedupMode(mode: string, at: KeyPath, report: Report): void {
  if (mode === 'message-id')
    report.warn({ at, found: mode, allowed: 'a reused or forged Message-Id makes another message vanish' });
  if (mode === 'off')
    report.warn({ at, found: mode, allowed: 'every retry of a sender is delivered and starts hooks again' });
}

export function readDedup(raw: RawTable, report: Report): Config['dedup'] {
  const values = readTable(dedupKeys, raw, place('dedup', report));
  warnOfDedupMode(values.mode, ['dedup', 'mode'], report);
  if (values.window < WINDOW_MS_DOUBTFUL)
    report.warn({
      at: ['dedup', 'window'],
      found: raw['window'],
      allowed: 'a sender that retries for more days is taken as new: "6d" or more is safe',
    });
  return { mode: values.mode, windowMs: values.window };
}

const hooksKeys = {
  max_concurrent: whole(
    { min: 1, max: 10_000 },
    {
      fallback: null,
      shown: '(4 × cores, at least 8)',
      describe: 'Hooks that run at once, over all mailboxes.',
    },
  ),
  max_per_mailbox: whole(
    { min: 1, max: 10_000 },
    { fallback: 4, describe: 'Hooks that run at once for one mailbox that says nothing else.' },
  ),
  timeout_secs: whole(
    { min: 1, max: 86_400 },
    {
      fallback: 60,
      describe: 'Time limit of hooks that name none. Agents need more: `aimx dev` writes 900.',
    },
  ),
};

/** Hooks mostly wait, so several share a core; a small machine still gets some. */
const HOOKS_PER_CORE = 4;
const HOOKS_MIN = 8;

export function readHooksSection(raw: RawTable, report: Report, cores: number): Config['hooks'] {
  const values = readTable(hooksKeys, raw, place('hooks', report));
  return {
    maxConcurrent: values.max_concurrent ?? Math.max(HOOKS_MIN, HOOKS_PER_CORE * cores),
    maxPerMailbox: values.max_per_mailbox,
    timeoutSeconds: values.timeout_secs,
  };
}

const dnsKeys = {
  servers: list(hostAndPort, {
    fallback: null,
    shown: "(the system's)",
    describe:
      'Resolvers to ask, in order. One on this machine that validates DNSSEC is best. With `[]` nobody is ' +
      'asked and no sender is authenticated, which is for trying and for tests.',
  }),
  timeout: duration(
    { minMs: 100, maxMs: MINUTE },
    { fallback: 5 * SECOND, describe: 'How long one query may take.' },
  ),
};

export function readDns(raw: RawTable, report: Report): Config['dns'] {
  const values = readTable(dnsKeys, raw, place('dns', report));
  return { servers: values.servers, timeoutMs: values.timeout };
}

const DEFAULT_CERT = '/etc/ssl/aimx/cert.pem';
const DEFAULT_KEY = '/etc/ssl/aimx/key.pem';

const tlsKeys = {
  cert: text(absolutePath, {
    fallback: null,
    shown: JSON.stringify(DEFAULT_CERT),
    describe:
      'Certificate chain (PEM) for STARTTLS, read again on reload. Where the default files are absent there ' +
      'is no STARTTLS and a warning; where named ones are absent the daemon does not start.',
  }),
  key: text(absolutePath, {
    fallback: null,
    shown: JSON.stringify(DEFAULT_KEY),
    describe: 'Private key (PEM) of the certificate.',
  }),
};

/** Two files that are only useful together. */
function checkPair(names: readonly [string, string], raw: RawTable, at: string, report: Report): void {
  const [first, second] = names;
  for (const [present, absent] of [
    [first, second],
    [second, first],
  ] as const)
    if (Object.hasOwn(raw, present) && !Object.hasOwn(raw, absent))
      report.error({ at: [at, present], found: UNSAID, allowed: `it needs "${absent}" beside it` });
}

export function readTls(raw: RawTable, report: Report): Config['tls'] {
  const values = readTable(tlsKeys, raw, place('tls', report));
  checkPair(['cert', 'key'], raw, 'tls', report);
  return {
    certPath: values.cert ?? DEFAULT_CERT,
    keyPath: values.key ?? DEFAULT_KEY,
    explicit: values.cert !== null && values.key !== null,
  };
}

const httpKeys = {
  listen: text(hostAndPort, {
    fallback: null,
    shown: '(off)',
    describe:
      'Where the HTTP interface listens, always with a token. Beyond loopback it needs `cert` and `key`. Needs a restart.',
  }),
  cert: text(absolutePath, { fallback: null, describe: 'Certificate chain (PEM) of the HTTP interface.' }),
  key: text(absolutePath, { fallback: null, describe: 'Private key (PEM) of the certificate.' }),
};

function isLoopback(listen: string): boolean {
  const host = listen.slice(0, listen.lastIndexOf(':'));
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);
}

export function readHttp(raw: RawTable, report: Report): Config['http'] {
  const values = readTable(httpKeys, raw, place('http', report));
  checkPair(['cert', 'key'], raw, 'http', report);
  if (values.listen === null) return null;
  if (!isLoopback(values.listen) && values.cert === null)
    report.error({
      at: ['http', 'listen'],
      found: values.listen,
      allowed: 'beyond loopback "cert" and "key" are needed: tokens must not cross a network in the clear',
    });
  return { listen: values.listen, certPath: values.cert, keyPath: values.key };
}

const journalKeys = {
  allow_memory: flag({
    fallback: false,
    describe: 'Allow a journal on a memory file system, which forgets every message when the machine stops.',
  }),
};

export function readJournal(raw: RawTable, report: Report): Config['journal'] {
  return { allowMemory: readTable(journalKeys, raw, place('journal', report)).allow_memory };
}

const outboundKeys = {
  port: whole(
    { min: 1, max: 65_535 },
    { fallback: 25, describe: 'Port of the servers that mail is sent to.' },
  ),
  relay: text(nonEmpty, {
    fallback: null,
    describe: 'Send everything through this server (`host` or `host:port`).',
  }),
  relay_user: text(nonEmpty, { fallback: null, describe: 'Name to log in with at the relay.' }),
  relay_password_file: text(absolutePath, {
    fallback: null,
    describe: 'File (0600) with the password for the relay.',
  }),
  allow_private: flag({
    fallback: false,
    describe: 'Also send to loopback and private addresses. A named `relay` may be one without it.',
  }),
  max_connections: whole({ min: 1, max: 10_000 }, { fallback: 20, describe: 'Connections out at once.' }),
  max_per_destination: whole(
    { min: 1, max: 1000 },
    { fallback: 2, describe: 'Connections at once to one destination.' },
  ),
};

/** `host`, `host:port`, or `[2001:db8::1]:port`. */
const RELAY = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i;

export function readOutbound(raw: RawTable, report: Report): Config['outbound'] {
  const values = readTable(outboundKeys, raw, place('outbound', report));
  checkPair(['relay_user', 'relay_password_file'], raw, 'outbound', report);
  return {
    port: values.port,
    relay: values.relay === null ? null : readRelay(values.relay, values.port, report),
    relayUser: values.relay_user,
    relayPasswordFile: values.relay_password_file,
    allowPrivate: values.allow_private,
    maxConnections: values.max_connections,
    maxPerDestination: values.max_per_destination,
  };
}

function readRelay(written: string, usualPort: number, report: Report): Config['outbound']['relay'] {
  const [, host, digits] = RELAY.exec(written) ?? [];
  const port = digits === undefined ? usualPort : Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host: host.toLowerCase(), port };
  report.error({
    at: ['outbound', 'relay'],
    found: written,
    allowed: 'allowed is `host` or `host:port`, with an IPv6 address in brackets',
  });
  return null;
}

const upgradeKeys = {
  release_manifest_url: text(httpUrl, {
    fallback: null,
    describe: 'Where `aimx upgrade` looks for releases.',
  }),
};

export function checkUpgrade(raw: RawTable, report: Report): void {
  readTable(upgradeKeys, raw, place('upgrade', report));
}

export interface SectionDoc {
  /** As in the file: `[smtp]`. */
  readonly heading: string;
  readonly describe: string;
  readonly keys: readonly KeyDoc[];
}

export function documentSections(): readonly SectionDoc[] {
  const doc = (heading: string, describe: string, keys: Parameters<typeof documentKeys>[0]): SectionDoc => ({
    heading,
    describe,
    keys: documentKeys(keys),
  });
  return [
    doc('[dedup]', 'When two messages are the same one.', dedupKeys),
    doc('[smtp]', 'Receiving: where, and the limits that a client meets.', smtpKeys),
    doc('[hooks]', 'Limits over all hooks.', hooksKeys),
    doc('[dns]', 'How names are looked up.', dnsKeys),
    doc('[tls]', 'The certificate that STARTTLS shows.', tlsKeys),
    doc('[http]', 'The HTTP interface; off unless `listen` is set.', httpKeys),
    doc('[journal]', 'Where accepted messages are kept until they are delivered.', journalKeys),
    doc('[outbound]', 'Sending: through which servers, and how many connections at once.', outboundKeys),
    doc('[upgrade]', 'Updates.', upgradeKeys),
  ];
}

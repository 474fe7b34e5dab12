/** `inbound` on a real socket of loopback with the system's own network, clock and TLS. */
import type { Config, SmtpConfig } from '../../../src/config/config.ts';
import { createInbound, type Inbound, type InboundDependencies } from '../../../src/inbound/inbound.ts';
import type { MailboxId } from '../../../src/journal/journal.ts';
import { systemCertificates } from '../../../src/system/certificate.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import type { Log, LogFields } from '../../../src/system/log.ts';
import { systemNetwork } from '../../../src/system/network.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type MemoryJournal, memoryJournal } from './memory-journal.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

export interface InboundUnderTest extends AsyncDisposable {
  readonly inbound: Inbound;
  readonly port: number;
  readonly journal: MemoryJournal;
  readonly lines: readonly LogLine[];
}

export interface TestOptions {
  readonly smtp?: Partial<SmtpConfig>;
  readonly tls?: Config['tls'];
  readonly limits?: InboundDependencies['limits'];
  readonly host?: string;
  readonly journal?: InboundDependencies['journal'];
}

export const MAILBOX_IDS: Readonly<Record<string, MailboxId>> = {
  agent: 'aa' as MailboxId,
  second: 'bb' as MailboxId,
};

export function testConfig({ smtp = {}, tls }: Pick<TestOptions, 'smtp' | 'tls'> = {}): Config {
  const mailbox = (name: string): Config['mailboxes'][number] => ({
    name,
    address: `${name}@example.com`,
    aliases: name === 'agent' ? ['alias@example.com'] : [],
    owner: null,
    trust: 'none',
    trustedSenders: [],
    trustSpf: false,
    requireAddressed: false,
    dedupMode: 'content',
    maxConcurrent: null,
    signature: null,
    approve: false,
    allowRecipients: null,
    blockRecipients: [],
    maxSendsPerHour: null,
    maxNewRecipientsPerDay: null,
    hooks: [],
  });
  return {
    domain: 'example.com',
    domains: [],
    hostname: 'mx.example.com',
    dataDir: '/nonexistent',
    dkimSelector: 'aimx',
    trust: 'none',
    trustedSenders: [],
    signature: null,
    verifyHost: null,
    enableIpv6: false,
    keepRawMs: 0,
    dedup: { mode: 'content', windowMs: 35 * 86_400_000 },
    smtp: {
      bind: ['127.0.0.1:0'],
      maxMessageBytes: 25 * 1024 * 1024,
      maxRecipients: 100,
      commandTimeoutMs: 300_000,
      dataTimeoutMs: 180_000,
      sessionTimeoutMs: 1_800_000,
      tlsTimeoutMs: 30_000,
      maxConnections: 500,
      maxConnectionsPerAddress: 100,
      postmaster: null,
      ...smtp,
    },
    hooks: { maxConcurrent: 8, maxPerMailbox: 4, timeoutSeconds: 60 },
    dns: { servers: [], timeoutMs: 1000 },
    tls: tls ?? { certPath: '/nonexistent/cert.pem', keyPath: '/nonexistent/key.pem', explicit: false },
    http: null,
    journal: { allowMemory: false },
    outbound: {
      port: 25,
      relay: null,
      relayUser: null,
      relayPasswordFile: null,
      allowPrivate: false,
      maxConnections: 20,
      maxPerDestination: 2,
    },
    arcSealers: [],
    mailboxes: [mailbox('agent'), mailbox('second')],
  };
}

export function recordingLog(lines: LogLine[]): Log {
  const at =
    (level: LogLine['level']) =>
    (event: string, fields: LogFields = {}): void =>
      void lines.push({ level, event, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export async function startInbound(options: TestOptions = {}): Promise<InboundUnderTest> {
  const journal = memoryJournal();
  const lines: LogLine[] = [];
  const config = testConfig(options);
  const inbound = createInbound({
    journal: options.journal ?? journal,
    network: systemNetwork,
    certificates: systemCertificates,
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(lines),
    faults: noFaults,
    config: () => config,
    mailboxIds: () => MAILBOX_IDS,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const [bound] = await inbound.listen([`${options.host ?? '127.0.0.1'}:0`]);
  if (bound === undefined) throw new Error('Nothing is listening');
  return {
    inbound,
    port: bound.port,
    journal,
    lines,
    [Symbol.asyncDispose]: () => inbound[Symbol.asyncDispose](),
  };
}

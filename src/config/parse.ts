/**
 * `config.toml` → {@link Config}, or everything that is wrong with it, each with its line.
 *
 * Pure and total: the caller reads the file, and no text makes this throw.
 */
import { parse as parseToml, TomlError } from 'smol-toml';
import type { Config, MailboxConfig } from './config.ts';
import {
  choice,
  duration,
  flag,
  isTable,
  type Key,
  list,
  type RawTable,
  required,
  section,
  text,
} from './keys.ts';
import { mapLines } from './line-map.ts';
import { readMailbox } from './mailbox-table.ts';
import type { ConfigProblem } from './problem.ts';
import { documentKeys, type KeyDoc, readTable } from './read-table.ts';
import { createReport, type Report, UNSAID } from './report.ts';
import { absolutePath, addressGlob, anyText, domainName, nonEmpty, selectorName } from './rules.ts';
import {
  checkUpgrade,
  readDedup,
  readDns,
  readHooksSection,
  readHttp,
  readJournal,
  readOutbound,
  readSmtp,
  readTls,
} from './sections.ts';
import { warnOfTrust } from './trust-warnings.ts';
import { createClaims } from './unique.ts';

export interface ParseOptions {
  /** The file as messages name it. */
  readonly path: string;
  /** Name of the user that the daemon runs as. */
  readonly currentUser: string;
  readonly isRoot: boolean;
  /** Processor cores, from which limits are derived. */
  readonly cores: number;
  /** Whether a Linux user of that name exists; where it is absent, every one does. */
  readonly hasAccount?: (name: string) => boolean;
}

export type ConfigOutcome =
  | { readonly kind: 'valid'; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | {
      readonly kind: 'invalid';
      /** In file order; never empty. */
      readonly problems: readonly ConfigProblem[];
      readonly warnings: readonly ConfigProblem[];
    };

const DAY = 86_400_000;

/** As the earlier version has them. */
export const DEFAULT_DATA_DIR = '/var/lib/aimx';
const DEFAULT_SELECTOR = 'aimx';

const topKeys = {
  domain: required(text(domainName, { fallback: '', describe: 'The domain whose mail is taken in.' })),
  domains: list(domainName, {
    fallback: [],
    describe: 'More domains that are ours. Addresses of `domain` are valid at them too.',
  }),
  hostname: text(domainName, {
    fallback: null,
    shown: '(`domain`)',
    describe: 'Name in the greeting, in EHLO and in `Received`; it should resolve to this machine.',
  }),
  data_dir: text(absolutePath, {
    fallback: DEFAULT_DATA_DIR,
    describe:
      'Where mailboxes and the journal lie. `AIMX_DATA_DIR` and `--data-dir` go over it. Needs a restart.',
  }),
  dkim_selector: text(selectorName, {
    fallback: DEFAULT_SELECTOR,
    describe:
      'Selector of our DKIM key (RFC 6376 §3.1); a key whose file names one of its own, as after a rotation, has that.',
  }),
  trust: choice(['none', 'verified'], {
    fallback: 'none' as const,
    describe:
      'Whether senders are trusted. `verified`: a message is trusted when its one author is on `trusted_senders` ' +
      'and a DKIM signature of their domain covers what matters. Hooks start only for trusted messages, unless ' +
      'they have `fire_on_untrusted`.',
  }),
  trusted_senders: list(addressGlob, {
    fallback: [],
    describe: 'Patterns over whole addresses, without case: `*`, `?`, `[…]`, `{a,b}`.',
  }),
  keep_raw: duration(
    { minMs: 0, maxMs: 3650 * DAY },
    {
      fallback: 30 * DAY,
      describe: 'How long messages are kept as they came in, for `aimx raw` and for replays.',
    },
  ),
  arc_sealers: list(domainName, {
    fallback: [],
    describe: 'Domains whose ARC seals are believed when a forwarder has broken a signature (RFC 8617).',
  }),
  verify_host: text(nonEmpty, {
    fallback: null,
    describe: 'Service that `aimx portcheck` asks to connect back.',
  }),
  enable_ipv6: flag({ fallback: false, describe: 'Send over IPv6 too.' }),
  signature: text(anyText, {
    fallback: null,
    describe: 'Text below everything that is sent; nothing is added when it is absent or empty.',
  }),
  dedup: section('When two messages are the same one.'),
  smtp: section('Receiving.'),
  hooks: section('Limits over all hooks.'),
  dns: section('How names are looked up.'),
  tls: section('The certificate for STARTTLS.'),
  http: section('The HTTP interface.'),
  journal: section('Where accepted messages are kept.'),
  outbound: section('Sending.'),
  upgrade: section('Updates.'),
  mailboxes: section('One table for each mailbox.'),
};

/**
 * Reads a configuration.
 *
 * @param text The file's content. Every problem in it is reported at once; a syntax error hides what
 *   stands behind it, since nothing can be read past it.
 */
export function parseConfig(text: string, options: ParseOptions): ConfigOutcome {
  let raw: RawTable;
  try {
    raw = parseToml(text);
  } catch (error) {
    return { kind: 'invalid', problems: [syntaxProblem(error, options.path)], warnings: [] };
  }
  const report = createReport(options.path, mapLines(text));
  const config = readConfig(raw, report, options);
  const problems = report.problems('error');
  const warnings = report.problems('warning');
  return problems.length === 0
    ? { kind: 'valid', config, warnings }
    : { kind: 'invalid', problems, warnings };
}

function readConfig(raw: RawTable, report: Report, options: ParseOptions): Config {
  const top = readTable(topKeys, raw, { at: [], report, unknownKeys: 'warning' });
  const dedup = readDedup(top.dedup, report);
  const hooks = readHooksSection(top.hooks, report, options.cores);
  const smtp = readSmtp(top.smtp, report);
  const outbound = readOutbound(top.outbound, report);
  checkUpgrade(top.upgrade, report);
  warnOfTrust(top.trust, top.trusted_senders, report);
  const domains = [...new Set(top.domains)].filter((domain) => domain !== top.domain);
  const claims = createClaims(report);
  const mailboxes = readMailboxes(top.mailboxes, report, (name, table) =>
    readMailbox(name, table, {
      report,
      claims,
      domain: top.domain,
      ourDomains: [top.domain, ...domains],
      trust: top.trust,
      trustedSenders: top.trusted_senders,
      dedupMode: dedup.mode,
      hookTimeoutSeconds: hooks.timeoutSeconds,
      currentUser: options.currentUser,
      isRoot: options.isRoot,
      hasAccount: options.hasAccount ?? (() => true),
    }),
  );
  checkPostmaster(smtp.postmaster, top.mailboxes, report);
  return {
    domain: top.domain,
    domains,
    hostname: top.hostname ?? top.domain,
    dataDir: top.data_dir,
    dkimSelector: top.dkim_selector,
    trust: top.trust,
    trustedSenders: top.trusted_senders,
    signature: top.signature,
    verifyHost: top.verify_host,
    enableIpv6: top.enable_ipv6,
    keepRawMs: top.keep_raw,
    dedup,
    smtp,
    hooks,
    dns: readDns(top.dns, report),
    tls: readTls(top.tls, report),
    http: readHttp(top.http, report),
    journal: readJournal(top.journal, report),
    outbound,
    arcSealers: top.arc_sealers,
    mailboxes,
  };
}

function readMailboxes(
  raw: RawTable,
  report: Report,
  read: (name: string, table: RawTable) => MailboxConfig | null,
): readonly MailboxConfig[] {
  if (Object.keys(raw).length === 0)
    report.warn({
      at: ['mailboxes'],
      found: UNSAID,
      allowed: 'there is no mailbox: every recipient is refused',
    });
  return Object.entries(raw).flatMap(([name, table]) => {
    if (!isTable(table)) {
      report.error({
        at: ['mailboxes', name],
        found: table,
        allowed: 'allowed is a table: `[mailboxes.<name>]`',
      });
      return [];
    }
    const mailbox = read(name, table);
    return mailbox === null ? [] : [mailbox];
  });
}

function checkPostmaster(name: string | null, mailboxes: RawTable, report: Report): void {
  if (name === null || Object.hasOwn(mailboxes, name)) return;
  const known = Object.keys(mailboxes).map((mailbox) => JSON.stringify(mailbox));
  report.error({
    at: ['smtp', 'postmaster'],
    found: name,
    allowed: `allowed is the name of a mailbox${known.length === 0 ? '' : `: ${known.slice(0, 10).join(', ')}`}`,
  });
}

function syntaxProblem(error: unknown, path: string): ConfigProblem {
  const isToml = error instanceof TomlError;
  const sentence = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return {
    severity: 'error',
    path,
    line: isToml ? error.line : null,
    mailbox: null,
    key: null,
    found: null,
    allowed: `this is no TOML: ${sentence.replace(/^Invalid TOML document: /, '')}`,
  };
}

export function documentTopKeys(): readonly KeyDoc[] {
  const tables: Readonly<Record<string, Key<unknown>>> = topKeys;
  return documentKeys(tables).filter(({ shown }) => shown !== '(a table of its own)');
}

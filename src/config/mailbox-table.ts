/** `[mailboxes.<name>]`: who gets which mail, and what is done with it. */
import { parseMailbox } from '../address/mailbox.ts';
import type { DedupMode, HookConfig, MailboxConfig, TrustPolicy } from './config.ts';
import { readHook } from './hook-table.ts';
import { choice, flag, isTable, type Key, list, type RawTable, required, text, whole } from './keys.ts';
import type { KeyPath } from './line-map.ts';
import { documentKeys, type KeyDoc, readTable } from './read-table.ts';
import { type Report, UNSAID } from './report.ts';
import { accountName, addressGlob, anyText, domainName, mailboxName, nonEmpty } from './rules.ts';
import { warnOfDedupMode } from './sections.ts';
import { warnOfMailboxTrust } from './trust-warnings.ts';
import type { Claims } from './unique.ts';

/** The account that earlier versions gave to catchalls; hooks are not run as it. */
const CATCHALL_ACCOUNT = 'aimx-catchall';
const RESERVED_NAMES = ['catchall', CATCHALL_ACCOUNT];

/** A mailbox with more hooks than this starts the same work again and again. */
const HOOKS_PER_MAILBOX_MAX = 1000;

const hookList: Key<readonly unknown[]> = {
  allowed: 'an array of tables, each `[[mailboxes.<name>.hooks]]`',
  fallback: [],
  shown: '(none)',
  describe: 'What starts for its messages, in the order of the file.',
  read(raw, fail) {
    if (Array.isArray(raw) && raw.length <= HOOKS_PER_MAILBOX_MAX) return raw;
    fail(raw, `allowed is ${this.allowed}, at most ${HOOKS_PER_MAILBOX_MAX}`);
    return [];
  },
};

const mailboxKeys = {
  address: required(
    text(nonEmpty, {
      fallback: null,
      describe: 'The address whose mail it gets. `*@<domain>` takes what no other mailbox takes.',
    }),
  ),
  aliases: list(nonEmpty, { fallback: [], describe: 'More addresses; without `@`, at `domain`.' }),
  owner: text(accountName, {
    fallback: null,
    shown: "(the daemon's user)",
    describe:
      'The Linux user to whom its files belong and as whom its hooks run. Required when the daemon runs as ' +
      'root; otherwise it can only be the user of the daemon.',
  }),
  trust: choice(['none', 'verified'], {
    fallback: null,
    shown: "(the top level's)",
    describe: 'As at the top level, for this mailbox.',
  }),
  trusted_senders: list(addressGlob, {
    fallback: null,
    shown: "(the top level's)",
    describe: "Replaces the top level's list, also when it is empty; the two are never joined.",
  }),
  trust_spf: flag({
    fallback: false,
    describe: 'Also trust a sender by SPF alone, without a DKIM signature.',
  }),
  require_addressed: flag({
    fallback: false,
    describe: 'Trust only messages that name this mailbox in a signed To or Cc.',
  }),
  dedup: choice(['content', 'message-id', 'off'], {
    fallback: null,
    shown: '(`[dedup] mode`)',
    describe: 'When two messages of this mailbox are the same one.',
  }),
  max_concurrent: whole(
    { min: 1, max: 10_000 },
    {
      fallback: null,
      shown: '(`[hooks] max_per_mailbox`)',
      describe: 'Hooks of this mailbox that run at once.',
    },
  ),
  allow_root_catchall: flag({
    fallback: false,
    describe: 'Says that a catchall owned by root is meant, and silences the warning.',
  }),
  signature: text(anyText, {
    fallback: null,
    shown: "(the top level's)",
    describe: 'Text below what it sends.',
  }),
  approve: flag({ fallback: false, describe: 'What it sends waits for `aimx queue approve`.' }),
  allow_recipients: list(addressGlob, { fallback: null, describe: 'It may send to these alone.' }),
  block_recipients: list(addressGlob, { fallback: [], describe: 'It may not send to these.' }),
  max_sends_per_hour: whole(
    { min: 0, max: 1_000_000 },
    { fallback: null, describe: 'Messages it may send in an hour.' },
  ),
  max_new_recipients_per_day: whole(
    { min: 0, max: 1_000_000 },
    { fallback: null, describe: 'Recipients it never wrote to before, in a day.' },
  ),
  hooks: hookList,
};

/** What a mailbox takes from the top of the file and from the caller. */
export interface MailboxContext {
  readonly report: Report;
  readonly claims: Claims;
  readonly domain: string;
  /** Every domain that is ours, `domain` included. */
  readonly ourDomains: readonly string[];
  readonly trust: TrustPolicy;
  readonly trustedSenders: readonly string[];
  readonly dedupMode: DedupMode;
  readonly hookTimeoutSeconds: number;
  readonly currentUser: string;
  readonly isRoot: boolean;
  readonly hasAccount: (name: string) => boolean;
}

/** @returns null where it cannot be used; the report says why. */
export function readMailbox(name: string, raw: RawTable, context: MailboxContext): MailboxConfig | null {
  const { report, claims } = context;
  const at: KeyPath = ['mailboxes', name];
  if (mailboxName.parse(name) === null)
    report.error({ at, found: name, allowed: `allowed is ${mailboxName.allowed}` });
  const values = readTable(mailboxKeys, raw, { at, report, unknownKeys: 'warning' });
  const address = values.address === null ? null : readAddress(values.address, [...at, 'address'], context);
  const isCatchall = address?.startsWith('*@') === true;
  checkReserved(name, isCatchall || address === null, context);
  checkOwner(values.owner, raw, at, { ...context, isMeant: isCatchall && values.allow_root_catchall });
  if (values.dedup !== null) warnOfDedupMode(values.dedup, [...at, 'dedup'], report);
  const trust = values.trust ?? context.trust;
  const trustedSenders = values.trusted_senders ?? context.trustedSenders;
  warnOfMailboxTrust(values, context, at, report);
  const aliases = values.aliases.flatMap((alias, index) => {
    const whole = alias.includes('@') ? alias : `${alias}@${context.domain}`;
    const read = readAddress(whole, [...at, 'aliases', index], context);
    return read === null || !mayStand(read, isCatchall, [...at, 'aliases', index], report)
      ? []
      : [{ alias: read, index }];
  });
  if (address !== null) claims.claimAddress(address, name, [...at, 'address']);
  for (const { alias, index } of aliases) claims.claimAddress(alias, name, [...at, 'aliases', index]);
  const hooks = readHooks(values.hooks, at, { ...context, mailbox: name, isCatchall, owner: values.owner });
  if (address === null) return null;
  return {
    name,
    address,
    aliases: aliases.map(({ alias }) => alias),
    owner: values.owner,
    trust,
    trustedSenders,
    trustSpf: values.trust_spf,
    requireAddressed: values.require_addressed,
    dedupMode: values.dedup ?? context.dedupMode,
    maxConcurrent: values.max_concurrent,
    signature: values.signature,
    approve: values.approve,
    allowRecipients: values.allow_recipients,
    blockRecipients: values.block_recipients,
    maxSendsPerHour: values.max_sends_per_hour,
    maxNewRecipientsPerDay: values.max_new_recipients_per_day,
    hooks,
  };
}

/** An address of ours in lower case, its domain in ASCII; null after a report. */
function readAddress(written: string, at: KeyPath, context: MailboxContext): string | null {
  const { report, ourDomains } = context;
  const catchall = written.startsWith('*@');
  const parsed = catchall ? null : parseMailbox(written);
  const rest = parsed?.kind === 'parsed' ? parsed.value.domain : domainName.parse(written.slice(2));
  if (parsed?.kind === 'malformed' || rest === null) {
    const where =
      parsed?.kind === 'malformed' ? ` (at character ${parsed.offset + 1}: ${parsed.expected})` : '';
    report.error({
      at,
      found: written,
      allowed: `allowed is "name@${context.domain || '<domain>'}" or "*@…"${where}`,
    });
    return null;
  }
  // Where `domain` itself is wrong, every address would be, and one report is enough.
  if (context.domain !== '' && !ourDomains.includes(rest)) {
    const ours = ourDomains.map((domain) => JSON.stringify(domain)).join(', ');
    report.error({ at, found: written, allowed: `allowed is an address at ${ours} (more: \`domains\`)` });
    return null;
  }
  const local = parsed?.kind === 'parsed' ? parsed.value.localPart.normalize('NFC').toLowerCase() : '*';
  if (!catchall && local === '*') {
    report.error({
      at,
      found: written,
      allowed: 'the address "*" is written without quotes: it is the catchall',
    });
    return null;
  }
  return `${local}@${rest}`;
}

function mayStand(alias: string, isCatchall: boolean, at: KeyPath, report: Report): boolean {
  if (!alias.startsWith('*@') || isCatchall) return true;
  report.error({
    at,
    found: alias,
    allowed: 'only a mailbox whose address is "*@…" takes the rest of another domain',
  });
  return false;
}

function checkReserved(name: string, isCatchall: boolean, { report, domain }: MailboxContext): void {
  if (RESERVED_NAMES.includes(name) && !isCatchall)
    report.error({
      at: ['mailboxes', name],
      found: name,
      allowed: `the name is reserved for the mailbox whose address is "*@${domain}"`,
    });
}

interface OwnerContext extends MailboxContext {
  /** A catchall of root's that says it is meant. */
  readonly isMeant: boolean;
}

function checkOwner(owner: string | null, raw: RawTable, at: KeyPath, context: OwnerContext): void {
  const { report, isRoot, currentUser, hasAccount, isMeant } = context;
  if (owner === null) {
    if (isRoot && !Object.hasOwn(raw, 'owner'))
      report.error({
        at: [...at, 'owner'],
        found: UNSAID,
        allowed: 'it is required when the daemon runs as root: a Linux user, to whom the files will belong',
      });
    return;
  }
  const found = { at: [...at, 'owner'], found: owner };
  if (!isRoot && owner !== currentUser)
    report.error({ ...found, allowed: `without root it can only be the daemon's user, "${currentUser}"` });
  else if (owner === 'root' && !isMeant)
    report.warn({ ...found, allowed: 'its hooks run with every right on this machine' });
  else if (owner !== 'root' && !hasAccount(owner))
    report.warn({
      ...found,
      allowed: 'there is no such user: its mail is accepted and waits until there is',
    });
}

interface HooksContext extends MailboxContext {
  readonly mailbox: string;
  readonly isCatchall: boolean;
  readonly owner: string | null;
}

function readHooks(raws: readonly unknown[], at: KeyPath, context: HooksContext): readonly HookConfig[] {
  const { report, isCatchall, owner } = context;
  if (raws.length > 0 && isCatchall && owner === CATCHALL_ACCOUNT)
    report.error({
      at: [...at, 'hooks'],
      found: UNSAID,
      allowed: `a catchall owned by ${CATCHALL_ACCOUNT} has no hooks: give it an owner who is a person or a service`,
    });
  return raws.flatMap((raw, index) => {
    const place = [...at, 'hooks', index];
    if (!isTable(raw)) {
      report.error({ at: place, found: raw, allowed: 'allowed is a table' });
      return [];
    }
    const hook = readHook(raw, place, { ...context, timeoutSeconds: context.hookTimeoutSeconds });
    return hook === null ? [] : [hook];
  });
}

export function documentMailboxKeys(): readonly KeyDoc[] {
  return documentKeys(mailboxKeys);
}

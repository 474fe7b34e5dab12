/**
 * Which mailbox a forward-path leads to (contract §7). Pure; made once per configuration.
 *
 * The domain is compared without case, the local part without case against `address` and `aliases`;
 * `+tag` goes to the mailbox before it; `*@domain` takes the rest. `postmaster` always has a mailbox
 * (RFC 5321 §4.5.1).
 */
import type { Config, MailboxConfig } from './config.ts';

export type RouteDecision =
  | { readonly kind: 'accept'; readonly route: { readonly mailbox: string; readonly tag: string | null } }
  | { readonly kind: 'unknown-mailbox' }
  | { readonly kind: 'not-our-domain' };

/** What is asked: a parsed forward-path; `domain` is null for the bare `<Postmaster>`. */
export interface RouteQuestion {
  readonly localPart: string;
  readonly domain: string | null;
}

export type Router = (question: RouteQuestion) => RouteDecision;

export type RoutingConfig = Pick<Config, 'domain' | 'domains' | 'mailboxes'> & {
  readonly smtp: Pick<Config['smtp'], 'postmaster'>;
};

const POSTMASTER = 'postmaster';
const CATCHALL = '*';

export function createRouter(config: RoutingConfig): Router {
  const ourDomains = new Set([config.domain, ...config.domains].map(foldCase));
  const byAddress = addressTable(config);
  const primary = foldCase(config.domain);

  // A domain without an entry of its own for a local part shares the primary domain's.
  const find = (localPart: string, domain: string): string | undefined =>
    byAddress.get(`${localPart}@${domain}`) ?? byAddress.get(`${localPart}@${primary}`);
  const accept = (mailbox: string, tag: string | null = null): RouteDecision => ({
    kind: 'accept',
    route: { mailbox, tag },
  });

  return ({ localPart, domain }) => {
    const folded = foldCase(localPart);
    const ourDomain = domain === null ? primary : foldCase(domain);
    if (domain === null && folded !== POSTMASTER) return { kind: 'unknown-mailbox' };
    if (!ourDomains.has(ourDomain)) return { kind: 'not-our-domain' };

    const exact = folded === CATCHALL ? undefined : find(folded, ourDomain);
    if (exact !== undefined) return accept(exact);
    const plus = localPart.indexOf('+');
    if (plus > 0) {
      const tagged = find(foldCase(localPart.slice(0, plus)), ourDomain);
      if (tagged !== undefined) return accept(tagged, localPart.slice(plus + 1));
    }
    const rest = find(CATCHALL, ourDomain);
    if (rest !== undefined) return accept(rest);
    if (folded !== POSTMASTER) return { kind: 'unknown-mailbox' };
    const fallback = config.smtp.postmaster ?? config.mailboxes[0]?.name;
    return fallback === undefined ? { kind: 'unknown-mailbox' } : accept(fallback);
  };
}

/** Address → mailbox. Where two mailboxes claim one address the first in the file keeps it. */
function addressTable(config: RoutingConfig): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  const add = (address: string, { name }: MailboxConfig): void => {
    const at = address.lastIndexOf('@');
    const whole = at < 0 ? `${address}@${config.domain}` : address;
    const key = foldCase(whole);
    if (!table.has(key)) table.set(key, name);
  };
  for (const mailbox of config.mailboxes) add(mailbox.address, mailbox);
  for (const mailbox of config.mailboxes) for (const alias of mailbox.aliases) add(alias, mailbox);
  return table;
}

/** NFC as RFC 6532 §3.1 wants it compared, then lower case. */
function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

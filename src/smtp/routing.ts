/**
 * Which of our mailboxes a forward-path leads to (contract §7). Pure: a table made once from the
 * configuration, and asked at every RCPT.
 */
import { parseDomain } from '../address/domain.ts';
import { foldLocalPart, splitTag } from '../address/local-part.ts';

/** Where routing leads a forward-path. `mailbox` is the mailbox's name in the config. */
export interface Route {
  readonly mailbox: string;
  /** What stands behind the first `+` of the local part; null where nothing does or it is part of the address. */
  readonly tag: string | null;
}

export type RoutingAnswer =
  | { readonly kind: 'accept'; readonly route: Route }
  | { readonly kind: 'unknown-mailbox' }
  | { readonly kind: 'not-our-domain' };

/** Of the configuration; a `Config` is one. */
export interface RouterOptions {
  readonly domain: string;
  /** More domains that are ours. */
  readonly domains: readonly string[];
  /** In the order of the config; `*@<domain>` is a catchall. An alias may leave its domain out. */
  readonly mailboxes: readonly {
    readonly name: string;
    readonly address: string;
    readonly aliases: readonly string[];
  }[];
  /** Name of the mailbox that takes `postmaster` where no address does; null: the first mailbox. */
  readonly smtp: { readonly postmaster: string | null };
}

export type Router = (forwardPath: {
  /** Quotes and quoted pairs undone. */
  readonly localPart: string;
  /** Null for a bare `postmaster`; an address literal is no domain of ours. */
  readonly domain: string | null;
}) => RoutingAnswer;

const POSTMASTER = 'postmaster';
const CATCHALL = '*';

function foldDomain(domain: string): string {
  const parsed = parseDomain(domain);
  return parsed.kind === 'parsed' ? parsed.value : domain.toLowerCase();
}

/** `local@domain` and `local` → name of the mailbox; who comes first in the config has it. */
function buildTable(options: RouterOptions): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  const claim = (key: string, name: string): void => {
    if (!table.has(key)) table.set(key, name);
  };
  for (const { name, address, aliases } of options.mailboxes) {
    for (const written of [address, ...aliases]) {
      const at = written.lastIndexOf('@');
      const localPart = foldLocalPart(at < 0 ? written : written.slice(0, at));
      if (at >= 0) claim(`${localPart}@${foldDomain(written.slice(at + 1))}`, name);
      claim(localPart, name);
    }
  }
  return table;
}

/**
 * Makes the router.
 *
 * A local part is looked for with the domain it came with, then with any domain of ours: domains of
 * ours are one name space unless two mailboxes share a local part. The address as a whole comes
 * before the address without its tag, both before `postmaster`'s rule, and that before `*@`'s.
 */
export function createRouter(options: RouterOptions): Router {
  const table = buildTable(options);
  const ourDomains = new Set([options.domain, ...options.domains].map(foldDomain));
  const find = (localPart: string, domain: string): string | undefined =>
    table.get(`${localPart}@${domain}`) ?? table.get(localPart);
  const postmaster = options.smtp.postmaster ?? options.mailboxes[0]?.name;

  return ({ localPart, domain }) => {
    const ours = domain === null ? foldDomain(options.domain) : foldDomain(domain);
    if (!ourDomains.has(ours)) return { kind: 'not-our-domain' };
    const split = splitTag(localPart);
    const asked = foldLocalPart(localPart);
    const name = foldLocalPart(split.name);
    // A client that writes `*` asks for a mailbox of that name, and there can be none.
    const exact = asked === CATCHALL ? undefined : find(asked, ours);
    if (exact !== undefined) return { kind: 'accept', route: { mailbox: exact, tag: null } };
    const tagged =
      (name === CATCHALL ? undefined : find(name, ours)) ??
      find(CATCHALL, ours) ??
      (name === POSTMASTER ? postmaster : undefined);
    if (tagged === undefined) return { kind: 'unknown-mailbox' };
    return { kind: 'accept', route: { mailbox: tagged, tag: split.tag } };
  };
}

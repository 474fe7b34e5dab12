/** What may stand only once in a configuration: addresses, and names of hooks. */
import type { KeyPath } from './line-map.ts';
import type { Report } from './report.ts';

/** Each claim is reported where something else has made it before. */
export interface Claims {
  claimAddress(address: string, mailbox: string, at: KeyPath): void;
  /** @param at The hook's table. */
  claimHookName(
    hook: { readonly name: string; readonly isDerived: boolean },
    mailbox: string,
    at: KeyPath,
  ): void;
}

export function createClaims(report: Report): Claims {
  const addresses = new Map<string, string>();
  const hookNames = new Map<string, string>();
  return {
    claimAddress(address, mailbox, at) {
      const owner = addresses.get(address);
      if (owner === undefined) addresses.set(address, mailbox);
      else
        report.error({
          at,
          found: address,
          allowed: `mailbox "${owner}" has it already: an address leads to one mailbox`,
        });
    },
    claimHookName({ name, isDerived }, mailbox, at) {
      const owner = hookNames.get(name);
      if (owner === undefined) hookNames.set(name, mailbox);
      else
        report.error({
          at: isDerived ? at : [...at, 'name'],
          found: name,
          allowed: isDerived
            ? `mailbox "${owner}" has the same hook, so both derive one name: give each a \`name\``
            : `mailbox "${owner}" has a hook of that name: names are unique over all mailboxes`,
        });
    },
  };
}

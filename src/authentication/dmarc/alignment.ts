/** Identifier alignment (RFC 7489 §3.1): whether a domain that was authenticated stands for the author's. */
import { comparableDomain, organizationalDomain } from '../organizational-domain.ts';
import type { Alignment } from '../verdict.ts';
import type { AlignmentMode } from './record.ts';

/**
 * Decides alignment. Pure.
 *
 * @param domain What was authenticated (`d=`, MAIL FROM's or HELO's domain), in any form.
 * @param options.author The author's domain, comparable; null where there is not exactly one author.
 * @param options.mode `unknown` where the record that says it could not be had: then only what every
 *   mode agrees on is `aligned`.
 */
export function alignmentOf(
  domain: string | null,
  options: { readonly author: string | null; readonly mode: AlignmentMode | 'unknown' },
): Alignment {
  const { author, mode } = options;
  const identifier = domain === null ? null : comparableDomain(domain);
  if (author === null || identifier === null) return 'unaligned';
  if (identifier === author) return 'aligned';
  if (mode === 'strict' || organizationalDomain(identifier) !== organizationalDomain(author))
    return 'unaligned';
  return mode === 'relaxed' ? 'aligned' : 'unknown';
}

/**
 * Who From names (RFC 5322 §3.6.2), as the reader of the message takes it: one parser for both, so that
 * nobody is shown an author who was not the one that was judged.
 */
import { parseAddresses } from '../message/header/addresses.ts';
import { fieldValues, type HeaderSection } from '../message/header/header-section.ts';
import { comparableDomain } from './organizational-domain.ts';
import type { Author } from './verdict.ts';

/** A message of more authors has no author domain anyway; the rest is counted. */
const AUTHORS_MAX = 10;
/** RFC 5321 §4.5.3.1.3 allows 254; what is longer is no address and is shown by its beginning. */
const ADDRESS_CHARACTERS_MAX = 320;

/**
 * Local parts that tell where they end: a dot-atom, dots in a row or at the end included, which some
 * providers have given to their users against RFC 5322 §3.4.1; or one quoted string.
 */
const LOCAL_PART = /^(?:[^\s"@(),:;<>[\]\\\p{Cc}]+|"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*")$/u;

/** The domain of an address, comparable; null where it has none that can be asked, or two `@` could both be meant. */
function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@');
  if (at < 1 || !LOCAL_PART.test(address.slice(0, at))) return null;
  return comparableDomain(address.slice(at + 1));
}

/** The address with its domain in A-labels and lower case; as written where it has none. */
export function normalAddress(address: string): string {
  const domain = domainOf(address);
  const text = domain === null ? address : `${address.slice(0, address.lastIndexOf('@'))}@${domain}`;
  return text.slice(0, ADDRESS_CHARACTERS_MAX);
}

/**
 * Reads the authors of a message. Never throws.
 *
 * @param options.fromFields How many From fields the whole header section has, those included that lie
 *   beyond what a reader looks at.
 */
export function readAuthor(section: HeaderSection, options: { readonly fromFields: number }): Author {
  const addresses = fieldValues(section, 'from')
    .flatMap((value) => parseAddresses(value))
    .map(({ address }) => address)
    .filter((address) => address !== '');
  const [only] = addresses;
  // Fields that are added to push others beyond the limits change what is read, and no signature minds.
  const isOne = addresses.length === 1 && options.fromFields === 1 && section.isWhole;
  return {
    addresses: addresses.slice(0, AUTHORS_MAX).map(normalAddress),
    count: addresses.length,
    domain: isOne && only !== undefined ? domainOf(only) : null,
  };
}

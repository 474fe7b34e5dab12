/** Words of header fields: free text, display names, addresses, ids, dates. What comes out is for {@link foldField}. */
import { Buffer } from 'node:buffer';
import type { EpochMs } from '../../system/clock.ts';
import { wellFormed } from '../charset/charset.ts';
import { oneLine } from '../header/encoded-word.ts';
import { encodeWords } from './encode-words.ts';

/** A longer run without a space is encoded, so that it can be folded. */
const WORD_CHARACTERS_MAX = 60;
/** RFC 5322 §3.2.3 atext, and the spaces between atoms of a phrase. */
const ATOMS = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Free text as a header field can have it: well-formed, on one line; controls and line ends become
 * spaces. It reads back as this, whatever was given.
 */
export function headerText(text: string): string {
  return oneLine(wellFormed(text));
}

function mustBeEncoded(text: string): boolean {
  // What looks like an encoded word would be decoded by whoever reads it.
  if (!PRINTABLE.test(text) || text.includes('=?')) return true;
  return text.split(' ').some((word) => word.length > WORD_CHARACTERS_MAX);
}

/** Words of an unstructured field (RFC 5322 §3.2.5); none where the text is empty. */
export function unstructuredWords(given: string): readonly string[] {
  const text = headerText(given);
  if (text === '') return [];
  return mustBeEncoded(text) ? encodeWords(text) : text.split(' ');
}

/** Words of a phrase (RFC 5322 §3.2.5): atoms, a quoted string, or encoded words. */
function phraseWords(name: string): readonly string[] {
  if (name === '') return [];
  if (mustBeEncoded(name)) return encodeWords(name);
  if (ATOMS.test(name)) return name.split(' ');
  // A quoted string is one word: what is too long for a line is encoded instead.
  if (name.length > WORD_CHARACTERS_MAX) return encodeWords(name);
  return [`"${name.replace(/["\\]/g, '\\$&')}"`];
}

/** A mailbox that was checked: its address as it is written (A-labels, quoted where it must be). */
export interface WrittenMailbox {
  readonly name: string;
  readonly address: string;
}

/** Words of an address list (RFC 5322 §3.4). */
export function addressWords(mailboxes: readonly WrittenMailbox[]): readonly string[] {
  return mailboxes.flatMap((mailbox, index) => {
    const comma = index < mailboxes.length - 1 ? ',' : '';
    const words = phraseWords(headerText(mailbox.name));
    return words.length === 0 ? [`${mailbox.address}${comma}`] : [...words, `<${mailbox.address}>${comma}`];
  });
}

/** RFC 5322 §3.3, in UTC: `Thu, 01 Jan 1970 00:00:00 +0000`. */
export function formatMailDate(at: EpochMs): string {
  return new Date(at).toUTCString().replace(/GMT$/, '+0000');
}

/** RFC 2231 §7 attribute-char. */
const ATTRIBUTE_CHARACTER = /^[A-Za-z0-9!#$&+.^_`{|}~-]$/;
/** What every reader takes from a quoted string as it stands. */
const PLAIN_VALUE = /^[A-Za-z0-9 !#$&+.,^_`{|}~()@=/:;<>?[\]-]{1,60}$/;
const SECTION_CHARACTERS_MAX = 54;

function percentEncoded(character: string): string {
  if (ATTRIBUTE_CHARACTER.test(character)) return character;
  return Array.from(
    Buffer.from(character),
    (octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/**
 * Words of one parameter (RFC 2045 §5.1): a quoted string, or in sections with their charset
 * (RFC 2231 §3, §4), each of whole characters.
 *
 * @returns With a `;` behind each but the last.
 */
export function parameterWords(name: string, given: string): readonly string[] {
  const value = headerText(given);
  if (PLAIN_VALUE.test(value) && !value.includes('=?')) return [`${name}="${value}"`];
  const sections: string[] = [];
  let section = "UTF-8''";
  for (const character of value) {
    const encoded = percentEncoded(character);
    if (section.length + encoded.length > SECTION_CHARACTERS_MAX) {
      sections.push(section);
      section = '';
    }
    section += encoded;
  }
  sections.push(section);
  if (sections.length === 1) return [`${name}*=${sections[0]}`];
  return sections.map((text, index) => `${name}*${index}*=${text}${index < sections.length - 1 ? ';' : ''}`);
}

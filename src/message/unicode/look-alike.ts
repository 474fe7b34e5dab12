/**
 * Senders and subjects that look like others: letters of one script among those of another, domains
 * that read as ASCII and are not, names that are addresses.
 *
 * It names what a person would not see, with the code points and the A-labels that are really there.
 * It judges single words and labels: text of one script, whichever, and words of several scripts side
 * by side are what people write. Pure, total and linear.
 */
import { domainToUnicode } from 'node:url';
import { wellFormed } from '../charset/charset.ts';
import type { Address } from '../header/addresses.ts';
import { asciiLookAlike } from './confusables.ts';
import { withoutInvisible } from './invisible-characters.ts';

/** Addresses of one field that are looked at, and what is said of one field. */
const ADDRESSES_CONSIDERED_MAX = 100;
const WARNINGS_PER_FIELD_MAX = 3;
/** Characters of one name or subject that are looked at: more than any screen shows of it. */
const TEXT_CONSIDERED_MAX = 1_000;
/** Shorter words deceive nobody, and are what formulas are made of. */
const MIXED_LETTERS_MIN = 3;
const QUOTED_LENGTH_MAX = 60;
const CODE_POINTS_NAMED_MAX = 5;
/** RFC 1035 §2.3.4, with room for a final dot. */
const DOMAIN_LENGTH_MAX = 256;

/** Scripts whose letters are taken for each other's. */
const SCRIPTS = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
] as const;
/** Scripts that are written together (UTS 39 §5.2: Japanese, Chinese and Korean with Latin). */
const EAST_ASIAN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}]/u;
/** Latin letters of phonetic alphabets, which no language writes and which look like ASCII. */
const PHONETIC = /[ɑɡɩᴄᴦᴢꜱ]/u;
/** Letters of styles (bold, script, double-struck), which are for formulas. */
const STYLED = /[\u{1d400}-\u{1d7ff}]{2,}/u;
/** Country codes under which domains of these scripts are at home. */
const HOME: Readonly<Record<string, RegExp>> = {
  Cyrillic: /^(?:ru|su|ua|by|bg|kz|kg|mk|mn|rs|me|ba|tj|uz|md|ge|am|az)$/,
  Greek: /^(?:gr|cy|eu)$/,
  Armenian: /^am$/,
};

function quoted(text: string): string {
  const characters = [...text];
  const head = characters.slice(0, QUOTED_LENGTH_MAX).join('');
  return JSON.stringify(characters.length > QUOTED_LENGTH_MAX ? `${head}…` : head);
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** `U+0430 (Cyrillic)`, for the letters of a word that are not ASCII. */
function foreignLetters(word: string): string {
  const letters = [...new Set(word)].filter((letter) => letter > '\x7f' && /\p{L}/u.test(letter));
  const named = letters.slice(0, CODE_POINTS_NAMED_MAX).map((letter) => {
    const script = SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0];
    return script === undefined ? codePoint(letter) : `${codePoint(letter)} (${script})`;
  });
  return letters.length > named.length ? `${named.join(', ')}, …` : named.join(', ');
}

function scriptsOf(word: string): readonly string[] {
  return SCRIPTS.filter(([, pattern]) => pattern.test(word)).map(([name]) => name);
}

/** Whether every letter that is not ASCII looks like one that is. */
function readsAsAscii(word: string): boolean {
  return [...word].every(
    (letter) => letter <= '\x7f' || !/\p{L}/u.test(letter) || asciiLookAlike(letter) !== null,
  );
}

/**
 * A word that mixes scripts so that it reads as another word. `ΔT`, `kΩ` or `SMSки` have letters
 * that look like no Latin one, and are what they seem.
 */
function isMixed(word: string): boolean {
  if ([...word].length < MIXED_LETTERS_MIN) return false;
  return (scriptsOf(word).length > 1 || PHONETIC.test(word)) && readsAsAscii(word);
}

/** Words wholly of another script that read as ASCII, in a text that has Latin words and no other of that script. */
function wholeScriptWord(words: readonly string[]): string | undefined {
  const scripts = new Set(words.flatMap(scriptsOf));
  if (!scripts.has('Latin') || scripts.size < 2) return undefined;
  const foreign = words.filter((word) => !/\p{Script=Latin}/u.test(word) && scriptsOf(word).length > 0);
  if (!foreign.every(readsAsAscii)) return undefined;
  return foreign.find((word) => [...word].length >= MIXED_LETTERS_MIN);
}

/** What deceives in a display name or a subject; `""` where nothing does. */
function deceivingText(text: string): string {
  const considered = text.slice(0, TEXT_CONSIDERED_MAX);
  const words = considered.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const mixed = words.find(isMixed);
  if (mixed !== undefined) return `mixes scripts in ${quoted(mixed)}: ${foreignLetters(mixed)}`;
  const whole = wholeScriptWord(words);
  if (whole !== undefined)
    return `has ${quoted(whole)}, whose letters only look Latin: ${foreignLetters(whole)}`;
  if (STYLED.test(considered)) return 'is written in mathematical letters';
  return '';
}

/** Domain labels as they are shown, lower case; null where an A-label decodes to nothing. */
function unicodeDomain(domain: string): string | null {
  const shown = domainToUnicode(domain);
  return shown === '' || /(?:^|\.)xn--/i.test(shown) ? null : shown;
}

/** What deceives in a domain; `""` where nothing does. */
function deceivingDomain(domain: string): string {
  // Only what is not plain ASCII can look like it.
  if (domain.length > DOMAIN_LENGTH_MAX || !/xn--|[^\0-\x7f]/i.test(domain)) return '';
  const shown = unicodeDomain(domain);
  if (shown === null) return `the domain ${quoted(domain)} is no international domain name`;
  const labels = shown.split('.');
  const topLevel = labels.at(-1) ?? '';
  for (const label of labels) {
    const scripts = scriptsOf(label);
    const isMix =
      scripts.length > 1 || (EAST_ASIAN.test(label) && scripts.some((script) => script !== 'Latin'));
    if (isMix || PHONETIC.test(label)) {
      return `the domain ${quoted(domain)} mixes scripts in ${quoted(label)}: ${foreignLetters(label)}`;
    }
    const [script] = scripts;
    if (script === undefined || script === 'Latin' || scriptsOf(topLevel).includes(script)) continue;
    if (readsAsAscii(label) && HOME[script]?.test(topLevel) !== true) {
      return `the domain ${quoted(domain)} reads as ${quoted(skeleton(label))} and is ${foreignLetters(label)}`;
    }
  }
  return '';
}

function skeleton(label: string): string {
  return [...label].map((letter) => asciiLookAlike(letter) ?? letter).join('');
}

const ADDRESS_IN_TEXT = /[^\s@<>"'(),;:[\]]{1,64}@[^\s@<>"'(),;:[\]]{1,255}/gu;

/** An address in a display name that is not the real one; `""` where there is none. */
function otherAddress({ name, address }: Address): string {
  if (!/[@\uff20\ufe6b]/.test(name)) return '';
  const considered = name.slice(0, TEXT_CONSIDERED_MAX).normalize('NFKC');
  for (const [found] of considered.matchAll(ADDRESS_IN_TEXT)) {
    const claimed = found.replace(/\.+$/, '').toLowerCase();
    if (claimed.split('@')[1]?.includes('.') === true && claimed !== address.toLowerCase()) return claimed;
  }
  return '';
}

/** Characters that nobody sees in an address, which is not shown without them: it would be another one. */
function hiddenInAddress(address: string): string {
  const seen = withoutInvisible(address).text;
  if (seen === address) return '';
  const visible = new Set(seen);
  const hidden = [...new Set(address)].filter((character) => !visible.has(character));
  const named = hidden.slice(0, CODE_POINTS_NAMED_MAX).map(codePoint).join(', ');
  return `the address ${quoted(seen)} has characters in it that nobody sees: ${named}`;
}

function judge(address: Address): readonly string[] {
  const found: string[] = [];
  const hidden = hiddenInAddress(address.address);
  if (hidden !== '') found.push(hidden);
  const other = otherAddress(address);
  if (other !== '' && address.address !== '') {
    found.push(
      `the name ${quoted(address.name)} holds another address than the real one, ${quoted(address.address)}`,
    );
  }
  const text = deceivingText(address.name);
  if (text !== '') found.push(`the name ${quoted(address.name)} ${text}`);
  const at = address.address.lastIndexOf('@');
  const local = deceivingText(address.address.slice(0, Math.max(0, at)));
  if (local !== '') found.push(`the address ${quoted(address.address)} ${local}`);
  const domain = at < 0 ? '' : deceivingDomain(address.address.slice(at + 1));
  if (domain !== '') found.push(domain);
  return found;
}

/**
 * What looks like something else in the addresses of a field.
 *
 * @param field As it is named in the warning, such as `From`.
 * @returns Warnings `look-alike: <field>: …`, at most {@link WARNINGS_PER_FIELD_MAX}.
 */
export function lookAlikeAddresses(field: string, addresses: readonly Address[]): readonly string[] {
  const found = addresses.slice(0, ADDRESSES_CONSIDERED_MAX).flatMap(judge);
  return found.slice(0, WARNINGS_PER_FIELD_MAX).map((text) => wellFormed(`look-alike: ${field}: ${text}`));
}

/** The same of a subject. */
export function lookAlikeSubject(subject: string): readonly string[] {
  const found = deceivingText(subject);
  return found === '' ? [] : [wellFormed(`look-alike: Subject: it ${found}`)];
}

/**
 * The local part of a mailbox.
 *
 *     Local-part    = Dot-string / Quoted-string                      RFC 5321 §4.1.2
 *     Dot-string    = Atom *("." Atom)
 *     Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE
 *
 * with every character beyond ASCII added to both (RFC 6531 §3.3). Whether such characters may be
 * used is the session's business: the grammar is the same.
 */
import { LONE_SURROGATE, octetLength } from './octets.ts';
import { malformed, type Parsed, type Scanned, whole } from './parsed.ts';

/**
 * What a local part means: quotes and quoted pairs are undone, so `"a"@x` and `a@x` are one
 * (RFC 5321 §4.1.2). Case is kept. Made by {@link parseLocalPart} and {@link scanLocalPart}.
 */
export type LocalPart = string & { readonly __brand: 'LocalPart' };

/** RFC 5321 §4.5.3.1.1. */
export const LOCAL_PART_OCTETS_MAX = 64;

const ATEXT_MARKS = "!#$%&'*+-/=?^_`{|}~";

function isAtext(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code > 0x7f ||
    ATEXT_MARKS.includes(String.fromCharCode(code))
  );
}

function scanDotString(text: string, from: number): Scanned<string> {
  let at = from;
  let atomStart = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isAtext(code)) continue;
    if (code !== 0x2e) break;
    if (at === atomStart) return malformed(at, 'an atom before "."');
    atomStart = at + 1;
  }
  if (at === atomStart) return malformed(at, at === from ? 'a local part' : 'an atom after "."');
  return { kind: 'scanned', value: text.slice(from, at), end: at };
}

function scanQuotedString(text: string, from: number): Scanned<string> {
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { kind: 'scanned', value, end: at + 1 };
    if (code === 0x5c) {
      at += 1;
      const escaped = text.charCodeAt(at);
      if (!(escaped >= 0x20 && escaped <= 0x7e)) return malformed(at, 'a printable character after "\\"');
      value += text.charAt(at);
      continue;
    }
    if (code < 0x20 || code === 0x7f) return malformed(at, 'a printable character');
    value += text.charAt(at);
  }
  return malformed(text.length, 'a closing quote');
}

/**
 * Scans a local part that begins at `from`. The caller limits its length.
 *
 * @returns What it means, and where it ended; or the first wrong character.
 */
export function scanLocalPart(text: string, from: number): Scanned<LocalPart> {
  const scanned = text.charCodeAt(from) === 0x22 ? scanQuotedString(text, from) : scanDotString(text, from);
  if (scanned.kind === 'malformed') return scanned;
  if (LONE_SURROGATE.test(scanned.value)) return malformed(from, 'well-formed Unicode');
  return { ...scanned, value: scanned.value as LocalPart };
}

/** Parses `text` as a local part and nothing else, at most {@link LOCAL_PART_OCTETS_MAX} octets. Never throws. */
export function parseLocalPart(text: string): Parsed<LocalPart> {
  const parsed = whole(text, scanLocalPart(text, 0));
  if (parsed.kind === 'parsed' && octetLength(text) > LOCAL_PART_OCTETS_MAX) {
    return malformed(0, `a local part of at most ${LOCAL_PART_OCTETS_MAX} octets`);
  }
  return parsed;
}

/** Writes a local part so that {@link parseLocalPart} gives it back: quoted only where it must be. */
export function formatLocalPart(localPart: string): string {
  if (whole(localPart, scanDotString(localPart, 0)).kind === 'parsed') return localPart;
  return `"${localPart.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Splits `name+tag` at its first `+`. A local part that begins with `+` has no tag.
 *
 * @returns `tag` is null where there is none or nothing stands behind the `+`.
 */
export function splitTag(localPart: string): { readonly name: string; readonly tag: string | null } {
  const plus = localPart.indexOf('+');
  if (plus <= 0) return { name: localPart, tag: null };
  return { name: localPart.slice(0, plus), tag: localPart.slice(plus + 1) || null };
}

/** The form under which local parts of ours are compared: without case (contract §7), NFC. */
export function foldLocalPart(localPart: string): string {
  return localPart.normalize('NFC').toLowerCase();
}

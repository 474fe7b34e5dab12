/** Names of attachments inside a bundle: safe as file names everywhere, unique without case (contract §4). */

import { wellFormed } from '../charset/charset.ts';

/** File systems allow 255 octets; the rest is room for a suffix. */
export const NAME_BYTES_MAX: number = 200;
/** Longer than any; what follows is not looked at. */
const DECLARED_CONSIDERED_MAX = 8_192;
/** What stands behind the last dot and is kept when a name is cut. */
const EXTENSION_BYTES_MAX = 20;

const UNSAFE = /[/\\\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+/gu;
const EDGES = /^[\s.\-_]+|[\s.\-_]+$/gu;

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** The longest head of at most `bytesMax` octets that cuts no character. */
function cutBytes(text: string, bytesMax: number): string {
  if (byteLength(text) <= bytesMax) return text;
  const kept: string[] = [];
  let bytes = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > bytesMax) break;
    kept.push(character);
  }
  return kept.join('');
}

function splitExtension(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || byteLength(name) - byteLength(name.slice(0, dot)) > EXTENSION_BYTES_MAX) {
    return { stem: name, extension: '' };
  }
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}

function withinLimit(stem: string, suffix: string, extension: string): string {
  const room = NAME_BYTES_MAX - byteLength(suffix) - byteLength(extension);
  return `${cutBytes(stem, room).replace(/[\s.\-_]+$/u, '')}${suffix}${extension}`;
}

/**
 * A declared name made harmless: its last path component, without separators, control and bidi
 * characters, at most {@link NAME_BYTES_MAX} octets with its extension kept. `""` where nothing is left.
 *
 * @param declared Decoded (RFC 2231, RFC 2047).
 */
export function safeAttachmentName(declared: string): string {
  const considered = wellFormed(declared.slice(0, DECLARED_CONSIDERED_MAX));
  const component =
    considered
      .split('/')
      .filter((part: string) => part.replace(EDGES, '') !== '')
      .at(-1) ?? '';
  const name = component.normalize('NFC').replace(UNSAFE, '_').replace(EDGES, '');
  const { stem, extension } = splitExtension(name);
  return withinLimit(stem, '', extension);
}

/** Two names that a file system without case would take for one. */
function caseless(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}

/** The form of a bundle's own file name, whose place no attachment may take. */
const MESSAGE_FILE_NAME = /^\d{4}-\d{2}-\d{2}-\d{6}-.*\.md$/i;

/**
 * Gives names to the attachments of one message, in order.
 *
 * The bundle's own `<id>.md` is not known yet when a message is read: a name of its form is never
 * given out as it stands.
 */
export class AttachmentNames {
  readonly #taken = new Set<string>();
  /** Next suffix to try for a name, so that ten thousand equal names cost ten thousand steps. */
  readonly #next = new Map<string, number>();
  #index = 0;

  /** @param declared Decoded; `""` where none is declared. */
  next(declared: string): string {
    this.#index += 1;
    const safe = safeAttachmentName(declared);
    const { stem, extension } = splitExtension(safe === '' ? `attachment-${this.#index}` : safe);
    const ownName = MESSAGE_FILE_NAME.test(safe);
    const name = ownName ? withinLimit(`attached-${stem}`, '', extension) : withinLimit(stem, '', extension);
    let candidate = name;
    let suffix = this.#next.get(caseless(name)) ?? 1;
    while (this.#taken.has(caseless(candidate))) {
      candidate = withinLimit(ownName ? `attached-${stem}` : stem, `-${suffix}`, extension);
      suffix += 1;
    }
    this.#next.set(caseless(name), suffix);
    this.#taken.add(caseless(candidate));
    return candidate;
  }
}

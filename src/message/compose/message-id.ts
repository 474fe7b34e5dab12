/** Message-IDs of our own, and which of others' can be written (RFC 5322 §3.6.4). */
import type { Random } from '../../system/random.ts';
import { oneLine } from '../header/encoded-word.ts';

/** A field of one id stays a line of 998 octets (RFC 5322 §2.1.1), whatever its name. */
export const MESSAGE_ID_CHARACTERS_MAX: number = 900;
/** Longer chains are cut in the middle: threads are found by the first id, parents by the last. */
export const REFERENCES_MAX: number = 100;
/** Of all ids together; servers refuse large header sections. */
const REFERENCES_CHARACTERS_MAX = 16 * 1024;

const WRITABLE = /^[\x21-\x3b\x3d\x3f-\x7e]+$/;

/** Octets of randomness on each side of the dot. */
const HALF_BYTES = 8;

/** `<hex>.<hex>@<domain>`, without angle brackets. @param domain A-labels. */
export function newMessageId(random: Random, domain: string): string {
  return `${random.hex(HALF_BYTES)}.${random.hex(HALF_BYTES)}@${domain}`;
}

/**
 * Whether an id can stand between angle brackets: printable ASCII, no white space, no brackets. What
 * stands on either side of its `@`, and whether it has one, is its maker's business.
 */
export function isWritableMessageId(id: string): boolean {
  return id.length <= MESSAGE_ID_CHARACTERS_MAX && WRITABLE.test(id);
}

/** Ids as a mailbox file has them, with or without brackets, that can be written; in order. */
export function writableIds(text: string): readonly string[] {
  return oneLine(text)
    .split(/[\s<>,]+/)
    .filter(isWritableMessageId);
}

/**
 * A chain of references within bounds: each id once (where it stands last), the first one, and as many
 * of the last as there is room for.
 */
export function boundReferences(ids: readonly string[]): readonly string[] {
  const once = [...new Set([...ids].reverse())].reverse();
  const [first, ...later] = once;
  if (first === undefined) return [];
  const kept: string[] = [];
  let left = REFERENCES_CHARACTERS_MAX - first.length;
  for (const id of later.reverse()) {
    left -= id.length + 3;
    if (left < 0 || kept.length + 1 >= REFERENCES_MAX) break;
    kept.push(id);
  }
  return [first, ...kept.reverse()];
}

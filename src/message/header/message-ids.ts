/** Message-ID, In-Reply-To and References (RFC 5322 §3.6.4), without their angle brackets. */
import { decodeRaw, oneLine } from './encoded-word.ts';

/** Long threads have some hundred. The first and the last are those that threading needs. */
export const REFERENCES_MAX: number = 1_000;

/**
 * Reads the ids of a field, in order. Never throws.
 *
 * Where brackets are missing, words that contain an `@` are taken; phrases of old In-Reply-To fields
 * (§4.5.4) are not.
 *
 * @param raw The field's value, one character per octet, unfolded.
 */
export function parseMessageIds(raw: string): readonly string[] {
  const text = decodeRaw(raw);
  const bracketed = [...text.matchAll(/<([^<>]*)>/g)].map((match) => cleanId(match[1] as string));
  const ids =
    bracketed.length > 0
      ? bracketed
      : text
          .split(/[\s,]+/)
          .filter((word) => word.includes('@'))
          .map(cleanId);
  const present = ids.filter((id) => id !== '');
  if (present.length <= REFERENCES_MAX) return present;
  return [...present.slice(0, 1), ...present.slice(present.length - REFERENCES_MAX + 1)];
}

function cleanId(id: string): string {
  return oneLine(id).replace(/[<> ]/g, '');
}

/** The id of a Message-ID field; `""` where there is none. A value without brackets and `@` counts too. */
export function parseMessageId(raw: string): string {
  const [first] = parseMessageIds(raw);
  return first ?? cleanId(decodeRaw(raw));
}

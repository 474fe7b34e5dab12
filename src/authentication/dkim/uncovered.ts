/** Which header fields a signature leaves open to whoever had the message after it was signed. */
import { COVERABLE_FIELDS } from '../verdict.ts';
import type { MessageOctets } from './message-octets.ts';

/**
 * Names among {@link COVERABLE_FIELDS} that occur more often than `h=` mentions them.
 *
 * As mentions are met from the bottom up (RFC 6376 §5.4.2), a field that was put on top of a signed one is
 * not covered unless its name was mentioned once more than it occurred.
 *
 * @param headerNames `h=`, lower case.
 */
export function findUncovered(message: MessageOctets, headerNames: readonly string[]): readonly string[] {
  const mentions = new Map<string, number>();
  for (const name of headerNames) mentions.set(name, (mentions.get(name) ?? 0) + 1);
  return COVERABLE_FIELDS.filter(
    (name) => (message.fieldsByName.get(name)?.length ?? 0) > (mentions.get(name) ?? 0),
  );
}

/** Header fields in the form in which they are signed (RFC 6376 §3.4.1, §3.4.2). */
import type { FieldOctets, MessageOctets } from './message-octets.ts';

export type Canonicalization = 'simple' | 'relaxed';

/** WSP runs become one space, folds go, and so does white space at both ends (§3.4.2). */
function relaxedValue(value: string): string {
  const collapsed = value.replace(/\r\n/g, '').replace(/[ \t]+/g, ' ');
  const start = collapsed.startsWith(' ') ? 1 : 0;
  const end = collapsed.length > start && collapsed.endsWith(' ') ? collapsed.length - 1 : collapsed.length;
  return collapsed.slice(start, end);
}

/**
 * One field in its relaxed form, without its final CRLF (§3.4.2).
 *
 * @param name Lower case.
 * @param value What stands behind the colon, folds included, one character per octet.
 */
export function relaxedField(name: string, value: string): string {
  return `${name}:${relaxedValue(value)}`;
}

/**
 * One field without its final CRLF, one character per octet.
 *
 * @param message Where the field stands.
 * @param value Stands for the field's own value: a signature without what `b=` holds.
 */
export function canonicalField(
  message: MessageOctets,
  field: FieldOctets,
  options: { readonly form: Canonicalization; readonly value?: string },
): string {
  const value = options.value ?? message.bytes.toString('latin1', field.valueStart, field.end);
  if (options.form === 'simple')
    return message.bytes.toString('latin1', field.start, field.valueStart) + value;
  return relaxedField(field.name, value);
}

/**
 * The fields that a list of names selects, from the bottom up: the nth mention of a name takes the nth
 * occurrence from below, and one that finds none takes nothing (RFC 6376 §5.4.2).
 *
 * @param names Lower case, in the order of `h=`.
 */
export function selectFields(message: MessageOctets, names: readonly string[]): readonly FieldOctets[] {
  const taken = new Map<string, number>();
  const selected: FieldOctets[] = [];
  for (const name of names) {
    const occurrences = message.fieldsByName.get(name);
    if (occurrences === undefined) continue;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    const field = occurrences[occurrences.length - count];
    if (field !== undefined) selected.push(field);
  }
  return selected;
}

/** Changes in the frontmatter of a document that lies in a mailbox, whose owner may have edited it. */
import {
  type FieldValue,
  formatValue,
  isEmpty,
  NO_FRONTMATTER,
  parseToml,
  splitDocument,
} from './document.ts';

/** What may be changed in a delivered document; what is absent stays as it is. */
export interface FrontmatterChanges {
  readonly read?: boolean;
  /** RFC 3339; null removes the field. */
  readonly read_at?: string | null;
  readonly labels?: readonly string[];
}

export type FrontmatterEdit =
  | { readonly kind: 'edited'; readonly bytes: Uint8Array }
  | { readonly kind: 'malformed'; readonly reason: string };

const EDITABLE = ['read', 'read_at', 'labels'] as const;
/** A hand-written list of labels over more lines than this is not looked for. */
const VALUE_LINES_MAX = 500;

/** How many lines the value that begins at `index` takes; 0 where it is no TOML at all. */
function valueLines(lines: readonly string[], index: number): number {
  for (let count = 1; count <= VALUE_LINES_MAX && index + count <= lines.length; count += 1) {
    if (typeof parseToml(lines.slice(index, index + count).join('')) !== 'string') return count;
  }
  return 0;
}

function lineOf(field: (typeof EDITABLE)[number], changes: FrontmatterChanges): string | null {
  const value: FieldValue = changes[field] ?? null;
  if (value === null || (field !== 'read' && isEmpty(value))) return null;
  return `${field} = ${formatValue(value)}`;
}

function isField(line: string, field: string): boolean {
  return new RegExp(`^[ \\t]*(?:"${field}"|${field})[ \\t]*=`).test(line);
}

/** The lines with one field replaced, added behind `read` (or at the end of the top level), or removed. */
function editField(
  lines: readonly string[],
  field: (typeof EDITABLE)[number],
  changes: FrontmatterChanges,
  lineEnd: string,
): readonly string[] {
  const tables = lines.findIndex((line) => /^[ \t]*\[/.test(line));
  const top = tables < 0 ? lines.length : tables;
  const line = lineOf(field, changes);
  const written = line === null ? [] : [`${line}${lineEnd}`];
  const index = lines.findIndex((candidate, at) => at < top && isField(candidate, field));
  if (index >= 0)
    return [...lines.slice(0, index), ...written, ...lines.slice(index + valueLines(lines, index))];
  const after = Math.max(
    ...EDITABLE.slice(0, EDITABLE.indexOf(field)).map((before) => {
      const at = lines.findIndex((candidate, position) => position < top && isField(candidate, before));
      return at < 0 ? -1 : at + Math.max(1, valueLines(lines, at));
    }),
    -1,
  );
  const place = after >= 0 ? after : lastFieldBefore(lines, top);
  return [...lines.slice(0, place), ...written, ...lines.slice(place)];
}

/** Behind the last line of the top level that is not empty. */
function lastFieldBefore(lines: readonly string[], top: number): number {
  let place = top;
  while (place > 0 && lines[place - 1]?.trim() === '') place -= 1;
  return place;
}

function sameBut(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  changed: readonly string[],
): boolean {
  const rest = (values: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(Object.entries(values).filter(([name]) => !changed.includes(name)));
  return rest(before) === rest(after);
}

/**
 * Changes `read`, `read_at` and `labels` and keeps every other octet, so that what an owner wrote by
 * hand (comments, order, fields of their own) stays.
 *
 * The result is read back: where anything else would have changed, the edit is refused.
 */
export function editFrontmatter(bytes: Uint8Array, changes: FrontmatterChanges): FrontmatterEdit {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const parts = splitDocument(text);
  if (parts === null) return { kind: 'malformed', reason: NO_FRONTMATTER };
  const before = parseToml(parts.lines.join(''));
  if (typeof before === 'string')
    return { kind: 'malformed', reason: `its frontmatter is not TOML: ${before}` };
  const lineEnd = parts.lead.endsWith('\r\n') ? '\r\n' : '\n';
  const changed = EDITABLE.filter((field) => changes[field] !== undefined);
  let lines = parts.lines;
  for (const field of changed) lines = editField(lines, field, changes, lineEnd);
  const after = parseToml(lines.join(''));
  if (typeof after === 'string' || !sameBut(before, after, changed)) {
    return { kind: 'malformed', reason: 'its frontmatter has a form that cannot be changed in place' };
  }
  // The body is taken over as octets: it may hold some that are no UTF-8.
  const oldHead = Buffer.from(parts.lead + parts.lines.join(''));
  if (oldHead.compare(bytes, 0, oldHead.length) !== 0) {
    return { kind: 'malformed', reason: 'its frontmatter is not UTF-8' };
  }
  const newHead = Buffer.from(parts.lead + lines.join(''));
  return { kind: 'edited', bytes: Buffer.concat([newHead, bytes.subarray(oldHead.length)]) };
}

/**
 * The frontmatter of a message's file, read from its first bytes.
 *
 * Tolerant of what owners and the earlier version write: fields may be absent, and what cannot be
 * read is a value with the reason.
 */
import { parse, TomlDate } from 'smol-toml';

/** Most frontmatter fits; a second read is made for the rest. */
export const HEAD_BYTES_FIRST: number = 16 * 1024;
/** A thousand references and a thousand recipients fit; what is longer is no frontmatter of ours. */
export const HEAD_BYTES_MAX: number = 1024 * 1024;

export type Head =
  | { readonly kind: 'head'; readonly fields: Readonly<Record<string, unknown>> }
  /** The bytes end before the frontmatter does. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'broken'; readonly reason: string };

const OPENING = /^\uFEFF?\+\+\+[ \t]*\r?\n/;
const CLOSING = /(?:^|\r?\n)\+\+\+[ \t]*(?:\r?\n|$)/;

/** Finds the TOML between the `+++` lines. @param text The file's beginning. */
function frontmatterText(text: string): string | 'cut' | null {
  const opening = OPENING.exec(text);
  if (opening === null) return null;
  const rest = text.slice(opening[0].length);
  const closing = CLOSING.exec(rest);
  return closing === null ? 'cut' : rest.slice(0, closing.index);
}

/** Reads the frontmatter at the beginning of `bytes`, which may end anywhere behind it. Never throws. */
export function parseHead(bytes: Uint8Array): Head {
  const toml = frontmatterText(new TextDecoder().decode(bytes));
  if (toml === null) return { kind: 'broken', reason: 'It does not begin with a line +++' };
  if (toml === 'cut') return { kind: 'cut' };
  try {
    return { kind: 'head', fields: parse(toml) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { kind: 'broken', reason: `Its frontmatter is no TOML: ${reason}` };
  }
}

/** A text field; `""` where it is absent or of another type. */
export function textField(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  return value instanceof TomlDate ? value.toISOString() : '';
}

/** What belongs to the mailbox's owner and outlives a better copy of the message; named as in the file. */
export interface OwnerMarks {
  readonly read: boolean;
  readonly read_at: string | null;
  readonly labels: readonly string[];
}

export const NO_MARKS: OwnerMarks = { read: false, read_at: null, labels: [] };

/** Of a sent copy: who sends a message has read it. */
export const SENT_MARKS: OwnerMarks = { read: true, read_at: null, labels: [] };

export function ownerMarks(fields: Readonly<Record<string, unknown>>): OwnerMarks {
  const labels = fields['labels'];
  return {
    read: fields['read'] === true,
    read_at: textField(fields, 'read_at') || null,
    labels: Array.isArray(labels) ? labels.filter((label) => typeof label === 'string') : [],
  };
}

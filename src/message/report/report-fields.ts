/** The fields of a report that is meant for machines: groups of header-like lines (RFC 3464 §2.1). */
import { decodeLine } from '../header/encoded-word.ts';

/** One group's fields by lower-case name; of a name that occurs twice, every value. */
export type ReportFields = ReadonlyMap<string, readonly string[]>;

/** Octets of a report that are read: 10,000 recipients need a quarter. */
export const REPORT_BYTES_MAX: number = 4 * 1024 * 1024;
/** A field is one sentence of a server, over some lines. */
const VALUE_CHARACTERS_MAX = 2_000;
/** More groups than this are counted by nobody. */
const GROUPS_MAX = 20_000;

/** White space before the colon, against RFC 5322, is written by some. */
const FIELD = /^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]{0,8}:(.*)$/s;

type OpenGroup = Map<string, string[]>;

/** The names that begin with a recipient: a second one of them in a group begins another recipient. */
const RECIPIENT_FIELDS: ReadonlySet<string> = new Set(['final-recipient', 'original-recipient']);

class GroupReader {
  readonly groups: OpenGroup[] = [];
  #open: OpenGroup = new Map();
  #name = '';
  #value: string[] = [];

  line(line: string): void {
    if (line.trim() === '') this.endGroup();
    else if (/^[ \t]/.test(line) && this.#name !== '') this.#value.push(line.slice(0, VALUE_CHARACTERS_MAX));
    else this.#begin(line);
  }

  #begin(line: string): void {
    this.#endField();
    const match = FIELD.exec(line.slice(0, VALUE_CHARACTERS_MAX));
    if (match === null) return;
    const name = (match[1] as string).toLowerCase();
    if (RECIPIENT_FIELDS.has(name) && this.#open.has(name)) this.#endOpen();
    this.#name = name;
    this.#value = [match[2] as string];
  }

  #endField(): void {
    if (this.#name !== '') {
      const value = decodeLine(this.#value.join('').slice(0, VALUE_CHARACTERS_MAX));
      const values = this.#open.get(this.#name);
      if (values === undefined) this.#open.set(this.#name, [value]);
      else values.push(value);
    }
    this.#name = '';
    this.#value = [];
  }

  #endOpen(): void {
    if (this.#open.size > 0 && this.groups.length < GROUPS_MAX) this.groups.push(this.#open);
    this.#open = new Map();
  }

  endGroup(): void {
    this.#endField();
    this.#endOpen();
  }
}

/**
 * Reads groups of fields. Never throws; linear.
 *
 * @param text LF, CRLF or CR line ends; one character per octet, or decoded.
 */
export function readReportFields(text: string): readonly ReportFields[] {
  const reader = new GroupReader();
  for (const line of text.slice(0, REPORT_BYTES_MAX).split(/\r\n|\n|\r/)) reader.line(line);
  reader.endGroup();
  return reader.groups;
}

/** The first value of a field that is not empty, or null. */
export function reportField(fields: ReportFields, name: string): string | null {
  return fields.get(name)?.find((value) => value !== '') ?? null;
}

/** What stands behind the type of a typed value such as `dns; mx.example.org` (RFC 3464 §2.1.2). */
export function untyped(value: string): { readonly type: string; readonly text: string } {
  const match = /^\s*([A-Za-z0-9][A-Za-z0-9/._-]{0,40})\s*;\s*(.*)$/s.exec(value);
  if (match === null) return { type: '', text: value.trim() };
  return { type: (match[1] as string).toLowerCase(), text: (match[2] as string).trim() };
}

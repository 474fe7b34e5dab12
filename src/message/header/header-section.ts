/**
 * A header section as bytes: which octets belong to which field, and where the body begins.
 *
 * It knows line ends, folding and field names (RFC 5322 §2.2), and nothing of what a field means.
 * Lines end in CRLF or LF. It is total and linear: broken lines are reported as nameless fields, and
 * every octet is looked at a bounded number of times.
 */

import { changesOnTheWay } from './way-fields.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const HYPHEN = 0x2d;

/** Offsets of one header field in the bytes that were scanned. */
export interface FieldRange {
  readonly nameStart: number;
  /** Where the name ends; equal to `nameStart` for a line that is no field. */
  readonly nameEnd: number;
  readonly valueStart: number;
  /** Behind the last octet of the value, its final line end excluded. */
  readonly valueEnd: number;
}

export interface ScanOptions {
  readonly from: number;
  readonly to: number;
  /** True for a line (offsets without its line end) before which the section ends: a MIME delimiter. */
  readonly endsBefore?: (lineStart: number, lineEnd: number) => boolean;
  /**
   * A line of white space ends the section, and continues no field: to be set within a body. There the
   * relaxed form of DKIM (RFC 6376 §3.4.4) does not tell it from an empty line, and who made one of the
   * other would have the text behind it taken for fields, under a signature that holds.
   */
  readonly endsAtBlankLine?: boolean;
}

/** Offset behind the last octet of the line that begins at `start`, its line end included. */
function lineAfter(bytes: Uint8Array, start: number, to: number): number {
  const lf = bytes.indexOf(LF, start);
  return lf < 0 || lf >= to ? to : lf + 1;
}

function withoutLineEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  if (last > start && bytes[last - 1] === LF) last -= 1;
  if (last > start && bytes[last - 1] === CR) last -= 1;
  return last;
}

function isFold(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

/** True where the line that begins at `start` has white space and nothing else. */
function isBlankLine(bytes: Uint8Array, start: number, to: number): boolean {
  let at = start;
  while (at < to && isFold(bytes[at])) at += 1;
  return at === to || bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

/** Where the field name that begins at `start` ends, or -1 where the line is no field (RFC 5322 §2.2, §4.5). */
function fieldNameEnd(bytes: Uint8Array, start: number, lineEnd: number): number {
  let at = start;
  while (at < lineEnd) {
    const octet = bytes[at] as number;
    if (octet === COLON) return at > start ? at : -1;
    if (isFold(octet)) {
      let colon = at;
      while (colon < lineEnd && isFold(bytes[colon])) colon += 1;
      return at > start && bytes[colon] === COLON ? at : -1;
    }
    if (octet < 0x21 || octet === 0x7f) return -1;
    at += 1;
  }
  return -1;
}

/**
 * Visits every field of a header section in order.
 *
 * The section ends at an empty line (with `endsAtBlankLine` at a blank one), before a line that
 * `endsBefore` names, or at `to`. Where its very first line is no field (nor an mbox `From ` line), there
 * is no header section at all.
 *
 * @returns Where the body begins. Lines that are no field are visited as nameless fields; where the
 *   section never ends with an empty line, the body begins at the first of them instead.
 */
export function scanHeaderSection(
  bytes: Uint8Array,
  options: ScanOptions,
  visit: (field: FieldRange) => void,
): { readonly bodyStart: number; readonly terminated: boolean } {
  const { from, to, endsBefore, endsAtBlankLine = false } = options;
  const isEnd = (lineStart: number): boolean => endsAtBlankLine && isBlankLine(bytes, lineStart, to);
  let at = from;
  let firstStray = -1;
  let fields = 0;
  while (at < to) {
    let next = lineAfter(bytes, at, to);
    let end = withoutLineEnd(bytes, at, next);
    if (end === at || isEnd(at)) return { bodyStart: next, terminated: true };
    if (bytes[at] === HYPHEN && endsBefore?.(at, end) === true) break;
    const start = at;
    const nameEnd = fieldNameEnd(bytes, start, end);
    while (next < to && isFold(bytes[next]) && !isEnd(next)) {
      next = lineAfter(bytes, next, to);
      end = withoutLineEnd(bytes, start, next);
    }
    at = next;
    if (nameEnd >= 0) {
      let colon = nameEnd;
      while (bytes[colon] !== COLON) colon += 1;
      fields += 1;
      visit({ nameStart: start, nameEnd, valueStart: colon + 1, valueEnd: end });
    } else if (!isMboxLine(bytes, start, from)) {
      if (fields === 0) return { bodyStart: start, terminated: false };
      if (firstStray < 0) firstStray = start;
      visit({ nameStart: start, nameEnd: start, valueStart: start, valueEnd: end });
    }
  }
  return { bodyStart: firstStray >= 0 ? firstStray : at, terminated: false };
}

/** The first line of an mbox entry, `From ` or a quoted `>From `, which is no field. */
function isMboxLine(bytes: Uint8Array, start: number, from: number): boolean {
  if (start !== from) return false;
  const at = bytes[start] === 0x3e ? start + 1 : start;
  const word = [0x46, 0x72, 0x6f, 0x6d, 0x20];
  return word.every((octet, index) => bytes[at + index] === octet);
}

/** One field, its value unfolded and trimmed but not decoded: one character per octet (Latin-1). */
export interface HeaderField {
  /** Lower case; `""` for a line that is no field. */
  readonly name: string;
  readonly value: string;
}

export interface HeaderSection {
  readonly fields: readonly HeaderField[];
  readonly bodyStart: number;
  /** False where fields lie beyond the limits and were cut or left out. */
  readonly isWhole: boolean;
  /** `<code>: <sentence>`. */
  readonly warnings: readonly string[];
}

/** Longer sections exist in attacks alone; large mailing systems stay below 64 KiB. */
export const HEADER_BYTES_MAX: number = 1024 * 1024;
/** The longest honest ones (many hops, many ARC sets) have some hundred. */
export const HEADER_FIELDS_MAX: number = 10_000;

/** Unfolds (RFC 5322 §2.2.3) and trims octets of a field's value. */
function unfold(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return text.includes('\n') ? text.replace(/\r?\n/g, '').trim() : text.trim();
}

/**
 * A value that is too long as it stands, its runs of white space made one space: how long they are, a
 * relaxed signature (RFC 6376 §3.4) does not see, and nothing that it covers may be pushed out by them.
 */
function squeeze(
  bytes: Uint8Array,
  { start, end, max }: { readonly start: number; readonly end: number; readonly max: number },
): { readonly value: string; readonly isWhole: boolean } {
  const octets = Buffer.alloc(Math.min(end - start, max));
  let length = 0;
  let isBlank = true;
  let at = start;
  for (; at < end; at += 1) {
    const octet = bytes[at] as number;
    if (octet === LF || (octet === CR && bytes[at + 1] === LF)) continue;
    const wasBlank = isBlank;
    isBlank = isFold(octet);
    if (isBlank && wasBlank) continue;
    if (length === octets.length) break;
    octets[length] = isBlank ? SPACE : octet;
    length += 1;
  }
  return { value: octets.toString('latin1', 0, length).trim(), isWhole: at >= end };
}

/**
 * Reads the header section that begins at `from`, as far as the limits let it.
 *
 * Fields that change on the way are left out and use up none of the limits: a copy that was stuffed
 * with them must read like the message whose fingerprint it has. What lies beyond
 * {@link HEADER_BYTES_MAX} or {@link HEADER_FIELDS_MAX} is skipped and said in `warnings`; the body is
 * found all the same.
 */
export function readHeaderSection(bytes: Uint8Array, options: ScanOptions): HeaderSection {
  const fields: HeaderField[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let usedBytes = 0;
  let skipped = 0;
  let stray = 0;
  const scan = scanHeaderSection(bytes, options, ({ nameStart, nameEnd, valueStart, valueEnd }) => {
    if (nameEnd === nameStart) {
      stray += 1;
      return;
    }
    const leftBytes = HEADER_BYTES_MAX - usedBytes;
    if (leftBytes <= 0 || fields.length >= HEADER_FIELDS_MAX) {
      skipped += 1;
      return;
    }
    const name = buffer.toString('latin1', nameStart, nameEnd).toLowerCase();
    if (changesOnTheWay(name)) return;
    if (valueEnd - nameStart <= leftBytes) {
      usedBytes += valueEnd - nameStart;
      fields.push({ name, value: unfold(bytes, valueStart, valueEnd) });
      return;
    }
    const valueMax = Math.max(0, leftBytes - (nameEnd - nameStart));
    const { value, isWhole } = squeeze(bytes, { start: valueStart, end: valueEnd, max: valueMax });
    usedBytes = isWhole ? usedBytes + nameEnd - nameStart + value.length : HEADER_BYTES_MAX;
    if (!isWhole) skipped += 1;
    fields.push({ name, value });
  });
  const warnings: string[] = [];
  if (skipped > 0) {
    warnings.push(
      `header-too-large: ${skipped} header fields were cut or left out, past ${HEADER_FIELDS_MAX} fields or ${HEADER_BYTES_MAX} bytes`,
    );
  }
  if (stray > 0 && scan.terminated) {
    warnings.push(
      `header-malformed: lines of the header section that are no header field were left out (${stray})`,
    );
  }
  return { fields, bodyStart: scan.bodyStart, isWhole: skipped === 0, warnings };
}

/** Values of a field, in order of appearance. @param name Lower case. */
export function fieldValues(section: HeaderSection, name: string): readonly string[] {
  return section.fields.filter((field) => field.name === name).map((field) => field.value);
}

/** The first value of a field; `""` where it is absent. @param name Lower case. */
export function fieldValue(section: HeaderSection, name: string): string {
  return section.fields.find((field) => field.name === name)?.value ?? '';
}

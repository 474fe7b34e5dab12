/**
 * A message as a signature sees it: which octets are which header field, and which are the body.
 *
 * The boundaries are those that the reader of the message finds (`message/header/header-section.ts`), so what
 * was verified is what is read.
 */
import { scanHeaderSection } from '../../message/header/header-section.ts';

/** Honest messages have some hundred; with more, no signature is judged. */
export const FIELDS_MAX = 100_000;

/** One header field, as offsets into the message. */
export interface FieldOctets {
  /** Lower case (ASCII only). */
  readonly name: string;
  readonly start: number;
  /** Behind the last octet of the name. */
  readonly nameEnd: number;
  /** Behind the colon. */
  readonly valueStart: number;
  /** Behind the value, without its final line end. */
  readonly end: number;
}

export interface MessageOctets {
  readonly bytes: Buffer;
  /** In order of appearance, at most {@link FIELDS_MAX}. */
  readonly fields: readonly FieldOctets[];
  /** The same by name. */
  readonly fieldsByName: ReadonlyMap<string, readonly FieldOctets[]>;
  readonly bodyStart: number;
  /** True where there were more fields than are kept. */
  readonly hasTooManyFields: boolean;
}

/** Lower case by ASCII alone, so that octets of other charsets stay what they are. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** @param content CRLF line ends. Never throws. */
export function mapMessageOctets(content: Uint8Array): MessageOctets {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const fields: FieldOctets[] = [];
  const fieldsByName = new Map<string, FieldOctets[]>();
  let hasTooManyFields = false;
  const { bodyStart } = scanHeaderSection(bytes, { from: 0, to: bytes.length }, (range) => {
    if (range.nameEnd === range.nameStart) return;
    if (fields.length === FIELDS_MAX) {
      hasTooManyFields = true;
      return;
    }
    const name = asciiLowerCase(bytes.toString('latin1', range.nameStart, range.nameEnd));
    const { nameStart: start, nameEnd, valueStart, valueEnd: end } = range;
    const field = { name, start, nameEnd, valueStart, end };
    fields.push(field);
    const sameName = fieldsByName.get(name);
    if (sameName === undefined) fieldsByName.set(name, [field]);
    else sameName.push(field);
  });
  return { bytes, fields, fieldsByName, bodyStart, hasTooManyFields };
}

/** A field's value as it stands, one character per octet, folds included. */
export function rawValue(message: MessageOctets, field: FieldOctets): string {
  return message.bytes.toString('latin1', field.valueStart, field.end);
}

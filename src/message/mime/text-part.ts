/** One part's octets as text: transfer encoding, charset, line ends, `format=flowed`. */
import { decodePartCharset, wellFormed } from '../charset/charset.ts';
import { oneLine } from '../header/encoded-word.ts';
import { joinFlowed } from './flowed.ts';
import type { Entity } from './mime-tree.ts';
import { decodeTransfer } from './transfer-encoding.ts';

export interface PartText {
  /** LF line ends, no NUL, no final line ends. */
  readonly text: string;
  /** `<code>: <sentence>`. */
  readonly warnings: readonly string[];
  /** The text is not what the sender declared: the part is attached as well. */
  readonly doubtful: boolean;
}

/** Octets of one text part, still encoded, that are looked at: three times what is shown. */
const ENCODED_BYTES_MAX = 12 * 1024 * 1024;
/** Octets of one text part that are turned into text; a body has a limit of its own, below this. */
export const TEXT_PART_BYTES_MAX: number = 4 * 1024 * 1024 + 64 * 1024;
/** Of a charset's name in a warning; RFC 2978 §2.3 allows 40. */
const LABEL_SHOWN_MAX = 40;
/** A replacement costs many times its text while it is made: it is done in pieces of this size. */
const PIECE_CHARACTERS = 64 * 1024;

function normalizePiece(piece: string): string {
  return wellFormed(piece.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd'));
}

/** LF line ends; NUL, which no text tool survives, as U+FFFD. */
function normalize(text: string): string {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + PIECE_CHARACTERS);
    // Neither a CRLF nor a surrogate pair is cut in two.
    if (end < text.length && /[\r\ud800-\udbff]/.test(text[end - 1] as string)) end += 1;
    pieces.push(normalizePiece(text.slice(at, end)));
    at = end;
  }
  return pieces.join('');
}

/** Control characters that no text has: the sign of an encoding that was not what was declared. */
function looksBinary(text: string): boolean {
  return /[\u0000-\u0008\u000e-\u001a\ufffd]/.test(text);
}

/** Decodes the octets of a part that is shown. Never throws. @param bytes The whole message. */
export function readPartText(bytes: Uint8Array, entity: Entity): PartText {
  const warnings: string[] = [];
  let doubtful = false;
  let encoded = bytes.subarray(entity.bodyStart, entity.bodyEnd);
  let isCut = encoded.length > ENCODED_BYTES_MAX;
  if (isCut) encoded = encoded.subarray(0, ENCODED_BYTES_MAX);
  const label = entity.parameters.get('charset') ?? '';
  const shownLabel = JSON.stringify(oneLine(label).toLowerCase().slice(0, LABEL_SHOWN_MAX));
  let octets = decodeTransfer(encoded, entity.encoding);
  if (octets === null) {
    doubtful = true;
    warnings.push(
      `unknown-encoding: a text part has the Content-Transfer-Encoding ${JSON.stringify(entity.encoding.slice(0, 40))}, which is unknown`,
    );
    octets = { bytes: encoded, damaged: false };
  }
  if (octets.bytes.length > TEXT_PART_BYTES_MAX) {
    isCut = true;
    octets = { bytes: octets.bytes.subarray(0, TEXT_PART_BYTES_MAX), damaged: octets.damaged };
  }
  if (isCut) {
    warnings.push(
      `text-cut: a text part is larger than ${TEXT_PART_BYTES_MAX} bytes; only its beginning was read`,
    );
  }
  let decoded = decodePartCharset(octets.bytes, label);
  if (octets.damaged) {
    warnings.push(`encoding-damaged: a text part is not proper ${entity.encoding}`);
    if (entity.encoding === 'base64') {
      doubtful = true;
      if (looksBinary(decoded.text)) decoded = decodePartCharset(encoded, label);
    }
  }
  if (decoded.problem === 'unknown-charset') {
    doubtful = true;
    warnings.push(`unknown-charset: a text part has the charset ${shownLabel}, which is unknown`);
  } else if (decoded.problem === 'invalid-octets') {
    doubtful = true;
    warnings.push(`invalid-octets: a text part has octets that its charset ${shownLabel} does not have`);
  }
  if (decoded.problem === 'mislabelled') {
    warnings.push(
      `charset-mended: a text part says that it is ${shownLabel} and was read as the UTF-8 that it is`,
    );
  }
  let text = normalize(decoded.text);
  if (entity.contentType === 'text/plain' && /^flowed$/i.test(entity.parameters.get('format') ?? '')) {
    text = joinFlowed(text, { deleteSpace: /^yes$/i.test(entity.parameters.get('delsp') ?? '') });
  }
  return { text: text.replace(/\n+$/, ''), warnings, doubtful };
}

/** Attachments as parts of a message: streamed, never held. */
import { AimxError } from '../../system/errors.ts';
import { base64Size, encodeBase64 } from './body-octets.ts';
import type { DraftAttachment } from './draft.ts';
import { foldField } from './fold-field.ts';
import { parameterWords } from './header-text.ts';
import type { MimePart } from './mime-part.ts';
import { SevenBitScan } from './seven-bit.ts';

/** The type of octets of which nothing is said (RFC 2046 §4.5.1). */
const OCTETS = 'application/octet-stream';

function changed(filename: string, what: string): AimxError {
  return new AimxError('request.conflict', `the attachment ${JSON.stringify(filename)} ${what}`, {
    hint: 'attach the file again when nothing writes to it',
  });
}

/** The octets of an attachment, which must be what the draft says of them: the size is in what was promised already. */
async function* announced(attachment: DraftAttachment): AsyncGenerator<Uint8Array> {
  const scan = new SevenBitScan();
  const looks = attachment.isSevenBit === true;
  let sizeBytes = 0;
  for await (const piece of attachment.open()) {
    sizeBytes += piece.length;
    if (sizeBytes > attachment.sizeBytes) break;
    if (looks) scan.add(piece);
    yield piece;
  }
  if (sizeBytes !== attachment.sizeBytes) {
    throw changed(attachment.filename, `no longer has the ${attachment.sizeBytes} octets that it had`);
  }
  if (looks && !scan.isSevenBit) throw changed(attachment.filename, 'is not the 7-bit message that it was');
}

export interface AttachmentPlace {
  /** Safe and unique in the message. */
  readonly filename: string;
  /** By which the HTML shows it, without angle brackets; null beside the text. */
  readonly contentId: string | null;
}

/**
 * A part for an attachment.
 *
 * A message that is 7-bit is attached as `message/rfc822`, as it stands. RFC 2046 §5.2.1 forbids to
 * encode one that is not, §5.2 says the same of other `message/*`, and RFC 6532 §3.7's `message/global`,
 * which may be encoded, is shown as octets by nearly everybody (RFC 2046 §5.2.4): such a one is octets
 * here, and its file name says what it is.
 *
 * @throws `request.conflict` while it is read, where its octets are not as many as the draft says.
 */
export function attachmentPart(attachment: DraftAttachment, place: AttachmentPlace): MimePart {
  const isMessage = attachment.contentType.startsWith('message/');
  const isPlain = attachment.contentType === 'message/rfc822' && attachment.isSevenBit === true;
  const contentType = isMessage && !isPlain ? OCTETS : attachment.contentType;
  const disposition = place.contentId === null ? 'attachment;' : 'inline;';
  const fields = [
    foldField('Content-Type', [contentType]),
    foldField('Content-Transfer-Encoding', [isPlain ? '7bit' : 'base64']),
    foldField('Content-Disposition', [disposition, ...parameterWords('filename', place.filename)]),
    ...(place.contentId === null ? [] : [foldField('Content-ID', [`<${place.contentId}>`])]),
  ].join('');
  if (isPlain) {
    return { fields, bodySizeBytes: attachment.sizeBytes, body: () => announced(attachment) };
  }
  return {
    fields,
    bodySizeBytes: base64Size(attachment.sizeBytes),
    body: () => encodeBase64(announced({ ...attachment, isSevenBit: false })),
  };
}

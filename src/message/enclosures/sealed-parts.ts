/**
 * Parts that are not opened: encrypted, signed, in pieces, elsewhere, or in another program's container.
 *
 * What they are is said; they stay attachments as they are.
 */
import { DEPTH_MAX, type Entity } from '../mime/mime-tree.ts';
import { decodeTransfer } from '../mime/transfer-encoding.ts';
import { shownParameter } from './shown-value.ts';

/** Octets that name what a CMS container holds stand at its very beginning (RFC 5652 §3). */
const CMS_HEAD_BYTES = 128;
const TNEF_TYPES = new Set(['application/ms-tnef', 'application/vnd.ms-tnef']);

/** What a CMS container holds, by the object identifier that it begins with (RFC 5652, RFC 5083, RFC 3274). */
const CMS_CONTENTS = [
  ['2a864886f70d010702', 'signed-data'],
  ['2a864886f70d010703', 'enveloped-data'],
  ['2a864886f70d0109100117', 'authEnveloped-data'],
  ['2a864886f70d0109100109', 'compressed-data'],
] as const;

function cmsContent(bytes: Uint8Array, entity: Entity): string {
  const declared = shownParameter(entity, 'smime-type').toLowerCase();
  const encoded = bytes.subarray(
    entity.bodyStart,
    Math.min(entity.bodyEnd, entity.bodyStart + CMS_HEAD_BYTES),
  );
  const head = Buffer.from(decodeTransfer(encoded, entity.encoding)?.bytes ?? encoded).toString('hex');
  return CMS_CONTENTS.find(([identifier]) => head.includes(identifier))?.[1] ?? declared;
}

/** A thing that is said: the warning, and the sentence that stands in for text that cannot be shown. */
export interface Remark {
  readonly code: string;
  readonly sentence: string;
  /** The content itself cannot be read here. */
  readonly hidesText: boolean;
}

function remark(code: string, sentence: string, hidesText: boolean): Remark {
  return { code, sentence, hidesText };
}

function smimeRemark(content: string): Remark {
  switch (content) {
    case 'signed-data':
      return remark(
        'signed-content',
        'the message is inside an S/MIME signature (signed-data), which was neither opened nor verified; it is attached',
        true,
      );
    case 'certs-only':
      return remark('certificates', 'certificates are attached (S/MIME certs-only)', false);
    case 'compressed-data':
      return remark(
        'compressed',
        'the message is compressed with S/MIME and was not opened; it is attached',
        true,
      );
    default:
      return remark(
        'encrypted',
        'the message is encrypted with S/MIME and was not decrypted; it is attached',
        true,
      );
  }
}

function signedRemark(entity: Entity): Remark {
  const protocol = shownParameter(entity, 'protocol').toLowerCase();
  const kind = protocol.includes('pgp') ? 'an OpenPGP' : protocol.includes('pkcs7') ? 'an S/MIME' : 'a';
  return remark('signature-not-verified', `the message has ${kind} signature, which was not verified`, false);
}

/** RFC 2046 §5.2.2. */
function partialRemark(entity: Entity): Remark {
  const number = shownParameter(entity, 'number');
  const total = shownParameter(entity, 'total');
  const id = shownParameter(entity, 'id');
  const piece = number === '' ? 'a piece' : `piece ${number}${total === '' ? '' : ` of ${total}`}`;
  const named = id === '' ? '' : ` (id ${JSON.stringify(id)})`;
  return remark(
    'partial-message',
    `the message is ${piece} of one that was sent in pieces${named}, which are not put together; it is attached`,
    true,
  );
}

/** RFC 2046 §5.2.3. */
function externalRemark(entity: Entity): Remark {
  const access = JSON.stringify(shownParameter(entity, 'access-type'));
  const where = ['url', 'name', 'server']
    .map((name) => shownParameter(entity, name))
    .find((text) => text !== '');
  const place = where === undefined ? '' : `, ${JSON.stringify(where)}`;
  return remark(
    'external-body',
    `a part lies elsewhere (access ${access}${place}) and was not fetched`,
    true,
  );
}

/** What has to be said of a part; null where nothing has. @param bytes The whole message. */
export function remarkOf(bytes: Uint8Array, entity: Entity): Remark | null {
  const type = entity.contentType;
  if (TNEF_TYPES.has(type) || (type === 'application/octet-stream' && /^winmail\.dat$/i.test(entity.name))) {
    return remark(
      'tnef',
      'an attachment is in the container of Outlook (TNEF, winmail.dat); what is in it was not taken out',
      true,
    );
  }
  if (type.startsWith('multipart/') && entity.children === null) {
    return remark(
      'too-deep',
      `parts nested deeper than ${DEPTH_MAX} were not read and are attached as they stand`,
      true,
    );
  }
  switch (type) {
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      return smimeRemark(cmsContent(bytes, entity));
    case 'multipart/signed':
      return signedRemark(entity);
    case 'application/pgp-encrypted':
    case 'application/pgp':
      return remark(
        'encrypted',
        'the message is encrypted with OpenPGP and was not decrypted; it is attached',
        true,
      );
    case 'message/partial':
      return partialRemark(entity);
    case 'message/external-body':
      return externalRemark(entity);
    default:
      return null;
  }
}

/** OpenPGP within the text itself (RFC 9580 §6.2, §7); null where there is none. */
export function armourRemark(text: string): Remark | null {
  if (/^-----BEGIN PGP MESSAGE-----$/m.test(text)) {
    return remark(
      'encrypted',
      'the text holds a block that is encrypted with OpenPGP and was not decrypted',
      false,
    );
  }
  if (/^-----BEGIN PGP SIGNED MESSAGE-----$/m.test(text)) {
    return remark(
      'signature-not-verified',
      'the text has an OpenPGP signature, which was not verified',
      false,
    );
  }
  return null;
}

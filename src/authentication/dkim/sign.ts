/**
 * Signs what leaves (RFC 6376 §5, RFC 8301, RFC 8463).
 *
 * What is signed cannot be changed on the way, nor can a field be put on top that readers would see
 * instead: every field that says something is *oversigned*, named once more than it occurs (§5.4.2,
 * §8.15). There is no `l=` (§8.2) and no `x=`: a message may be in a queue for days.
 *
 * The forms in which octets are signed are those of the verifier (body-hash.ts, canonical-field.ts).
 */
import { createHash, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { HEADER_BYTES_MAX } from '../../message/header/header-section.ts';
import type { EpochMs } from '../../system/clock.ts';
import { AimxError } from '../../system/errors.ts';
import { RelaxedBodyHasher } from './body-hash.ts';
import { canonicalField, relaxedField, selectFields } from './canonical-field.ts';
import { type MessageOctets, mapMessageOctets } from './message-octets.ts';
import type { SigningKey } from './signing.ts';

/** Lower-case names; each is signed as often as it occurs and named once more, so that none can be added. */
const NAMED_ALWAYS: readonly string[] = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
];

/** The same, but where they do not occur, mediators may put them there: nobody reads them as the author's. */
const NAMED_WHERE_PRESENT: readonly string[] = ['in-reply-to', 'auto-submitted'];

/** RFC 5322 §2.1.1. */
const LINE_CHARACTERS_MAX = 78;

/** So much is hashed without letting anybody else have a turn: about a millisecond's work. */
const TURN_BYTES = 128 * 1024;

const END_OF_HEADER: Buffer = Buffer.from('\r\n\r\n');

const signAsync = promisify(sign);
const nextTurn: () => Promise<void> = promisify(setImmediate);

export interface SigningOptions {
  /** The message from its first header field on, CRLF line ends, cut into pieces anywhere. */
  readonly content: () => AsyncIterable<Uint8Array>;
  /** One signature each; none: `""`. */
  readonly keys: readonly SigningKey[];
  /** `t=`. */
  readonly at: EpochMs;
}

/** What all signatures of a message have in common. */
interface Digest {
  readonly header: MessageOctets;
  /** Base64. */
  readonly bodyHash: string;
}

/** Collects the header section and hashes what follows, in one pass. */
class DigestReader {
  readonly #body = new RelaxedBodyHasher();
  readonly #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** The last octets, since the empty line may be cut; at the start, where it may be the first, a line end. */
  #tail: Buffer = Buffer.from('\r\n');
  #header: MessageOctets | null = null;

  update(piece: Uint8Array): void {
    if (this.#header !== null) {
      this.#body.update(piece);
      return;
    }
    this.#begun.push(piece);
    this.#begunBytes += piece.length;
    const seen = Buffer.concat([this.#tail, piece]);
    this.#tail = seen.subarray(-(END_OF_HEADER.length - 1));
    if (seen.includes(END_OF_HEADER)) this.#endHeader();
    else if (this.#begunBytes > HEADER_BYTES_MAX)
      throw new AimxError(
        'request.too-large',
        `Cannot sign a message whose header section is larger than ${HEADER_BYTES_MAX} bytes`,
      );
  }

  /** Where the header ends is for the one reader of headers to say; the rest of what has come is body. */
  #endHeader(): MessageOctets {
    const header = mapMessageOctets(Buffer.concat(this.#begun));
    this.#header = header;
    this.#begun.length = 0;
    this.#body.update(header.bytes.subarray(header.bodyStart));
    return header;
  }

  finish(): Digest {
    const header = this.#header ?? this.#endHeader();
    return { header, bodyHash: this.#body.finish().sha256.toString('base64') };
  }
}

async function digest(content: AsyncIterable<Uint8Array>): Promise<Digest> {
  const reader = new DigestReader();
  let turnBytes = 0;
  for await (const piece of content) {
    for (let from = 0; from < piece.length; from += TURN_BYTES) {
      const part = piece.subarray(from, from + TURN_BYTES);
      reader.update(part);
      turnBytes += part.length;
      if (turnBytes < TURN_BYTES) continue;
      turnBytes = 0;
      await nextTurn();
    }
  }
  return reader.finish();
}

/** `h=`: lower-case names, each as often as it occurs and once more (RFC 6376 §5.4.2). */
function namesToSign({ fieldsByName }: MessageOctets): readonly string[] {
  const names = [...NAMED_ALWAYS, ...NAMED_WHERE_PRESENT.filter((name) => fieldsByName.has(name))];
  return names.flatMap((name) => {
    const count = fieldsByName.get(name)?.length ?? 0;
    return Array.from({ length: count + 1 }, () => name);
  });
}

/** Writes the value of a field, a space behind the colon, with a fold where a line would become too long. */
class FoldedValue {
  #text = '';
  #column = 'DKIM-Signature:'.length;

  /** @param glue What stands between this part and the one before: a space, or nothing where none may be. */
  add(part: string, glue: ' ' | ''): this {
    const isTooLong = this.#column + glue.length + part.length > LINE_CHARACTERS_MAX;
    this.#text += `${isTooLong ? '\r\n ' : glue}${part}`;
    this.#column = (isTooLong ? 1 : this.#column + glue.length) + part.length;
    return this;
  }

  get text(): string {
    return this.#text;
  }

  /** @param text Base64, which may be cut anywhere (RFC 6376 §2.10). */
  addBase64(text: string): this {
    for (let from = 0; from < text.length; ) {
      const room = LINE_CHARACTERS_MAX - this.#column;
      const length = room > 0 ? room : LINE_CHARACTERS_MAX - 1;
      this.add(text.slice(from, from + length), '');
      from += length;
    }
    return this;
  }
}

/** The value up to and with `b=`. */
function unsignedValue(key: SigningKey, { header, bodyHash }: Digest, at: EpochMs): FoldedValue {
  const value = new FoldedValue();
  const tags = [`a=${key.algorithm}`, 'c=relaxed/relaxed', `d=${key.domain}`, `s=${key.selector}`];
  for (const tag of ['v=1', ...tags, `t=${Math.floor(at / 1000)}`]) value.add(`${tag};`, ' ');
  const names = namesToSign(header);
  for (const [index, name] of names.entries()) {
    const end = index === names.length - 1 ? ';' : ':';
    value.add(`${index === 0 ? 'h=' : ''}${name}${end}`, index === 0 ? ' ' : '');
  }
  return value.add(`bh=${bodyHash};`, ' ').add('b=', ' ');
}

/** The header hash of RFC 6376 §3.7 under a key. RFC 8463 §3: Ed25519 signs the SHA-256 of it. */
async function signOctets(octets: Buffer, { algorithm, privateKey }: SigningKey): Promise<string> {
  const signature =
    algorithm === 'rsa-sha256'
      ? await signAsync('sha256', octets, privateKey)
      : await signAsync(null, createHash('sha256').update(octets).digest(), privateKey);
  return signature.toString('base64');
}

async function signatureField(key: SigningKey, content: Digest, at: EpochMs): Promise<string> {
  const { header } = content;
  const value = unsignedValue(key, content, at);
  const lines = selectFields(header, namesToSign(header)).map(
    (field) => `${canonicalField(header, field, { form: 'relaxed' })}\r\n`,
  );
  lines.push(relaxedField('dkim-signature', value.text));
  const signature = await signOctets(Buffer.from(lines.join(''), 'latin1'), key);
  return `DKIM-Signature:${value.addBase64(signature).text}\r\n`;
}

/**
 * Signs a message with each of `keys`.
 *
 * Reads the content once, in pieces, and lets other work go on meanwhile; linear in its length, and in
 * memory no more than the header section.
 *
 * @returns One DKIM-Signature field for each key, RSA first, folded and each with its CRLF: what is to
 *   stand before the content. ASCII.
 * @throws `request.too-large` for a header section of more than {@link HEADER_BYTES_MAX}; what reading the
 *   content throws.
 */
export async function signMessage({ content, keys, at }: SigningOptions): Promise<string> {
  if (keys.length === 0) return '';
  const read = await digest(content());
  const ordered = [
    ...keys.filter(({ algorithm }) => algorithm === 'rsa-sha256'),
    ...keys.filter(({ algorithm }) => algorithm !== 'rsa-sha256'),
  ];
  const fields = await Promise.all(ordered.map((key) => signatureField(key, read, at)));
  return fields.join('');
}

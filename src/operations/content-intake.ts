/**
 * Takes a message from a stream: LF becomes CRLF, bytes are hashed, large ones go to the spool.
 */
import { createHash, type Hash } from 'node:crypto';
import { type AcceptedContent, INLINE_BYTES_MAX, type Journal, type Spool } from '../journal/journal.ts';
import { HeaderScan } from '../smtp/header-scan.ts';
import { AimxError } from '../system/errors.ts';

const CR = 0x0d;
const LF = 0x0a;

export interface Intake {
  readonly content: AcceptedContent;
  /** Lower-case hex. */
  readonly exactFingerprint: string;
  readonly lacksIdentity: boolean;
}

/**
 * Turns bare LF into CRLF; a CR is left as it is.
 *
 * @param previous The last byte before `chunk`, or undefined at the beginning.
 */
export function withCrlf(chunk: Uint8Array, previous: number | undefined): Uint8Array {
  let bare = 0;
  for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1))
    if ((at === 0 ? previous : chunk[at - 1]) !== CR) bare += 1;
  if (bare === 0) return chunk.slice();
  const out = new Uint8Array(chunk.length + bare);
  let written = 0;
  let before = previous;
  for (const byte of chunk) {
    if (byte === LF && before !== CR) out[written++] = CR;
    out[written++] = byte;
    before = byte;
  }
  return out;
}

class Collector {
  readonly #journal: Pick<Journal, 'openSpool'>;
  readonly #hash: Hash = createHash('sha256');
  #chunks: Uint8Array[] = [];
  readonly #header = new HeaderScan();
  #spool: Spool | null = null;
  sizeBytes = 0;

  constructor(journal: Pick<Journal, 'openSpool'>) {
    this.#journal = journal;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.sizeBytes += bytes.length;
    this.#hash.update(bytes);
    this.#header.take(bytes);
    if (this.#spool === null && this.sizeBytes > INLINE_BYTES_MAX) {
      this.#spool = await this.#journal.openSpool();
      for (const chunk of this.#chunks) await this.#spool.write(chunk);
      this.#chunks = [];
    }
    if (this.#spool === null) this.#chunks.push(bytes);
    else await this.#spool.write(bytes);
  }

  finish(): Intake {
    const content: AcceptedContent =
      this.#spool === null
        ? { kind: 'inline', chunks: this.#chunks, sizeBytes: this.sizeBytes }
        : { kind: 'spooled', spool: this.#spool, sizeBytes: this.sizeBytes };
    return {
      content,
      exactFingerprint: this.#hash.digest('hex'),
      lacksIdentity: this.#header.lacksIdentity,
    };
  }

  async discard(): Promise<void> {
    await this.#spool?.[Symbol.asyncDispose]();
  }
}

/**
 * Reads a whole message.
 *
 * @throws `request.too-large` past `maxBytes`, `request.invalid` for nothing at all, and what
 *   `openSpool` throws. Nothing stays behind then.
 */
export async function takeContent(
  source: AsyncIterable<Uint8Array>,
  options: {
    readonly journal: Pick<Journal, 'openSpool'>;
    readonly maxBytes: number;
    readonly signal: AbortSignal;
  },
): Promise<Intake> {
  const collector = new Collector(options.journal);
  try {
    let previous: number | undefined;
    for await (const chunk of source) {
      options.signal.throwIfAborted();
      if (chunk.length === 0) continue;
      await collector.add(withCrlf(chunk, previous));
      previous = chunk[chunk.length - 1];
      if (collector.sizeBytes > options.maxBytes)
        throw new AimxError('request.too-large', `The message is larger than ${options.maxBytes} bytes`, {
          hint: 'raise [smtp] max_message_size, or send less',
        });
    }
    if (collector.sizeBytes === 0)
      throw new AimxError('request.invalid', 'The message is empty', {
        hint: 'give a message on stdin: aimx ingest you@example.com < message.eml',
      });
    return collector.finish();
  } catch (error) {
    await collector.discard();
    throw error;
  }
}

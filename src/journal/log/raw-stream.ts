/** Streams a stored message for people, who ask for one at a time; the pipeline's reader has its own way. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { AimxError } from '../../system/errors.ts';
import type { RawSource } from '../rows.ts';

/** One read: a few per megabyte, and little enough to hold for a slow receiver. */
const CHUNK_BYTES = 64 * 1024;

/** The file's bytes from `offset` to its end, as they are asked for. */
async function* fileBytes(path: string, offset: number): AsyncGenerator<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  for (let at = offset; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function unpacked(source: RawSource): AsyncIterable<Uint8Array> {
  const stored = fileBytes(source.path, source.offset);
  if (source.encoding === 'plain') return stored;
  const packed = Readable.from(stored, { objectMode: false });
  const frame = createZstdDecompress();
  packed.on('error', (error) => frame.destroy(error));
  return packed.pipe(frame);
}

/**
 * The message's bytes as received.
 *
 * @throws `journal.damaged` at the end where they are not what was accepted; the file system's error.
 */
export async function* readRaw(source: RawSource): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let left = source.sizeBytes;
  if (left > 0)
    for await (const chunk of unpacked(source)) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      hash.update(part);
      yield part;
      // What stands behind the message in the file belongs to another.
      if (left === 0) break;
    }
  if (hash.digest('hex') === source.sha256) return;
  throw new AimxError('journal.damaged', `The message stored in "${source.path}" is not what was accepted`, {
    hint: 'Check the disk, and restore a backup',
    detail: { path: source.path, offset: source.offset },
  });
}

/** A stored message as one array, for processes that read or authenticate it. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createZstdDecompress } from 'node:zlib';
import type { RawSource } from '../rows.ts';

export type RawBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The stored octets have another SHA-256 than the accepted ones; null where the disk does not give them back. */
  | { readonly kind: 'damaged'; readonly found: string | null };

/**
 * Reads a message whole and checks that it is what was accepted.
 *
 * @throws the file system's error where the file cannot be opened.
 */
export async function readRawBytes(source: RawSource): Promise<RawBytes> {
  try {
    const bytes = source.encoding === 'zstd' ? await readPacked(source) : await readPlain(source);
    const found = createHash('sha256').update(bytes).digest('hex');
    return found === source.sha256 ? { kind: 'bytes', bytes } : { kind: 'damaged', found };
  } catch (error) {
    // One message on a bad sector is no reason to stop for the others.
    if (error instanceof Error && 'syscall' in error && error.syscall === 'read' && isIoError(error))
      return { kind: 'damaged', found: null };
    throw error;
  }
}

function isIoError(error: Error): boolean {
  return 'code' in error && error.code === 'EIO';
}

async function readPlain(source: RawSource): Promise<Uint8Array> {
  await using file = await open(source.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const bytes = Buffer.alloc(source.sizeBytes);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, source.offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** One zstd frame begins at the offset; what stands behind the message in the file is not looked at. */
async function readPacked(source: RawSource): Promise<Uint8Array> {
  const bytes = Buffer.alloc(source.sizeBytes);
  let filled = 0;
  const packed = createReadStream(source.path, { start: source.offset });
  const unpacked = createZstdDecompress();
  packed.on('error', (error) => unpacked.destroy(error));
  for await (const chunk of packed.pipe(unpacked)) {
    filled += (chunk as Buffer).copy(bytes, filled, 0, bytes.length - filled);
    if (filled >= bytes.length) break;
  }
  packed.destroy();
  return bytes.subarray(0, filled);
}

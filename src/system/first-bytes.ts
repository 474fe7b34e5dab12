/** The beginning of what comes in pieces. */

/** At most `bytesMax` octets; the source is left where they have come. */
export async function firstBytes(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of source) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes >= bytesMax) break;
  }
  return Buffer.concat(pieces).subarray(0, bytesMax);
}

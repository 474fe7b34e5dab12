/** Cuts a stream of bytes into lines of bounded length. Pure. */

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** The stream has ended: what stands behind the last line end is a line too, unless empty. */
  end(): void;
}

const LF = 0x0a;

/**
 * @param bytesMax What a line holds at most; the rest of a longer one is thrown away as it comes.
 * @param emit Gets each line as UTF-8 text, without its LF.
 */
export function createLineSplitter(bytesMax: number, emit: (line: string) => void): LineSplitter {
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (bytes: Uint8Array): void => {
    const room = bytesMax - length;
    if (room <= 0 || bytes.length === 0) return;
    // Copied: a chunk's memory may be one large slab.
    const kept = Uint8Array.prototype.slice.call(bytes, 0, room);
    parts.push(kept);
    length += kept.length;
  };
  const flush = (): void => {
    const line = Buffer.concat(parts).toString('utf8');
    parts = [];
    length = 0;
    emit(line);
  };
  return {
    push(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, start)) {
        keep(chunk.subarray(start, at));
        flush();
        start = at + 1;
      }
      keep(chunk.subarray(start));
    },
    end() {
      if (length > 0) flush();
    },
  };
}

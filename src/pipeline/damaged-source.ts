/** What a process answers whose message was not read back as it was accepted, as an error. */
import type { RawSource } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';

/** @param found SHA-256 of what was read; null where the disk does not give it back. */
export function damagedSource(source: RawSource, found: string | null): AimxError {
  const why =
    found === null ? 'the disk does not give it back (EIO)' : 'its SHA-256 is not that of what was accepted';
  return new AimxError(
    'journal.damaged',
    `Cannot read a raw message from ${JSON.stringify(source.path)}: ${why}`,
    {
      hint: 'Restore the journal from a backup',
      detail: { path: source.path, offset: source.offset, expected: source.sha256, found },
    },
  );
}

/**
 * The reader process: reads raw messages for the pipeline, one request at a time.
 *
 * It is a process of its own because a message may be made to use up memory and time: it is started
 * under limits and is killed without loss. It trusts nothing that it reads, talks to its parent alone,
 * and ends when that does.
 */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readRawBytes } from './journal/log/raw-bytes.ts';
import type { Attachment } from './message/message.ts';
import type { ReaderAnswer, ReaderRequest } from './pipeline/reader.ts';

/** Seen by its owner alone until the pipeline gives it to the mailbox's. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Attachments under way at once: they share the disk's flushes, and Node does four file calls at a time. */
const FLUSHES_AT_ONCE = 8;

// What is imported by the first request, and not here, is so because a process that waits stays small.

/** Makes a file that did not exist, flushed. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
  await file.writeFile(bytes);
  await file.sync();
}

async function writeAttachments(
  folder: string,
  attachments: readonly Pick<Attachment, 'filename' | 'bytes'>[],
): Promise<void> {
  if (attachments.length === 0) return;
  await mkdir(folder, { mode: FOLDER_MODE });
  for (let at = 0; at < attachments.length; at += FLUSHES_AT_ONCE)
    await Promise.all(
      attachments
        .slice(at, at + FLUSHES_AT_ONCE)
        .map(({ filename, bytes }) => writeNew(join(folder, filename), bytes)),
    );
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  await handle.sync();
}

async function answer(request: ReaderRequest): Promise<ReaderAnswer> {
  const stored = await readRawBytes(request.source);
  if (stored.kind === 'damaged') return stored;
  const { bytes } = stored;
  switch (request.kind) {
    case 'summarize': {
      const { summarizeMessage } = await import('./message/summary.ts');
      return { kind: 'summary', summary: summarizeMessage(bytes) };
    }
    case 'read': {
      const { readMessage } = await import('./message/read-message.ts');
      const { attachments, header, body, warnings, report } = readMessage(bytes);
      await writeAttachments(request.folder, attachments);
      const written = attachments.map((attachment) => ({
        filename: attachment.filename,
        contentType: attachment.contentType,
        sizeBytes: attachment.bytes.length,
      }));
      return { kind: 'outcome', outcome: { header, body, warnings, report, attachments: written } };
    }
    case 'attach-raw':
      await writeAttachments(request.folder, [{ filename: request.filename, bytes }]);
      return { kind: 'raw-attached', sizeBytes: bytes.length };
  }
}

/** A file that could not be read or written is an answer; any other error is a defect and ends the process. */
async function answerOrFailure(request: ReaderRequest): Promise<ReaderAnswer> {
  try {
    return await answer(request);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && 'code' in error)
      return { kind: 'failed', code: String(error.code), message: error.message };
    throw error;
  }
}

// The parent's end of the channel is gone: it has ended, or wants this process to.
process.on('disconnect', () => process.exit(0));
// A terminal's interrupt is for the daemon, which ends its readers when it is done with them.
process.on('SIGINT', () => undefined);
process.on('message', (request) => {
  void answerOrFailure(request as ReaderRequest).then((reply) => process.send?.(reply));
});

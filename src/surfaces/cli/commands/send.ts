/** `aimx send` and `aimx reply`: the files that a caller names are opened here, by the caller. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { SendInput } from '../../../operations/send.ts';
import type { SendOutput } from '../../../operations/submission.ts';
import { AimxError, isErrno } from '../../../system/errors.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { noteTyping, printJson } from '../show.ts';

/** Of all attachments together: they go to the daemon in one request. */
const ATTACHED_BYTES_MAX = 8 * 1024 * 1024;
const BODY_BYTES_MAX = 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.ics': 'text/calendar',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.zip': 'application/zip',
};

/** A regular file's octets. @throws `request.invalid` for what is none or cannot be read, `request.too-large`. */
async function readRegularFile(path: string, bytesMax: number): Promise<Buffer> {
  try {
    // A FIFO without a writer would keep the opening waiting.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile())
      throw new AimxError('request.invalid', `${path} is no regular file`, { hint: 'name a file' });
    if (stat.size > bytesMax)
      throw new AimxError('request.too-large', `${path} has ${stat.size} bytes: allowed are ${bytesMax}`, {
        hint: 'send a link to it instead',
      });
    return await file.readFile();
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ENXIO')) throw error;
    throw new AimxError('request.invalid', `Cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that you may read',
      cause: error,
    });
  }
}

async function readStdin({ stdin }: Invocation): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stdin) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_BYTES_MAX)
      throw new AimxError('request.too-large', `The text is larger than ${BODY_BYTES_MAX} bytes`, {
        hint: 'attach it as a file',
      });
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What `--body`, `--body-file` or stdin say. */
async function bodyOf(invocation: Invocation): Promise<string> {
  const body = textOption(invocation, 'body');
  const file = textOption(invocation, 'bodyFile');
  if (body !== undefined && file !== undefined)
    throw new AimxError('request.invalid', 'Both --body and --body-file are given', {
      hint: 'give one of them',
    });
  if (body !== undefined) return body;
  if (file !== undefined && file !== '-')
    return (await readRegularFile(resolve(invocation.cwd, file), BODY_BYTES_MAX)).toString('utf8');
  noteTyping(invocation);
  return await readStdin(invocation);
}

/** Pictures that the text shows by a path of this machine (`![](chart.png)`). */
const PICTURE = /!\[[^\]]*\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g;

async function attachmentsOf(
  invocation: Invocation,
  body: string,
): Promise<NonNullable<SendInput['attachments']>> {
  const named = invocation.options['attachment'];
  const paths = (Array.isArray(named) ? named : []).filter(
    (path): path is string => typeof path === 'string',
  );
  const pictures = [...body.matchAll(PICTURE)]
    .flatMap(([, path]) => (path === undefined || /^[a-z][a-z0-9+.-]*:/i.test(path) ? [] : [path]))
    .filter((path, index, all) => all.indexOf(path) === index)
    .filter((path) => CONTENT_TYPES[extname(path).toLowerCase()]?.startsWith('image/') === true);
  let left = ATTACHED_BYTES_MAX;
  const attached: { filename: string; content_type: string; content_base64: string; inline_as?: string }[] =
    [];
  for (const [path, inline] of [
    ...paths.map((path) => [path, false] as const),
    ...pictures.map((path) => [path, true] as const),
  ]) {
    const octets = await readRegularFile(resolve(invocation.cwd, path), left);
    left -= octets.length;
    attached.push({
      filename: basename(path),
      content_type: CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
      content_base64: octets.toString('base64'),
      ...(inline ? { inline_as: path } : {}),
    });
  }
  return attached;
}

async function writtenOf(invocation: Invocation) {
  const body = await bodyOf(invocation);
  return {
    body,
    text_only: flagOption(invocation, 'textOnly') || undefined,
    html_body: textOption(invocation, 'htmlBody'),
    attachments: await attachmentsOf(invocation, body),
    idempotency_key: textOption(invocation, 'idempotencyKey'),
    dry_run: flagOption(invocation, 'dryRun') || undefined,
  };
}

/** The Message-ID alone on stdout; what else is to be said, on stderr. */
async function answer(invocation: Invocation, output: SendOutput): Promise<number> {
  for (const warning of output.warnings) invocation.terminal.err(`${safeLine(warning)}\n`);
  if (invocation.isJson) await printJson(invocation, output);
  else if (output.preview !== null) await invocation.terminal.out(output.preview.replaceAll('\r\n', '\n'));
  else {
    if (output.held !== null)
      invocation.terminal.err(`Held: ${safeLine(output.held)}\nSee aimx queue show ${output.queue_id}\n`);
    if (output.already_sent) invocation.terminal.err('Already sent: this is what was sent before\n');
    await invocation.terminal.out(`${output.message_id}\n`);
  }
  return 0;
}

function several(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

export const send: CommandBody = async (invocation) => {
  const output = await performInDaemon(invocation, 'send', {
    from: textOption(invocation, 'from'),
    to: several(invocation, 'to'),
    cc: several(invocation, 'cc'),
    bcc: several(invocation, 'bcc'),
    subject: textOption(invocation, 'subject') ?? '',
    in_reply_to: textOption(invocation, 'replyTo'),
    references: textOption(invocation, 'references'),
    ...(await writtenOf(invocation)),
  });
  return await answer(invocation, output);
};

export const reply: CommandBody = async (invocation) => {
  const output = await performInDaemon(invocation, 'reply', {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    all: flagOption(invocation, 'all') || undefined,
    quote: flagOption(invocation, 'quote') || undefined,
    ...(await writtenOf(invocation)),
  });
  return await answer(invocation, output);
};

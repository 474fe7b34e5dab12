/** `aimx send`, `aimx reply` and `aimx forward`. */
import { resolve } from 'node:path';
import type { SendOutput } from '../../../operations/submission.ts';
import { AimxError } from '../../../system/errors.ts';
import { readAttachedFiles, readRegularFile } from '../attached-files.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { noteTyping, printJson } from '../show.ts';

/** What a message may have (src/message/compose/check-draft.ts): no more is read. */
const BODY_BYTES_MAX = 1024 * 1024;

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

async function writtenOf(invocation: Invocation, body: string) {
  const bodyFile = textOption(invocation, 'bodyFile');
  const { files, remarks } = await readAttachedFiles({
    cwd: invocation.cwd,
    attachments: several(invocation, 'attachment'),
    body,
    bodyFile: bodyFile === undefined || bodyFile === '-' ? null : bodyFile,
  });
  for (const remark of remarks) invocation.terminal.err(`${safeLine(remark)}\n`);
  return {
    body,
    text_only: flagOption(invocation, 'textOnly') || undefined,
    html_body: textOption(invocation, 'htmlBody'),
    attachments: files,
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
    ...(await writtenOf(invocation, await bodyOf(invocation))),
  });
  return await answer(invocation, output);
};

export const reply: CommandBody = async (invocation) => {
  const output = await performInDaemon(invocation, 'reply', {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    all: flagOption(invocation, 'all') || undefined,
    quote: flagOption(invocation, 'quote') || undefined,
    ...(await writtenOf(invocation, await bodyOf(invocation))),
  });
  return await answer(invocation, output);
};

export const forward: CommandBody = async (invocation) => {
  const says =
    textOption(invocation, 'body') !== undefined || textOption(invocation, 'bodyFile') !== undefined;
  const output = await performInDaemon(invocation, 'forward', {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    from: textOption(invocation, 'from'),
    to: several(invocation, 'to'),
    cc: several(invocation, 'cc'),
    bcc: several(invocation, 'bcc'),
    // The original speaks for itself: nobody waits for a text.
    ...(await writtenOf(invocation, says ? await bodyOf(invocation) : '')),
  });
  return await answer(invocation, output);
};

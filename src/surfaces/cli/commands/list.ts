/** `aimx list`. */
import type { ListInput, MessageView } from '../../../operations/list.ts';
import type { CommandBody } from '../invocation.ts';
import { textOption } from '../invocation.ts';
import { performOnFiles } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { askAttention, moreLine, printJson, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import { pageOptions } from './page-options.ts';

/** A name that holds an address is left out: a column that is cut would show it in the place of the real one. */
function senderOf({ from }: MessageView): string {
  const [, name = '', address = ''] = /^(.*)<([^<>]+)>$/s.exec(from) ?? [];
  const looksLikeAddress = name.normalize('NFKC').includes('@');
  return (looksLikeAddress ? address : from) || '(no From)';
}

function marksOf({ read, trusted, has_attachments, labels }: MessageView): string {
  const marks = [read ? '' : 'new', trusted === 'true' ? 'trusted' : '', has_attachments ? 'files' : ''];
  return [...marks, ...labels].filter(Boolean).join(' ');
}

const MESSAGE: Column<MessageView> = {
  title: 'MESSAGE',
  value: (message) => `${message.mailbox}/${message.id}`,
};

const COLUMNS: readonly Column<MessageView>[] = [
  // The name of the message says when it came, too.
  { title: 'RECEIVED (UTC)', value: (message) => shortTime(message.received_at), leaveOut: 3 },
  MESSAGE,
  { title: 'FROM', value: senderOf, shrinkTo: 12, leaveOut: 1 },
  {
    title: 'SUBJECT',
    value: (message) => message.subject,
    shrinkTo: 12,
    style: (message) => (message.read ? null : 'bold'),
  },
  {
    title: '',
    value: marksOf,
    shrinkTo: 4,
    leaveOut: 2,
  },
];

/** What we have written: to whom, and what became of it. */
const SENT_COLUMNS: readonly Column<MessageView>[] = [
  { title: 'SENT (UTC)', value: (message) => shortTime(message.received_at), leaveOut: 3 },
  MESSAGE,
  { title: 'TO', value: (message) => message.to || '(Bcc alone)', shrinkTo: 12, leaveOut: 1 },
  { title: 'STATUS', value: (message) => message.delivery_status ?? '-' },
  { title: 'SUBJECT', value: (message) => message.subject, shrinkTo: 12 },
];

export const run: CommandBody = async (invocation) => {
  const input: ListInput = {
    mailbox: invocation.args[0],
    folder: textOption(invocation, 'folder') as ListInput['folder'],
    ...pageOptions(invocation),
  };
  const [page, attention] = await Promise.all([
    performOnFiles(invocation, input, async () => (await import('../../../operations/list.ts')).list),
    askAttention(invocation),
  ]);
  if (invocation.isJson) {
    await printJson(invocation, page);
    return 0;
  }
  const { terminal } = invocation;
  if (page.messages.length === 0) await terminal.out('No messages.\n');
  else {
    const columns = input.folder === 'sent' ? SENT_COLUMNS : COLUMNS;
    await terminal.out(formatTable(page.messages, columns, terminal));
  }
  for (const { mailbox, name, reason } of page.skipped ?? [])
    terminal.err(`Left out ${safeLine(`${mailbox}/${name}: ${reason}`)}\n`);
  await terminal.out(moreLine(page.next_cursor, 'aimx list') + attention);
  return 0;
};

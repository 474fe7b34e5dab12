/** `aimx queue …`. */
import type { QueuedRecipientView, QueuedView, QueueSelection } from '../../../operations/queue.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon, performOnRows } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { moreLine, print, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import { pageOptions } from './page-options.ts';

function recipientsOf({ recipients }: QueuedView): string {
  const [first, ...others] = recipients.map(({ address }) => address);
  return others.length === 0 ? (first ?? '') : `${first} +${others.length}`;
}

function lastWord({ held, recipients }: QueuedView): string {
  return held ?? recipients.find(({ reply }) => reply !== null)?.reply ?? '';
}

const COLUMNS: readonly Column<QueuedView>[] = [
  { title: 'QUEUE ID', value: ({ queue_id }) => queue_id },
  { title: 'SENT (UTC)', value: ({ submitted_at }) => shortTime(submitted_at) },
  { title: 'STATUS', value: ({ held, status }) => (held === null ? status : 'held') },
  { title: 'MAILBOX', value: ({ mailbox }) => mailbox },
  { title: 'TO', value: recipientsOf, shrinkTo: 16 },
  { title: 'NEXT TRY', value: ({ next_attempt_at }) => shortTime(next_attempt_at) },
  { title: 'LAST WORD', value: lastWord, shrinkTo: 12 },
];

export const list: CommandBody = async (invocation) => {
  const page = await performOnRows(
    invocation,
    'queue.list',
    {
      mailbox: textOption(invocation, 'mailbox'),
      held: flagOption(invocation, 'held') || undefined,
      failed: flagOption(invocation, 'failed') || undefined,
      all: flagOption(invocation, 'all') || undefined,
      ...pageOptions(invocation),
    },
    async () => (await import('../../../operations/queue.ts')).queueList,
  );
  await print(invocation, page, ({ messages, next_cursor }) =>
    messages.length === 0
      ? 'Nothing is on its way.\n'
      : formatTable(messages, COLUMNS, invocation.terminal) + moreLine(next_cursor, 'aimx queue list'),
  );
  return 0;
};

function recipientLines(recipient: QueuedRecipientView): readonly string[] {
  const { address, field, status, attempts, reply, remote, tls, next_attempt_at, answer } = recipient;
  return [
    `${field.padEnd(4)} ${safeLine(address)}: ${status}${attempts === 0 ? '' : `, ${attempts} ${attempts === 1 ? 'try' : 'tries'}`}`,
    ...(remote === null
      ? []
      : [`     at ${safeLine(remote)}${tls === null ? ', without TLS' : `, ${safeLine(tls)}`}`]),
    ...(reply === null ? [] : [`     ${safeLine(reply)}`]),
    ...(next_attempt_at === null ? [] : [`     next try ${shortTime(next_attempt_at)} UTC`]),
    ...(answer === null ? [] : [`     came back: ${safeLine(answer)}`]),
  ];
}

function formatMessage(message: QueuedView): string {
  const { queue_id, message_id, mailbox, id, from, subject, status, held, submitted_at, expires_at, by } =
    message;
  return [
    `Message ${queue_id}: ${held === null ? status : 'held'}`,
    ...(held === null ? [] : [`  ${safeLine(held)}`]),
    `From     ${safeLine(from)} (mailbox ${safeLine(mailbox)}, by ${safeLine(by)})`,
    `Subject  ${safeLine(subject)}`,
    `Id       ${safeLine(message_id)}`,
    `Copy     ${safeLine(`${mailbox}/${id}`)} in sent`,
    `Sent     ${shortTime(submitted_at)} UTC; given up ${shortTime(expires_at)} UTC`,
    ...message.recipients.flatMap(recipientLines),
    '',
  ].join('\n');
}

export const show: CommandBody = async (invocation) => {
  const message = await performOnRows(
    invocation,
    'queue.show',
    { message: invocation.args[0] ?? '' },
    async () => (await import('../../../operations/queue.ts')).queueShow,
  );
  await print(invocation, message, formatMessage);
  return 0;
};

function selection(invocation: Invocation): QueueSelection {
  return {
    ...(invocation.args.length === 0 ? {} : { messages: invocation.args }),
    all: flagOption(invocation, 'all') || undefined,
    mailbox: textOption(invocation, 'mailbox'),
  };
}

function decide(
  name: 'queue.retry' | 'queue.cancel' | 'queue.hold' | 'queue.release' | 'queue.approve',
  done: string,
): CommandBody {
  return async (invocation) => {
    const answer = await performInDaemon(invocation, name, selection(invocation));
    await print(invocation, answer, ({ changed }) =>
      changed.length === 0 ? 'No message fits.\n' : changed.map((id) => `${done} ${id}\n`).join(''),
    );
    return 0;
  };
}

export const retry: CommandBody = decide('queue.retry', 'Tried now:');
export const cancel: CommandBody = decide('queue.cancel', 'Cancelled');
export const hold: CommandBody = decide('queue.hold', 'Held');
export const release: CommandBody = decide('queue.release', 'Released');
export const approve: CommandBody = decide('queue.approve', 'Approved');

/** `aimx queue list|show`. */
import type { QueuedRecipientView, QueuedView, QueueShowOutput } from '../../../operations/queue.ts';
import { shortRunId } from '../../../operations/run-view.ts';
import { formatDuration } from '../../../operations/trace/words.ts';
import { type CommandBody, flagOption, textOption } from '../invocation.ts';
import { performOnRows } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { moreLine, print, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';
import { pageOptions } from './page-options.ts';

/** So many digits fit a table and name a message; `--json` has all. */
const SHORT_ID_DIGITS = 8;

/** A queue id for people; every command takes it. */
export function shortQueueId(queueId: string): string {
  return queueId.slice(0, SHORT_ID_DIGITS);
}

const STATUS_STYLE: Readonly<Record<string, Style>> = {
  delivered: 'green',
  failed: 'red',
  deferred: 'yellow',
  held: 'yellow',
};

function statusOf({ held, status }: QueuedView): string {
  return held === null ? status : 'held';
}

function recipientsOf({ recipients }: QueuedView): string {
  const [first, ...others] = recipients.map(({ address }) => address);
  return others.length === 0 ? (first ?? '') : `${first} +${others.length}`;
}

/** What there is to act upon: why it is held, else what was said of a recipient that has not got it. */
function lastReply({ held, recipients }: QueuedView): string {
  if (held !== null) return held;
  const said = recipients.filter(({ reply }) => reply !== null);
  const [worst] = [...said.filter(({ status }) => status !== 'delivered'), ...said];
  return worst?.reply ?? '';
}

/** @param now Ms since the epoch; what is in the future for a clock that was put back is new. */
function ageOf({ submitted_at }: QueuedView, now: number): string {
  return formatDuration(Math.max(0, now - Date.parse(submitted_at))).replace(/^(\S+ \S+) .*$/, '$1');
}

function columnsAt(now: number): readonly Column<QueuedView>[] {
  return [
    { title: 'QUEUE ID', value: ({ queue_id }) => shortQueueId(queue_id) },
    { title: 'AGE', value: (message) => ageOf(message, now), leaveOut: 2 },
    { title: 'STATUS', value: statusOf, style: (message) => STATUS_STYLE[statusOf(message)] ?? null },
    { title: 'MAILBOX', value: ({ mailbox }) => mailbox, shrinkTo: 8, leaveOut: 3 },
    { title: 'TO', value: recipientsOf, shrinkTo: 12 },
    { title: 'NEXT TRY (UTC)', value: ({ next_attempt_at }) => shortTime(next_attempt_at), leaveOut: 1 },
    { title: 'LAST REPLY', value: lastReply, shrinkTo: 12 },
  ];
}

/** @returns the table for people, each line ending in LF. */
export function formatQueue(
  messages: readonly QueuedView[],
  now: number,
  terminal: Pick<Terminal, 'columns' | 'style'>,
): string {
  return formatTable(messages, columnsAt(now), terminal);
}

export const list: CommandBody = async (invocation) => {
  const flags = {
    held: flagOption(invocation, 'held') || undefined,
    failed: flagOption(invocation, 'failed') || undefined,
    all: flagOption(invocation, 'all') || undefined,
  };
  const page = await performOnRows(
    invocation,
    'queue.list',
    { mailbox: textOption(invocation, 'mailbox'), ...flags, ...pageOptions(invocation) },
    async () => (await import('../../../operations/queue.ts')).queueList,
  );
  const none = Object.values(flags).some((flag) => flag === true) ? 'No messages.' : 'Nothing is on its way.';
  await print(invocation, page, ({ messages, next_cursor }) =>
    messages.length === 0
      ? `${none}\n`
      : formatQueue(messages, Date.now(), invocation.terminal) + moreLine(next_cursor, 'aimx queue list'),
  );
  return 0;
};

/** `250 2.1.5 Ok`: the status stands before a reply that does not have it. */
function withStatus(reply: string, status: string | null): string {
  return status === null || reply.includes(status) ? reply : `${reply} (${status})`;
}

function protection(remote: string | null, tls: string | null): string {
  return remote === null ? '' : `${remote}, ${tls ?? 'without TLS'}`;
}

function recipientLines(recipient: QueuedRecipientView): readonly string[] {
  const { address, field, status, attempts, reply, enhanced_status, remote, tls } = recipient;
  const { next_attempt_at, answer } = recipient;
  const tries = attempts === 0 ? '' : `, ${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
  const next = next_attempt_at === null ? '' : `, next ${shortTime(next_attempt_at)} UTC`;
  return [
    `  ${field.padEnd(3)}  ${address}: ${status}${tries}${next}`,
    ...(reply === null ? [] : [`       ${withStatus(reply, enhanced_status)}`]),
    ...(remote === null ? [] : [`       from ${protection(remote, tls)}`]),
    ...(answer === null ? [] : [`       came back: ${answer}`]),
  ];
}

function tryLines({ tries }: QueueShowOutput): readonly string[] {
  return tries.flatMap(({ at, domain, remote, tls, stage, results }) => {
    const where = stage === 'local' ? 'on this host' : protection(remote, tls) || `no server of ${domain}`;
    return [
      `  ${shortTime(at)}  ${where}; it ended at ${stage}`,
      ...results.map(
        ({ address, outcome, reply, enhanced_status }) =>
          `    ${address} ${outcome}: ${withStatus(reply, enhanced_status)}`,
      ),
    ];
  });
}

function laterLines({ decisions, came_back, reports }: QueueShowOutput): readonly string[] {
  const lines = [
    ...decisions.map(({ at, decision, by, reason }) => ({
      at,
      text: `${decision} by ${by}${reason === null ? '' : ` (${reason})`}`,
    })),
    ...came_back.map(({ at, kind, message, recipients }) => {
      const about = recipients.map(({ address, text }) => `${address} ${text}`).join('; ');
      return { at, text: `${kind} came: ${message ?? 'not filed yet'}${about === '' ? '' : `; ${about}`}` };
    }),
    ...reports.map(({ at, purpose, message }) => ({
      at,
      text: `${purpose} for its sender: ${message ?? 'not filed yet'}`,
    })),
  ];
  return lines
    .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
    .map(({ at, text }) => `  ${shortTime(at)}  ${text}`);
}

/** What to type, where something can be done. */
function todoLines({ queue_id, held, ended_at, status }: QueuedView): readonly string[] {
  const id = shortQueueId(queue_id);
  if (ended_at !== null) return [];
  if (held !== null) {
    const verb = held.startsWith('approval:') ? 'approve' : 'release';
    return ['', `To let it go  aimx queue ${verb} ${id}`, `To give it up  aimx queue cancel ${id}`];
  }
  return status === 'deferred'
    ? ['', `To try now     aimx queue retry ${id}`, `To give it up  aimx queue cancel ${id}`]
    : [];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

/** @returns everything of one message, each line ending in LF. */
export function formatQueued(message: QueueShowOutput, terminal: Pick<Terminal, 'columns'>): string {
  const { queue_id, message_id, mailbox, id, from, subject, held, submitted_at } = message;
  const sender = message.run_id === null ? message.by : `${message.by}, in run ${shortRunId(message.run_id)}`;
  const ended = message.ended_at;
  const lines = [
    `message     ${queue_id}`,
    `status      ${statusOf(message)}`,
    ...(held === null ? [] : [`held        ${held}`]),
    `from        ${from} (mailbox ${mailbox})`,
    `subject     ${subject}`,
    `message-id  ${message_id}`,
    `copy        ${mailbox}/${id}, in sent`,
    `sent        ${shortTime(submitted_at)} UTC by ${sender}`,
    ended === null
      ? `given up    ${shortTime(message.expires_at)} UTC, where it is not delivered by then`
      : `ended       ${shortTime(ended)} UTC`,
    ...section('Recipients', message.recipients.flatMap(recipientLines)),
    ...section('Tries (UTC)', tryLines(message)),
    ...section('Since (UTC)', laterLines(message)),
    ...todoLines(message),
  ];
  return lines.map((line) => wrapped(line, terminal)).join('');
}

/** Behind the name of a fact. */
const FACT_INDENT = 12;
/** Behind what a line of a section begins with. */
const CONTINUED_INDENT = 9;

/** What stands before a line stays before it, and before what is broken off it. */
function wrapped(line: string, terminal: Pick<Terminal, 'columns'>): string {
  const safe = safeLine(line);
  const before = /^ */.exec(safe)?.[0] ?? '';
  if (before === '') return `${wrapText(safe, FACT_INDENT, terminal)}\n`;
  return `${before}${wrapText(safe.slice(before.length), CONTINUED_INDENT, terminal)}\n`;
}

export const show: CommandBody = async (invocation) => {
  const message = await performOnRows(
    invocation,
    'queue.show',
    { message: invocation.args[0] ?? '' },
    async () => (await import('../../../operations/queue.ts')).queueShow,
  );
  await print(invocation, message, (value) => formatQueued(value, invocation.terminal));
  return 0;
};

/** `aimx mailboxes list|show`. */
import type { MailboxesShowOutput, MailboxView } from '../../../operations/mailboxes.ts';
import { shortRunId } from '../../../operations/run-view.ts';
import type { CommandBody } from '../invocation.ts';
import { performOnRows } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { attentionLine, print, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';

function count(value: number | null): string {
  return value === null ? '?' : String(value);
}

/** Below what has a `?`: why nothing is known. */
const UNKNOWN_LINE =
  '?: no daemon answers, and no journal can be read. Start it with aimx serve; where one has run before, the command may need sudo.\n';

const COLUMNS: readonly Column<MailboxView>[] = [
  { title: 'MAILBOX', value: (mailbox) => mailbox.name },
  { title: 'ADDRESS', value: (mailbox) => [mailbox.address, ...mailbox.aliases].join(', '), shrinkTo: 16 },
  { title: 'OWNER', value: (mailbox) => mailbox.owner ?? '-' },
  { title: 'DELIVERED', value: (mailbox) => count(mailbox.delivered) },
  { title: 'ON ITS WAY', value: (mailbox) => count(mailbox.pending) },
  {
    title: 'WAITING',
    value: (mailbox) => count(mailbox.waiting),
    style: (mailbox) => ((mailbox.waiting ?? 0) > 0 ? 'yellow' : null),
  },
  { title: 'HOOKS', value: (mailbox) => String(mailbox.hooks) },
];

export const list: CommandBody = async (invocation) => {
  const answer = await performOnRows(
    invocation,
    'mailboxes.list',
    {},
    async () => (await import('../../../operations/mailboxes.ts')).mailboxesList,
  );
  await print(invocation, answer, ({ mailboxes }) => {
    const sum = (of: (mailbox: MailboxView) => number | null): number =>
      mailboxes.reduce((total, mailbox) => total + (of(mailbox) ?? 0), 0);
    const attention = attentionLine({
      held: sum((mailbox) => mailbox.runs_held),
      interrupted: sum((mailbox) => mailbox.runs_interrupted),
      outgoing_held: sum((mailbox) => mailbox.outgoing_held),
      waiting: Object.fromEntries(
        mailboxes.flatMap(({ name, waiting }) => (waiting ? [[name, waiting] as const] : [])),
      ),
    });
    return (
      (mailboxes.length === 0 ? 'No mailboxes.\n' : formatTable(mailboxes, COLUMNS, invocation.terminal)) +
      (mailboxes.some(({ delivered }) => delivered === null)
        ? wrapText(UNKNOWN_LINE, 0, invocation.terminal)
        : attention)
    );
  });
  return 0;
};

/** What the mailbox asks of a sender before hooks start by themselves, in words. */
function trustWords(shown: MailboxesShowOutput): string {
  const { mailbox, trusted_senders, trust_spf, require_addressed } = shown;
  if (mailbox.trust === 'none')
    return 'none: nobody is trusted, and hooks without fire_on_untrusted are held';
  if (trusted_senders.length === 0) return `${mailbox.trust}: trusted_senders is empty, so nobody is trusted`;
  const by = trust_spf ? 'authenticated by DKIM, or by SPF alone (trust_spf)' : 'authenticated by DKIM';
  const addressed = require_addressed ? ', in mail that names this mailbox in a signed To or Cc' : '';
  return `${mailbox.trust}: senders on the list, ${by}${addressed}`;
}

/** Why runs are held, with the newest of each kind and what to do. */
function heldLines({ mailbox, held }: MailboxesShowOutput, terminal: Terminal): readonly string[] {
  if (held.length === 0) return [];
  const lines = held.flatMap(({ code, runs, run_id, id, reason }) => [
    `  ${runs} ${safeLine(code)}, the newest ${shortRunId(run_id)} (${safeLine(id)}):`,
    `    ${wrapText(safeLine(reason.slice(code.length + 2)), 4, terminal)}`,
  ]);
  return [
    '',
    'Runs are held because of',
    ...lines,
    '',
    `To see them              aimx runs list --held --mailbox ${mailbox.name}`,
    'To let one start         aimx runs release <run>',
    `After a change of rules  aimx runs release --re-evaluate --mailbox ${mailbox.name}`,
  ];
}

/** `3, of which 1 is held: aimx queue list --mailbox agent`. */
function outgoingWords({ name, outgoing, outgoing_held }: MailboxView): string {
  if (outgoing === null || outgoing_held === null) return '?';
  if (outgoing === 0) return 'none';
  const held =
    outgoing_held === 0 ? '' : `, of which ${outgoing_held} ${outgoing_held === 1 ? 'is' : 'are'} held`;
  return `${outgoing}${held}: aimx queue list --mailbox ${name}`;
}

function formatMailbox(shown: MailboxesShowOutput, terminal: Terminal): string {
  const { mailbox, trusted_senders, dedup, waiting, runs } = shown;
  const facts: readonly (readonly [string, string])[] = [
    ['mailbox', mailbox.name],
    ['address', [mailbox.address, ...mailbox.aliases].join(', ')],
    ['owner', mailbox.owner ?? "the daemon's user"],
    ['files', mailbox.path],
    ['trust', trustWords(shown)],
    ...(trusted_senders.length === 0 ? [] : ([['senders', trusted_senders.join(', ')]] as const)),
    ['dedup', dedup],
    ['hooks', String(mailbox.hooks)],
    ['delivered', count(mailbox.delivered)],
    ['on its way', count(mailbox.pending)],
    ['going out', outgoingWords(mailbox)],
    [
      'runs',
      Object.entries(runs)
        .map(([state, number]) => `${number} ${state}`)
        .join(', ') || (mailbox.delivered === null ? '?' : 'none'),
    ],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(
    ([name, value]) => `${name.padEnd(width)}  ${wrapText(safeLine(value), width + 2, terminal)}`,
  );
  const delays = waiting.flatMap(({ code, reason, hint, next_at }) => [
    '',
    wrapText(`A message waits (${safeLine(code)}): ${safeLine(reason)}`, 2, terminal),
    `  ${wrapText(`${safeLine(hint)}; tried again at ${shortTime(next_at)} UTC`, 2, terminal)}`,
  ]);
  const unknown = mailbox.delivered === null ? `\n${wrapText(UNKNOWN_LINE, 0, terminal)}` : '';
  return `${[...lines, ...heldLines(shown, terminal), ...delays].join('\n')}\n${unknown}`;
}

export const show: CommandBody = async (invocation) => {
  const answer = await performOnRows(
    invocation,
    'mailboxes.show',
    { mailbox: invocation.args[0] ?? '' },
    async () => (await import('../../../operations/mailboxes.ts')).mailboxesShow,
  );
  await print(invocation, answer, (shown) => formatMailbox(shown, invocation.terminal));
  return 0;
};

/** The rows of the table of commands that send, and that look after what is on its way. */
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command-spec.ts';

const written: readonly OptionSpec[] = [
  { flags: '--body <markdown>', describe: 'the text, in Markdown' },
  { flags: '--body-file <file>', describe: 'a file with the text; - is stdin' },
  { flags: '--attachment <file>', describe: 'a file to attach; opened by you', isRepeatable: true },
  { flags: '--text-only', describe: 'the text alone, without HTML made from it' },
  { flags: '--html-body <html>', describe: 'your own HTML beside the text' },
  { flags: '--idempotency-key <key>', describe: 'the same key and content sends once, for 7 days' },
  { flags: '--dry-run', describe: 'print the message as it would leave, and send nothing' },
];

const recipients: readonly OptionSpec[] = [
  { flags: '--to <address>', describe: 'one or several with commas; may be repeated', isRepeatable: true },
  { flags: '--cc <address>', describe: 'the same', isRepeatable: true },
  { flags: '--bcc <address>', describe: 'the same; nobody sees them', isRepeatable: true },
];

const received: ArgumentSpec = {
  name: 'message',
  describe: '<mailbox>/<id>, an id that is unique, or a Message-ID',
};
const queued: ArgumentSpec = {
  name: 'message',
  describe: 'a queue id or its beginning (4 digits at least), a Message-ID, or the id of a sent message',
};
const queuedMany: ArgumentSpec = { ...queued, isVariadic: true, isOptional: true };
const mailbox: OptionSpec = { flags: '--mailbox <name>', describe: 'only this mailbox' };
const all: OptionSpec = { flags: '--all', describe: 'everything of yours that it fits' };

function decision(verb: string, summary: string, load: CommandSpec['load']): CommandSpec {
  return {
    name: `queue ${verb}`,
    group: 'Mail',
    summary,
    args: [queuedMany],
    options: [all, mailbox],
    example: `aimx queue ${verb} 3f9c0a17`,
    hasJson: true,
    load,
  };
}

export const SENDING_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'send',
    group: 'Mail',
    summary: 'Send a message; prints its Message-ID as soon as it is safe',
    detail:
      "Needs the daemon. What became of it: aimx queue show <message-id>, or the copy in the mailbox's sent folder. Inside of a hook the same run never sends the same answer twice.",
    options: [
      { flags: '--from <address>', describe: 'an address or a mailbox of yours (default: your only one)' },
      ...recipients,
      { flags: '--subject <text>', describe: 'the subject' },
      { flags: '--reply-to <message-id>', describe: 'the Message-ID that it answers' },
      { flags: '--references <message-ids>', describe: 'the chain that it belongs to' },
      ...written,
    ],
    example:
      "aimx send --from support --to ann@example.net --subject 'Your order' --body 'It is on its way.'",
    hasJson: true,
    load: async () => (await import('./commands/send.ts')).send,
  },
  {
    name: 'reply',
    group: 'Mail',
    summary: 'Answer a message, in its thread; prints the Message-ID of the answer',
    args: [received],
    options: [
      { flags: '--mailbox <name>', describe: 'the mailbox that has it' },
      { flags: '--all', describe: 'also to the other recipients' },
      { flags: '--quote', describe: 'with the text that is answered below' },
      ...written,
    ],
    example: "aimx reply support/2026-11-24-200000-hello-world --body 'Thank you, it has arrived.'",
    hasJson: true,
    load: async () => (await import('./commands/send.ts')).reply,
  },
  {
    name: 'forward',
    group: 'Mail',
    summary: 'Send a message on to others, with the original attached; prints the Message-ID',
    args: [received],
    options: [
      { flags: '--mailbox <name>', describe: 'the mailbox that has it' },
      { flags: '--from <address>', describe: 'an address or a mailbox of yours (default: that mailbox)' },
      ...recipients,
      ...written,
    ],
    detail: 'The original goes along octet for octet, as aimx raw has it without the trace fields.',
    example: 'aimx forward support/2026-11-24-200000-hello-world --to ann@example.net',
    hasJson: true,
    load: async () => (await import('./commands/send.ts')).forward,
  },
  {
    name: 'queue list',
    group: 'Mail',
    summary: 'List what is on its way out, newest first',
    options: [
      mailbox,
      { flags: '--held', describe: 'only what waits for somebody' },
      { flags: '--failed', describe: 'only what was given up' },
      { flags: '--all', describe: 'what has ended too' },
      { flags: '--limit <count>', describe: 'rows in a page, 1 to 500 (default: 50)' },
      { flags: '--cursor <cursor>', describe: 'next_cursor of the page before' },
    ],
    example: 'aimx queue list --held',
    hasJson: true,
    load: async () => (await import('./commands/queue.ts')).list,
  },
  {
    name: 'queue show',
    group: 'Mail',
    summary: 'Show one message of yours: each recipient, each try, and what came back',
    args: [queued],
    example: 'aimx queue show 3f9c0a17',
    hasJson: true,
    load: async () => (await import('./commands/queue.ts')).show,
  },
  decision('retry', 'Try messages now', async () => (await import('./commands/queue-decisions.ts')).retry),
  decision('cancel', 'Give messages up', async () => (await import('./commands/queue-decisions.ts')).cancel),
  decision(
    'hold',
    'Keep messages from leaving',
    async () => (await import('./commands/queue-decisions.ts')).hold,
  ),
  decision(
    'release',
    'Let held messages go',
    async () => (await import('./commands/queue-decisions.ts')).release,
  ),
  decision(
    'approve',
    'Approve what waits for approval',
    async () => (await import('./commands/queue-decisions.ts')).approve,
  ),
];

/**
 * Every command as data: the parser, the help, the shell completion and the reference are made from
 * this table. Bodies are loaded when they are called, since loading is most of what a command takes.
 */
import { MAIL_FOLDERS, RUN_STATES } from '../../operations/choices.ts';
import type { ArgumentSpec, CommandSpec, FamilySpec, OptionSpec } from './command-spec.ts';
import { SENDING_COMMANDS } from './sending-commands.ts';

export const FAMILIES: readonly FamilySpec[] = [
  { name: 'queue', group: 'Mail', summary: 'See what is on its way out, and decide about it' },
  { name: 'dedup', group: 'Mail', summary: 'See which copies were absorbed, and let one in again' },
  { name: 'mailboxes', alias: 'mailbox', group: 'Mail', summary: 'See mailboxes and how they stand' },
  { name: 'runs', alias: 'run', group: 'Hooks', summary: 'See what hooks did, and decide about them' },
  { name: 'hooks', alias: 'hook', group: 'Hooks', summary: 'See which hooks there are' },
  { name: 'config', group: 'Server', summary: 'Check the configuration' },
];

const message: ArgumentSpec = {
  name: 'message',
  describe: '<mailbox>/<id>, an id that is unique, or a Message-ID',
};
const run: ArgumentSpec = {
  name: 'run',
  describe: 'id of a run, from aimx runs list, or its first digits (6 at least)',
};
const runsArgument: ArgumentSpec = { ...run, isVariadic: true, isOptional: true };
const mailbox: OptionSpec = { flags: '--mailbox <name>', describe: 'only this mailbox' };
const folder: OptionSpec = { flags: '--folder <folder>', describe: 'where to look', choices: MAIL_FOLDERS };
const limit: OptionSpec = { flags: '--limit <count>', describe: 'rows in a page, 1 to 500 (default: 50)' };
const cursor: OptionSpec = { flags: '--cursor <cursor>', describe: 'next_cursor of the page before' };
const hook: OptionSpec = { flags: '--hook <name>', describe: 'only this hook' };

const MAIL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'list',
    group: 'Mail',
    summary: 'List messages, newest first',
    detail: 'Reads the files themselves: needs no daemon and no root, only the right to the files.',
    args: [{ name: 'mailbox', describe: 'a mailbox; all of yours where absent', isOptional: true }],
    options: [folder, limit, cursor],
    example: 'aimx list support --limit 10',
    hasJson: true,
    load: async () => (await import('./commands/list.ts')).run,
  },
  {
    name: 'read',
    group: 'Mail',
    summary: 'Print a message as its Markdown file has it',
    detail:
      'Needs no daemon and no root; a Message-ID is looked up in the journal. Escape sequences in the mail are shown and do nothing; --json has the file byte for byte.',
    args: [message],
    options: [
      mailbox,
      folder,
      { flags: '--new', describe: 'only what is new in a reply, without the quoted rest' },
    ],
    example: 'aimx read support/2026-11-24-200000-hello-world --new',
    hasJson: true,
    load: async () => (await import('./commands/read.ts')).run,
  },
  {
    name: 'raw',
    group: 'Mail',
    summary: 'Print a message as it was sent, with its trace fields before it',
    detail:
      'Needs the daemon, or the right to read the journal. On a terminal escape sequences are shown and do nothing; into a file or a pipe the bytes go as they are.',
    args: [message],
    options: [mailbox],
    example: 'aimx raw support/2026-11-24-200000-hello-world > message.eml',
    hasJson: false,
    load: async () => (await import('./commands/raw.ts')).run,
  },
  {
    name: 'trace',
    group: 'Mail',
    summary: 'Tell the life of one message, and why a hook ran or did not',
    detail: 'Needs the daemon, or the right to read the journal. Times are relative to the moment it came.',
    args: [message],
    options: [mailbox],
    example: 'aimx trace support/2026-11-24-200000-hello-world',
    hasJson: true,
    load: async () => (await import('./commands/trace.ts')).run,
  },
  {
    name: 'ingest',
    group: 'Mail',
    summary: 'Put a raw message from stdin on its way, and wait for its hooks',
    detail:
      'By root or the owner of the mailbox. LF line ends become CRLF. Without a daemon it does the work itself. Exits 0 when the message was delivered or absorbed and no hook failed.',
    args: [{ name: 'recipient', describe: 'an address of one of your mailboxes' }],
    example: 'aimx ingest support@example.com < message.eml',
    hasJson: true,
    load: async () => (await import('./commands/ingest.ts')).run,
  },
  {
    name: 'render',
    group: 'Mail',
    summary: 'Print the file that a raw message from stdin would become',
    detail:
      'Reads and asks nothing else: authentication is none in it (aimx authenticate checks who wrote a message). LF line ends become CRLF; --json names the attachments too.',
    options: [{ flags: '--mailbox <name>', describe: 'the mailbox that the file names (default: you)' }],
    example: 'aimx render < message.eml',
    usesConfig: false,
    hasJson: true,
    load: async () => (await import('./commands/render.ts')).run,
  },
  {
    name: 'authenticate',
    group: 'Mail',
    summary: 'Check who wrote a raw message from stdin: SPF, DKIM, DMARC, ARC',
    detail:
      'Says what each method found, and whether a mailbox with trust = "verified" would trust it now. Needs no daemon and no root; asks the resolvers of the config\'s [dns], or the system\'s. LF line ends become CRLF; what aimx raw prints may be given as it is.',
    options: [
      { flags: '--ip <address>', describe: 'of the client that brought it; without it SPF is not checked' },
      { flags: '--helo <name>', describe: 'what the client called itself' },
      { flags: '--mail-from <address>', describe: 'its reverse-path; <> or nothing for the null one' },
    ],
    example: 'aimx authenticate --ip 192.0.2.1 --mail-from bounce@example.com < message.eml',
    hasJson: true,
    load: async () => (await import('./commands/authenticate.ts')).run,
  },
  {
    name: 'dedup list',
    group: 'Mail',
    summary: 'List the copies that were absorbed, newest first',
    options: [mailbox, limit, cursor],
    example: 'aimx dedup list --mailbox support',
    hasJson: true,
    load: async () => (await import('./commands/dedup.ts')).list,
  },
  {
    name: 'dedup forget',
    group: 'Mail',
    summary: 'Forget a message, so that the same bytes are delivered again',
    args: [message],
    options: [mailbox],
    example: 'aimx dedup forget support/2026-11-24-200000-hello-world',
    hasJson: true,
    load: async () => (await import('./commands/dedup.ts')).forget,
  },
  {
    name: 'mailboxes list',
    group: 'Mail',
    summary: 'List your mailboxes',
    example: 'aimx mailboxes list',
    hasJson: true,
    load: async () => (await import('./commands/mailboxes.ts')).list,
  },
  {
    name: 'mailboxes show',
    group: 'Mail',
    summary: 'Show one mailbox: what waits in it and why',
    args: [{ name: 'mailbox', describe: 'its name' }],
    example: 'aimx mailboxes show support',
    hasJson: true,
    load: async () => (await import('./commands/mailboxes.ts')).show,
  },
];

const HOOK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'runs list',
    group: 'Hooks',
    summary: 'List runs of hooks, newest first',
    options: [
      mailbox,
      hook,
      { flags: '--state <state>', describe: 'only runs in this state', choices: RUN_STATES },
      { flags: '--held', describe: 'only those that wait for a decision: held and interrupted' },
      limit,
      cursor,
    ],
    example: 'aimx runs list --held',
    hasJson: true,
    load: async () => (await import('./commands/runs.ts')).list,
  },
  {
    name: 'runs show',
    group: 'Hooks',
    summary: 'Show one run and what became of each attempt',
    args: [run],
    example: 'aimx runs show 4f1c9a2b7d3e',
    hasJson: true,
    load: async () => (await import('./commands/runs.ts')).show,
  },
  {
    name: 'runs output',
    group: 'Hooks',
    summary: 'Print what a hook printed: the last 64 KiB of stdout and stderr',
    args: [run],
    options: [{ flags: '--attempt <number>', describe: 'which attempt (default: the last)' }],
    example: 'aimx runs output 4f1c9a2b7d3e',
    hasJson: true,
    load: async () => (await import('./commands/runs.ts')).output,
  },
  {
    name: 'runs release',
    group: 'Hooks',
    summary: 'Let held runs go; each starts once',
    args: [runsArgument],
    options: [
      { flags: '--all', describe: 'every held run of yours that fits --mailbox and --hook' },
      mailbox,
      hook,
      {
        flags: '--re-evaluate',
        describe: 'only those that the configuration of today would not hold; of all, where no run is named',
      },
    ],
    detail:
      'After a change of trust rules, --re-evaluate lets go what they would start. A change of config.toml counts once the daemon has read it: kill -HUP "$(cat /run/aimx/aimx.pid)", or the aimx.pid in AIMX_RUNTIME_DIR.',
    example: 'aimx runs release 4f1c9a2b7d3e',
    hasJson: true,
    load: async () => (await import('./commands/run-decisions.ts')).release,
  },
  {
    name: 'runs replay',
    group: 'Hooks',
    summary: 'Start a finished or interrupted run again, as a new generation',
    args: [run],
    example: 'aimx runs replay 4f1c9a2b7d3e',
    hasJson: true,
    load: async () => (await import('./commands/run-decisions.ts')).replay,
  },
  {
    name: 'runs cancel',
    group: 'Hooks',
    summary: 'Cancel runs: those that wait never start, one that runs is ended',
    args: [runsArgument],
    options: [
      { flags: '--all', describe: 'every held run of yours that fits --mailbox and --hook' },
      mailbox,
      hook,
    ],
    example: 'aimx runs cancel 4f1c9a2b7d3e',
    hasJson: true,
    load: async () => (await import('./commands/run-decisions.ts')).cancel,
  },
  {
    name: 'hooks list',
    group: 'Hooks',
    summary: 'List hooks in the order in which they start',
    options: [mailbox],
    example: 'aimx hooks list --mailbox support',
    hasJson: true,
    load: async () => (await import('./commands/hooks.ts')).list,
  },
];

const SERVER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'serve',
    group: 'Server',
    summary: 'Run the mail server',
    detail: 'SIGTERM and SIGINT stop it; hooks that run live on. SIGHUP reads the configuration again.',
    options: [
      { flags: '--bind <host:port>', describe: 'where to listen (default: 0.0.0.0:25)', isRepeatable: true },
      { flags: '--tls-cert <path>', describe: 'certificate for STARTTLS, PEM' },
      { flags: '--tls-key <path>', describe: 'its key, PEM' },
      {
        flags: '--restored',
        describe: 'the disk was rolled back: hold every run that is not final until it is released',
      },
    ],
    example: 'sudo aimx serve --bind 0.0.0.0:25 --bind [::]:25',
    hasJson: false,
    load: async () => (await import('./commands/serve.ts')).run,
  },
  {
    name: 'dev',
    group: 'Server',
    summary: 'Run a server to try things: no root, no DNS, loopback only',
    detail:
      'Writes ./.aimx/config.toml on its first start; every command started in this folder then uses it. Each mail and each start is one line.',
    options: [
      {
        flags: '--hook <command>',
        describe: 'a shell command to start for each mail; it gets the mail on stdin',
      },
      { flags: '--port <number>', describe: 'where to listen on 127.0.0.1 (default: as config.toml says)' },
    ],
    example: "aimx dev --hook 'cat >> /tmp/mails.txt'",
    hasJson: false,
    load: async () => (await import('./commands/dev.ts')).run,
  },
  {
    name: 'demo',
    group: 'Server',
    summary: 'See one mail arrive five times and start its hook once',
    detail: 'Takes 20 seconds at most, in a folder and on a port of its own.',
    options: [{ flags: '--keep', describe: 'leave the folder for a look' }],
    example: 'aimx demo',
    usesConfig: false,
    hasJson: false,
    load: async () => (await import('./commands/demo.ts')).run,
  },
  {
    name: 'config check',
    group: 'Server',
    summary: 'Check config.toml: every fault with its line and what is allowed',
    example: 'aimx config check',
    hasJson: true,
    load: async () => (await import('./commands/config-check.ts')).run,
  },
  {
    name: 'dkim-keygen',
    group: 'Server',
    summary: 'Make or change the DKIM keys and print the DNS records for them',
    detail:
      'Makes an RSA and an Ed25519 key, which sign at once. --rotate prepares the next ones; --activate lets them sign as soon as DNS shows them, and removes the old. The daemon reads keys anew for each message.',
    options: [
      {
        flags: '--selector <name>',
        describe:
          "name of the key in DNS (default: the config's dkim_selector; with --rotate the present one with the next number)",
      },
      { flags: '--domain <domain>', describe: "keys for another of the config's domains" },
      { flags: '--rsa-only', describe: 'no Ed25519 key' },
      { flags: '--rotate', describe: 'prepare the next keys; the present ones go on' },
      { flags: '--activate', describe: 'let prepared keys sign, once DNS shows them' },
      { flags: '--force', describe: 'replace keys that are there; with --activate: do not ask DNS' },
    ],
    example: 'sudo aimx dkim-keygen --rotate',
    hasJson: true,
    load: async () => (await import('./commands/dkim-keygen.ts')).run,
  },
  {
    name: 'completion',
    group: 'Server',
    summary: 'Print a completion script for a shell',
    args: [{ name: 'shell', describe: 'bash, zsh or fish' }],
    example: 'aimx completion bash > /etc/bash_completion.d/aimx',
    usesConfig: false,
    hasJson: false,
    load: async () => {
      const { completionOf } = await import('./commands/completion.ts');
      return completionOf({ commands: COMMANDS, families: FAMILIES, globalOptions: GLOBAL_OPTIONS });
    },
  },
];

export const COMMANDS: readonly CommandSpec[] = [
  ...MAIL_COMMANDS,
  ...SENDING_COMMANDS,
  ...HOOK_COMMANDS,
  ...SERVER_COMMANDS,
];

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--data-dir <path>',
    describe: 'where mailboxes and journal lie; over AIMX_DATA_DIR and the config',
  },
  { flags: '--json', describe: 'print JSON for machines' },
];

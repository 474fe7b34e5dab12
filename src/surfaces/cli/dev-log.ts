/** The log of `aimx dev`: each mail and each start is one line for the person at the terminal. */
import { type Clock, formatInstant } from '../../system/clock.ts';
import type { Log, LogFields } from '../../system/log.ts';
import { safeLine } from './safe-text.ts';
import type { Style, Terminal } from './terminal.ts';

type Words = (field: (name: string) => string) => readonly [Style, string, string];

/** The longest first word of a line: `refused`. */
const WORD_COLUMNS = 7;

/** Longest value in a line. */
const SHOWN_CHARACTERS_MAX = 60;

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

/** What to do about the replies that a first mail meets, by enhanced status code. */
const REFUSAL_HINTS: Readonly<Record<string, string>> = {
  '5.6.11': 'curl: --crlf',
  '5.1.1': 'aimx mailboxes list shows the addresses',
  '5.7.1': 'aimx mailboxes list shows the addresses',
};

/** Events that a person wants to see; every other of their severity is left out. */
const SHOWN: Readonly<Record<string, Words>> = {
  'smtp.refused': (field) => {
    const enhanced = field('enhanced');
    const reply = [field('code'), enhanced, field('reason')].filter(Boolean).join(' ');
    const hint = REFUSAL_HINTS[enhanced];
    return [
      'yellow',
      'refused',
      `from ${field('client')}: ${reply}${hint === undefined ? '' : ` (${hint})`}`,
    ];
  },
  'smtp.accepted': (field) => [
    'dim',
    'mail',
    `from ${field('client')}, ${field('size_bytes')} bytes, answered 250`,
  ],
  'delivery.delivered': (field) => [
    'green',
    'file',
    `${field('mailbox')}/${field('id')}: ${cut(field('subject'))}, from ${cut(field('from') || '(no From)')}`,
  ],
  'delivery.absorbed': (field) => [
    'cyan',
    'again',
    `${field('mailbox')} has this message already (${field('by')}): no second file, no second start`,
  ],
  'delivery.promoted': (field) => [
    'green',
    'better',
    `${field('mailbox')}/${field('id')} is made anew from a better copy`,
  ],
  'run.started': (field) => ['cyan', 'start', `hook ${field('hook')} for ${field('mailbox')}/${field('id')}`],
  'run.again': (field) => ['yellow', 'retry', `hook ${field('hook')}: ${field('reason')}`],
  'run.ended': (field) => {
    const state = field('state');
    const reason = field('reason');
    const good = state === 'succeeded';
    return [
      good ? 'green' : 'red',
      'end',
      `hook ${field('hook')} ${state}${reason === '' ? '' : `: ${reason}`}`,
    ];
  },
};

/** Warnings that have a sentence of their own; every other is shown with its facts. */
const WARNED: Readonly<Record<string, Words>> = {
  'delivery.waiting': (field) => [
    'yellow',
    'waits',
    `a message for ${field('mailbox')}: ${field('reason')}; ${field('hint')} (aimx mailboxes show ${field('mailbox')})`,
  ],
};

/** Warnings that are no news on loopback, or to a user without root's rights. */
const UNSHOWN: ReadonlySet<string> = new Set(['smtp.no-starttls', 'hooks.confinement-lacks', 'dkim.no-key']);

export interface DevLog {
  readonly log: Log;
  /** Whether a hook that was started has not ended yet. */
  readonly hasRunning: () => boolean;
}

/** @param terminal Written to as events come; warnings and errors go to stderr. */
export function createDevLog(terminal: Terminal, clock: Pick<Clock, 'now'>): DevLog {
  const running = new Set<string>();
  const time = (): string => terminal.style('dim', formatInstant(clock.now()).slice(11, 23));
  const field =
    (fields: LogFields) =>
    (name: string): string => {
      const value = fields[name];
      return value === undefined || value === null ? '' : safeLine(String(value));
    };
  const line = (words: Words, fields: LogFields): string => {
    const [style, what, text] = words(field(fields));
    return `${time()}  ${terminal.style(style, what.padEnd(WORD_COLUMNS))}  ${text}\n`;
  };
  const trouble = (severity: Style, event: string, fields: LogFields): void => {
    const facts = Object.entries(fields)
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => `${name} ${safeLine(String(value))}`);
    terminal.err(`${time()}  ${terminal.style(severity, event)}  ${facts.join(', ')}\n`);
  };
  const follow = (event: string, runId: string): void => {
    if (event === 'run.started') running.add(runId);
    else if (event === 'run.ended' || event === 'run.again') running.delete(runId);
  };
  const log: Log = {
    debug: () => undefined,
    info: (event, fields = {}) => {
      follow(event, String(fields['run_id']));
      const words = SHOWN[event];
      if (words === undefined) return;
      terminal
        .out(line(words, fields))
        // A terminal that has gone away does not stop the server.
        .catch(() => undefined);
    },
    warn: (event, fields = {}) => {
      const words = WARNED[event];
      if (words !== undefined) terminal.err(line(words, fields));
      else if (event === 'config.warning')
        terminal.err(`${time()}  ${safeLine(String(fields['problem']))}\n`);
      else if (!UNSHOWN.has(event)) trouble('yellow', event, fields);
    },
    error: (event, fields = {}) => trouble('red', event, fields),
  };
  return { log, hasRunning: () => running.size > 0 };
}

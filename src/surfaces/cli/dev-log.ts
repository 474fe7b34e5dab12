/** The log of `aimx dev`: each mail and each start is one line for the person at the terminal. */
import { type Clock, formatInstant } from '../../system/clock.ts';
import type { Log, LogFields } from '../../system/log.ts';
import { safeLine } from './safe-text.ts';
import type { Style, Terminal } from './terminal.ts';

type Words = (field: (name: string) => string) => readonly [Style, string, string];

/** Longest value in a line. */
const SHOWN_CHARACTERS_MAX = 60;

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

/** Events that a person wants to see; every other of their severity is left out. */
const SHOWN: Readonly<Record<string, Words>> = {
  'smtp.accepted': (field) => [
    'dim',
    'mail',
    `from ${field('client')}, ${field('size_bytes')} bytes, answered 250`,
  ],
  'delivery.delivered': (field) => [
    'green',
    'file',
    `${field('mailbox')}/${field('id')}: ${cut(field('subject'))}, from ${cut(field('from'))}`,
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

/** Warnings that are no news on loopback, or to a user without root's rights. */
const UNSHOWN: ReadonlySet<string> = new Set(['smtp.no-starttls', 'hooks.confinement-lacks']);

/** @param terminal Written to as events come; warnings and errors go to stderr. */
export function createDevLog(terminal: Terminal, clock: Pick<Clock, 'now'>): Log {
  const time = (): string => terminal.style('dim', formatInstant(clock.now()).slice(11, 23));
  const field =
    (fields: LogFields) =>
    (name: string): string => {
      const value = fields[name];
      return value === undefined || value === null ? '' : safeLine(String(value));
    };
  const trouble = (severity: Style, event: string, fields: LogFields): void => {
    const facts = Object.entries(fields)
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => `${name} ${safeLine(String(value))}`);
    terminal.err(`${time()}  ${terminal.style(severity, event)}  ${facts.join(', ')}\n`);
  };
  return {
    debug: () => undefined,
    info: (event, fields = {}) => {
      const words = SHOWN[event];
      if (words === undefined) return;
      const [style, what, text] = words(field(fields));
      terminal
        .out(`${time()}  ${terminal.style(style, what.padEnd(6))}  ${text}\n`)
        // A terminal that has gone away does not stop the server.
        .catch(() => undefined);
    },
    warn: (event, fields = {}) => {
      if (event === 'config.warning') terminal.err(`${time()}  ${safeLine(String(fields['problem']))}\n`);
      else if (!UNSHOWN.has(event)) trouble('yellow', event, fields);
    },
    error: (event, fields = {}) => trouble('red', event, fields),
  };
}

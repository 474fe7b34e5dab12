/** What commands print alike. */
import type { AttentionOutput } from '../../operations/mailboxes.ts';
import type { Invocation } from './invocation.ts';
import { performInDaemon } from './perform.ts';
import { safeJson, safeLine } from './safe-text.ts';

/** JSON for machines: one value, one line, on stdout; harmless where a terminal shows it. */
export async function printJson(invocation: Invocation, value: unknown): Promise<void> {
  await invocation.terminal.out(`${safeJson(value)}\n`);
}

/** JSON where it was asked for, else what `text` makes of the value. */
export async function print<Value>(
  invocation: Invocation,
  value: Value,
  text: (value: Value) => string,
): Promise<void> {
  if (invocation.isJson) return printJson(invocation, value);
  await invocation.terminal.out(text(value));
}

/** `1 message waits: aimx mailboxes show agent`, one line a mailbox. */
function waitingLines(waiting: AttentionOutput['waiting']): string {
  return Object.entries(waiting)
    .map(([mailbox, count]) => {
      const messages = count === 1 ? '1 message waits' : `${count} messages wait`;
      return `${messages}: aimx mailboxes show ${safeLine(mailbox)}\n`;
    })
    .join('');
}

/** `2 runs held, 1 interrupted: aimx runs list --held`, what of ours is held, and what mail waits; or nothing. */
export function attentionLine({ held, interrupted, outgoing_held = 0, waiting }: AttentionOutput): string {
  return heldLine(held, interrupted) + outgoingLine(outgoing_held) + waitingLines(waiting);
}

/** `1 message that was sent is held: aimx queue list --held`. */
function outgoingLine(held: number): string {
  if (held === 0) return '';
  const what = held === 1 ? '1 message that was sent is held' : `${held} messages that were sent are held`;
  return `${what}: aimx queue list --held\n`;
}

function heldLine(held: number, interrupted: number): string {
  const runs = (count: number): string => (count === 1 ? '1 run' : `${count} runs`);
  if (held === 0 && interrupted === 0) return '';
  const what =
    held === 0
      ? `${runs(interrupted)} interrupted`
      : `${runs(held)} held${interrupted === 0 ? '' : `, ${interrupted} interrupted`}`;
  return `${what}: aimx runs list --held\n`;
}

/** For the foot of a list; without a daemon there is nobody to ask, and the list stands without it. */
export async function askAttention(invocation: Invocation): Promise<string> {
  if (invocation.isJson) return '';
  try {
    return attentionLine(await performInDaemon(invocation, 'attention', {}));
  } catch {
    // No daemon, or one of another version: the list itself is complete.
    return '';
  }
}

/** `2026-11-24 20:00:00`, UTC; `-` for null. */
export function shortTime(at: string | null): string {
  return at === null || at === '' ? '-' : at.slice(0, 19).replace('T', ' ');
}

/** The foot of a page that is not the last. */
export function moreLine(cursor: string | null, command: string): string {
  return cursor === null ? '' : `There are more: ${command} --cursor ${cursor}\n`;
}

/** Said before a message is read from stdin: a terminal waits for what is typed, and looks as if it hung. */
export function noteTyping({ stdin, terminal }: Pick<Invocation, 'stdin' | 'terminal'>): void {
  if (stdin.isTTY) terminal.err('Type or paste a message; Ctrl-D ends it.\n');
}

/** `aimx trace`: the story of a message, one line an event. */

import { formatDuration } from '../../../operations/trace/words.ts';
import type { TraceOutput } from '../../../operations/trace.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { performOnRows } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { print } from '../show.ts';
import type { Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';

function since(afterMs: number): string {
  return `${afterMs < 0 ? '' : '+'}${formatDuration(afterMs)}`;
}

function eventStyle(event: string, text: string): Parameters<Terminal['style']>[0] | null {
  if (event === 'delivery.absorbed') return 'cyan';
  if (/ (failed|was ended|is interrupted|could not)/.test(text)) return 'red';
  if (/ is held|waits|is to start again/.test(text)) return 'yellow';
  return / succeeded/.test(text) || event === 'delivery.delivered' ? 'green' : null;
}

/** A storm of equal retries is one line that counts them; `--json` has each. */
function foldEqual(
  events: TraceOutput['events'],
): readonly { after_ms: number; event: string; text: string }[] {
  const folded: { after_ms: number; event: string; text: string; count: number; lastMs: number }[] = [];
  for (const { after_ms, event, text } of events) {
    const last = folded.at(-1);
    if (last?.event === event && last.text === text) {
      last.count += 1;
      last.lastMs = after_ms;
    } else folded.push({ after_ms, event, text, count: 1, lastMs: after_ms });
  }
  return folded.map(({ after_ms, event, text, count, lastMs }) => ({
    after_ms,
    event,
    text: count === 1 ? text : `${text} (${count} times, the last at ${since(lastMs)})`,
  }));
}

function formatTrace(trace: TraceOutput, terminal: Pick<Terminal, 'style' | 'columns'>): string {
  const name = `${trace.mailbox}/${trace.id ?? '(not yet named)'}`;
  const head = [
    terminal.style('bold', safeLine(name)),
    ...(trace.path === null
      ? trace.state === 'delivered'
        ? ['file no longer where it was put: its owner has moved or deleted it']
        : []
      : [safeLine(trace.path)]),
    `${trace.accepted.via === 'submission' ? 'sent' : 'received'} ${(trace.events[0]?.at ?? trace.accepted.at).slice(0, 23).replace('T', ' ')} UTC; times below count from there`,
  ];
  const lines = foldEqual(trace.events);
  const stamps = lines.map(({ after_ms }) => since(after_ms));
  const width = Math.max(...stamps.map((stamp) => stamp.length));
  const events = lines.map(({ event, text }, index) => {
    const stamp = (stamps[index] ?? '').padStart(width);
    const safe = wrapText(safeLine(text), width + 4, terminal);
    const style = eventStyle(event, text);
    return `  ${terminal.style('dim', stamp)}  ${style === null ? safe : terminal.style(style, safe)}`;
  });
  const summary = trace.summary.map((sentence) => `  ${wrapText(safeLine(sentence), 2, terminal)}`);
  return `${[...head, '', ...events, '', terminal.style('bold', 'In short'), ...summary].join('\n')}\n`;
}

export const run: CommandBody = async (invocation) => {
  const input = { message: invocation.args[0] ?? '', mailbox: textOption(invocation, 'mailbox') };
  const trace = await performOnRows(
    invocation,
    'trace',
    input,
    async () => (await import('../../../operations/trace.ts')).trace,
  );
  await print(invocation, trace, (value) => formatTrace(value, invocation.terminal));
  return 0;
};

/**
 * `console` blocks of a page as sessions that can be played: commands after `$ `, and what they printed.
 *
 * A recorded output is compared by its shape. What differs from run to run (times, ids, ports, paths)
 * stands for anything of its kind, white space for any white space, `…` for anything at all.
 */

import assert from 'node:assert/strict';
import { escapePattern } from './pages.ts';

export interface RecordedCommand {
  readonly command: string;
  /** As the page has it. */
  readonly output: string;
}

/** Every fenced block of a language, in order. */
export function fencedBlocks(page: string, language: string): readonly string[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

export function recordedCommands(block: string): readonly RecordedCommand[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.split('\n');
      return { command, output: output.join('\n').trim() };
    });
}

const TOKENS: readonly (readonly [RegExp, string])[] = [
  [/…/, '[\\s\\S]*?'],
  [/\/home\/ada(?:\/[^\s'"]+)?|\/tmp\/[^\s'"]+/, '\\S+'],
  [/\d{4}-\d\d-\d\d-\d{6}-[\p{L}\p{N}-]+/u, '\\d{4}-\\d\\d-\\d\\d-\\d{6}-[\\p{L}\\p{N}-]+'],
  [
    /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/,
    '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z?',
  ],
  [/\d\d:\d\d:\d\d\.\d{3}/, '\\d\\d:\\d\\d:\\d\\d\\.\\d{3}'],
  [/127\.0\.0\.1:\d+/, '127\\.0\\.0\\.1:\\d+'],
  [/[0-9a-f]{12,64}/, '[0-9a-f]{12,64}'],
  [/\+?\d+(?:\.\d+)? (?:ms|s)\b/, '\\+?\\d+(?:\\.\\d+)? (?:ms|s)'],
  [/pid \d+/, 'pid \\d+'],
  [/queued as \d+/, 'queued as \\d+'],
  [/\s+/, '\\s+'],
];
const TOKEN = new RegExp(TOKENS.map(([kind]) => `(${kind.source})`).join('|'), 'gu');
/** What a later command may name again. */
const NAMED = /^(?:127\.0\.0\.1:\d+|[0-9a-f]{12,64}|\d{4}-\d\d-\d\d-\d{6}-.*)$/su;

/** A recorded output as a pattern, with a group for each thing that a later command may name. */
export function patternOf(recorded: string): { readonly pattern: RegExp; readonly names: readonly string[] } {
  const names: string[] = [];
  let source = '';
  let from = 0;
  for (const match of recorded.matchAll(TOKEN)) {
    source += escapePattern(recorded.slice(from, match.index));
    from = match.index + match[0].length;
    const kind = TOKENS[match.slice(1).findIndex((group) => group !== undefined)]?.[1] ?? '';
    if (NAMED.test(match[0])) {
      names.push(match[0]);
      source += `(${kind})`;
    } else source += kind;
  }
  source += escapePattern(recorded.slice(from));
  return { pattern: new RegExp(source, 'u'), names };
}

/**
 * Compares an output with what a page has of it.
 *
 * @returns What each name of the page is called in this run; null where the shape differs.
 */
export function matchRecorded(recorded: string, output: string): ReadonlyMap<string, string> | null {
  const { pattern, names } = patternOf(recorded);
  const match = pattern.exec(output);
  if (match === null) return null;
  return new Map(names.map((name, index) => [name, match[index + 1] ?? '']));
}

/**
 * Runs a command of a page and holds what it prints against what the page shows.
 *
 * @param names What the page's ids and times are called in this run: put in the command, learnt from its output.
 * @param run Gives back what a shell prints to stdout.
 */
export async function playCommand(
  { command, output }: RecordedCommand,
  names: Map<string, string>,
  run: (command: string) => Promise<string>,
): Promise<void> {
  let named = command;
  for (const [written, actual] of names) named = named.replaceAll(written, actual);
  const printed = await run(named);
  const learnt = matchRecorded(output, printed);
  assert.ok(
    learnt !== null,
    `$ ${command}\nShown:\n${output}\nPrinted:\n${printed}\n${patternOf(output).pattern}`,
  );
  // What stands for the same in the page stays the same.
  for (const [written, actual] of learnt) if (!names.has(written)) names.set(written, actual);
}

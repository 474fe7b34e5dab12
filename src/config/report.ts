/** Collects what is found wrong while a configuration is read, each with its place. */
import type { KeyPath, LineMap } from './line-map.ts';
import { type ConfigProblem, showValue } from './problem.ts';

/** Marks that nothing was found because the message says it all. */
export const UNSAID: unique symbol = Symbol('unsaid');

export interface Finding {
  readonly at: KeyPath;
  /** The value as it was read, or {@link UNSAID}. */
  readonly found: unknown;
  /** What is allowed, or what to do: it follows "found …; ". */
  readonly allowed: string;
}

export interface Report {
  error(finding: Finding): void;
  warn(finding: Finding): void;
  /** In file order; what has no line comes first. */
  problems(severity: ConfigProblem['severity']): readonly ConfigProblem[];
}

/** `['hooks', 1, 'cmd']` → `hooks[1].cmd`. */
export function formatKey(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** @param path The file, as messages name it. */
export function createReport(path: string, lines: LineMap): Report {
  const found: ConfigProblem[] = [];
  const add = (severity: ConfigProblem['severity'], finding: Finding): void => {
    const { at } = finding;
    const inMailbox = at[0] === 'mailboxes' && at.length > 1;
    const key = formatKey(inMailbox ? at.slice(2) : at);
    found.push({
      severity,
      path,
      line: lines.lineOf(at),
      mailbox: inMailbox ? String(at[1]) : null,
      key: key === '' ? null : key,
      found: finding.found === UNSAID ? null : showValue(finding.found),
      allowed: finding.allowed,
    });
  };
  return {
    error: (finding) => add('error', finding),
    warn: (finding) => add('warning', finding),
    problems: (severity) =>
      found
        .filter((problem) => problem.severity === severity)
        .map((problem, index) => ({ problem, index }))
        .sort((a, b) => (a.problem.line ?? 0) - (b.problem.line ?? 0) || a.index - b.index)
        .map(({ problem }) => problem),
  };
}

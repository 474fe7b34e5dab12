/** What is wrong, or doubtful, in a `config.toml`, in a form that a person can act on. */

export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** The file, as it was named by the caller. */
  readonly path: string;
  /** 1-based; null where nothing in the file stands for it. */
  readonly line: number | null;
  /** Name of the mailbox's table. */
  readonly mailbox: string | null;
  /** Dotted from the mailbox, or from the top: `hooks[1].timeout_secs`, `smtp.bind[0]`. */
  readonly key: string | null;
  /** What was found, as TOML or in words; null where the message says it. */
  readonly found: string | null;
  /** What is allowed, or what to do instead. */
  readonly allowed: string;
}

/** One line: `config.toml:12: mailbox "sam", hooks[0].timeout_secs: found 0, allowed is …`. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line === null ? problem.path : `${problem.path}:${problem.line}`;
  const subject = [
    ...(problem.mailbox === null ? [] : [`mailbox ${JSON.stringify(problem.mailbox)}`]),
    ...(problem.key === null ? [] : [problem.key]),
  ].join(', ');
  const what = problem.found === null ? problem.allowed : `found ${problem.found}; ${problem.allowed}`;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  return subject === '' ? `${place}: ${severity}${what}` : `${place}: ${severity}${subject}: ${what}`;
}

/** Longest value that a message shows; the rest is cut and marked. */
const SHOWN_CHARACTERS_MAX = 80;

/** A value as it stands in the file, on one line and bounded. Never throws. */
export function showValue(value: unknown): string {
  const text = rawText(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function rawText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(rawText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return 'a table';
  if (typeof value === 'string') return JSON.stringify(value);
  return String(value);
}

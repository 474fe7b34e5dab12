/** `config check`: everything that is wrong with `config.toml`, at once and in file order. */
import { type ConfigProblem, formatProblem } from '../config/problem.ts';
import { assertRoot } from './access.ts';
import type { CallOperation } from './operation.ts';

export interface ProblemView {
  readonly severity: string;
  readonly path: string;
  readonly line: number | null;
  readonly mailbox: string | null;
  readonly key: string | null;
  readonly found: string | null;
  readonly allowed: string;
  /** The same as one line. */
  readonly text: string;
}

export interface ConfigCheckOutput {
  readonly path: string;
  readonly valid: boolean;
  readonly problems: readonly ProblemView[];
}

function viewProblem(problem: ConfigProblem): ProblemView {
  const { severity, path, line, mailbox, key, found, allowed } = problem;
  return { severity, path, line, mailbox, key, found, allowed, text: formatProblem(problem) };
}

export const configCheck: CallOperation<Record<string, never>, ConfigCheckOutput> = {
  kind: 'call',
  summary: 'Checks config.toml: every fault with its line, what was found and what is allowed.',
  who: 'root',
  errors: ['request.forbidden', 'config.missing'],
  changes: false,
  async run(_input, context) {
    assertRoot(context);
    const { path, outcome } = await context.readConfigFile();
    const problems = outcome.kind === 'valid' ? outcome.warnings : [...outcome.problems, ...outcome.warnings];
    return { path, valid: outcome.kind === 'valid', problems: problems.map(viewProblem) };
  },
};

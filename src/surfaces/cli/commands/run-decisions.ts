/** `aimx runs release|replay|cancel`. */
import type { RunSelection, RunsReleaseOutput } from '../../../operations/run-decisions.ts';
import { shortRunId } from '../../../operations/run-view.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { print } from '../show.ts';
import type { Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';

function selection(invocation: Invocation): RunSelection {
  return {
    ...(invocation.args.length === 0 ? {} : { run_ids: invocation.args }),
    all: flagOption(invocation, 'all') || undefined,
    mailbox: textOption(invocation, 'mailbox'),
    hook: textOption(invocation, 'hook'),
  };
}

function formatIds(what: string, none: string): (ids: readonly string[]) => string {
  return (ids) => (ids.length === 0 ? `${none}\n` : ids.map((id) => `${what} ${shortRunId(id)}\n`).join(''));
}

/** More lines than a person reads; `--json` has all. */
const KEPT_SHOWN_MAX = 20;

/** Which runs `--re-evaluate` did not release, and why. */
function formatKept(kept: RunsReleaseOutput['kept'], terminal: Terminal): string {
  const lines = kept.slice(0, KEPT_SHOWN_MAX).map(({ run_id, mailbox, id, hook, reason }) => {
    const what = `Still held ${shortRunId(run_id)}  ${safeLine(`${hook}, ${mailbox}/${id}`)}`;
    return `${what}\n  ${wrapText(safeLine(reason), 2, terminal)}\n`;
  });
  const rest = kept.length - lines.length;
  return lines.join('') + (rest > 0 ? `and ${rest} more: aimx runs list --held\n` : '');
}

export const release: CommandBody = async (invocation) => {
  const answer = await performInDaemon(invocation, 'runs.release', {
    ...selection(invocation),
    re_evaluate: flagOption(invocation, 'reEvaluate') || undefined,
  });
  const format = formatIds('Released', 'No held run fits: nothing was released.');
  await print(
    invocation,
    answer,
    ({ released, kept }) =>
      (released.length === 0 && kept.length > 0 ? 'Nothing was released.\n' : format(released)) +
      formatKept(kept, invocation.terminal),
  );
  return 0;
};

export const replay: CommandBody = async (invocation) => {
  const answer = await performInDaemon(invocation, 'runs.replay', { run_id: invocation.args[0] ?? '' });
  await print(
    invocation,
    answer,
    ({ run }) =>
      `Run ${shortRunId(run.run_id)} is replay ${run.generation} of hook ${run.hook} for ${run.mailbox}/${run.id}\n`,
  );
  return 0;
};

export const cancel: CommandBody = async (invocation) => {
  const answer = await performInDaemon(invocation, 'runs.cancel', selection(invocation));
  const format = formatIds('Cancelled', 'No held run fits: nothing was cancelled.');
  await print(invocation, answer, ({ cancelled }) => format(cancelled));
  return 0;
};

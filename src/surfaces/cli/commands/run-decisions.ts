/** `aimx runs release|replay|cancel`. */
import type { RunSelection } from '../../../operations/run-decisions.ts';
import { shortRunId } from '../../../operations/run-view.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon } from '../perform.ts';
import { print } from '../show.ts';

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

export const release: CommandBody = async (invocation) => {
  const answer = await performInDaemon(invocation, 'runs.release', {
    ...selection(invocation),
    re_evaluate: flagOption(invocation, 'reEvaluate') || undefined,
  });
  const format = formatIds('Released', 'No held run fits: nothing was released.');
  await print(invocation, answer, ({ released }) => format(released));
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

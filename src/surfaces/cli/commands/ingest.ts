/** `aimx ingest`: through the daemon where there is one, else with a daemon's core of its own. */
import type { IngestOutput } from '../../../operations/ingest.ts';
import { shortRunId } from '../../../operations/run-view.ts';
import { AimxError, isErrno } from '../../../system/errors.ts';
import { jsonLog } from '../../../system/log.ts';
import { daemonOptions } from '../daemon-options.ts';
import type { CommandBody, Invocation } from '../invocation.ts';
import { uploadToDaemon } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { noteTyping, print } from '../show.ts';

/** Of runs that can be replayed. */
const FINAL_STATES: readonly string[] = ['succeeded', 'failed', 'timed_out', 'interrupted', 'cancelled'];
const BAD_STATES: readonly string[] = ['failed', 'timed_out', 'interrupted', 'cancelled'];

async function withCore(invocation: Invocation, recipient: string): Promise<IngestOutput> {
  const core = await invocation.starters.startCore(daemonOptions(invocation, jsonLog('error')));
  try {
    const { ingest } = await import('../../../operations/ingest.ts');
    return await ingest.run({ recipient }, invocation.stdin, {
      ...core.world,
      caller: { kind: 'local', uid: invocation.uid },
      owned: 'all',
      signal: new AbortController().signal,
    });
  } finally {
    await core.stop();
  }
}

/** Who sends the same message again to try a hook wants it to start again: how that is asked for. */
function againLines({ mailbox, id, earlier_runs }: IngestOutput): readonly string[] {
  const forget = `To deliver it once more: aimx dedup forget ${safeLine(`${mailbox}/${id ?? ''}`)}, then send it again`;
  // Newest first: the last generation of each hook.
  const last = earlier_runs.filter(
    (run, index) => earlier_runs.findIndex(({ hook }) => hook === run.hook) === index,
  );
  const replays = last
    .filter(({ state }) => FINAL_STATES.includes(state))
    .map(
      ({ hook, run_id }) => `To start hook ${safeLine(hook)} again: aimx runs replay ${shortRunId(run_id)}`,
    );
  return [...replays.toReversed(), forget];
}

function formatOutcome(answer: IngestOutput): string {
  const name = safeLine(`${answer.mailbox}/${answer.id ?? ''}`);
  const lines: string[] = [];
  if (answer.outcome === 'delivered') lines.push(`Delivered ${safeLine(answer.path ?? name)}`);
  if (answer.outcome === 'absorbed')
    lines.push(`Absorbed: ${name} is this message already; no hook was started`, ...againLines(answer));
  if (answer.outcome === 'accepted') lines.push('Accepted: it is on stable storage');
  if (answer.outcome === 'waiting') lines.push(`Accepted, and waits: ${safeLine(answer.reason ?? '')}`);
  for (const run of answer.runs) {
    const why = run.reason === null ? '' : ` (${safeLine(run.reason)})`;
    lines.push(`Hook ${safeLine(run.hook)}: ${run.state}${why}`);
  }
  return `${lines.join('\n')}\n`;
}

export const run: CommandBody = async (invocation) => {
  const recipient = invocation.args[0] ?? '';
  noteTyping(invocation);
  let answer: IngestOutput;
  try {
    answer = await uploadToDaemon(invocation, 'ingest', { recipient }, invocation.stdin);
  } catch (error) {
    if (!(error instanceof AimxError) || error.code !== 'daemon.unreachable') throw error;
    answer = await withCore(invocation, recipient).catch((failure: unknown) => {
      // Who may not do the work himself needs the daemon, which does not answer.
      throw isErrno(failure, 'EACCES', 'EPERM') ? error : failure;
    });
  }
  await print(invocation, answer, formatOutcome);
  const failed = answer.outcome === 'waiting' || answer.runs.some(({ state }) => BAD_STATES.includes(state));
  return failed ? 1 : 0;
};

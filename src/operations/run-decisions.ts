/** `runs release|replay|cancel`: somebody decides about runs. */
import type { RunFilter, RunId, RunRow } from '../journal/journal.ts';
import { FINAL_RUN_STATES, toRunId } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import { callerName, mailboxScope, maySee, refuseUnknownMailbox, requireJournal } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { PAGE_MAX } from './page.ts';
import { type RunView, viewRun } from './run-view.ts';
import { ownRun, type RunInput } from './runs.ts';
import { gateToday } from './trust-today.ts';

/** Which runs a decision is about: those named, or all that fit. */
export interface RunSelection {
  readonly run_ids?: readonly string[] | undefined;
  /** All that fit `mailbox` and `hook`. */
  readonly all?: boolean | undefined;
  readonly mailbox?: string | undefined;
  readonly hook?: string | undefined;
}

export interface RunsReleaseInput extends RunSelection {
  /** Only those that would not be held by today's configuration; of all that fit, where no run is named. */
  readonly re_evaluate?: boolean | undefined;
}

async function heldRuns(context: OperationContext, filter: RunFilter): Promise<readonly RunRow[]> {
  const journal = requireJournal(context);
  const found: RunRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await journal.query('runs', {
      filter,
      limit: PAGE_MAX,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.rows.filter((run) => maySee(context, run)));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

async function selectRuns(context: OperationContext, selection: RunSelection): Promise<readonly RunRow[]> {
  const ids = selection.run_ids ?? [];
  if (ids.length > 0) return Promise.all(ids.map((runId) => ownRun(context, runId)));
  if (selection.all !== true)
    throw new AimxError('request.invalid', 'No run was named', {
      hint: 'give run ids, or --all for every held run',
    });
  const mailboxes = mailboxScope(context, selection.mailbox);
  const found = await heldRuns(context, {
    states: ['held'],
    ...(mailboxes === undefined ? {} : { mailboxes }),
    ...(selection.hook === undefined ? {} : { hook: selection.hook }),
  });
  refuseUnknownMailbox(context, selection.mailbox, found);
  return found;
}

export interface RunsReleaseOutput {
  readonly released: readonly string[];
  /** With `re_evaluate`: those that the configuration of today would hold as well, and why. */
  readonly kept: readonly KeptRun[];
}

export interface KeptRun {
  readonly run_id: string;
  readonly mailbox: string;
  readonly id: string;
  readonly hook: string;
  /** `<code>: <sentence>`, by the configuration of today. */
  readonly reason: string;
}

function keptRun({ runId, mailbox, id, hook }: RunRow, reason: string): KeptRun {
  return { run_id: runId, mailbox, id, hook, reason };
}

async function release(
  context: OperationContext,
  runs: readonly RunRow[],
  options: { readonly oncePerLetter: boolean },
): Promise<readonly RunId[]> {
  if (runs.length === 0) return [];
  const { released } = await requireJournal(context).advance('release-runs', {
    filter: { runIds: runs.map(({ runId }) => runId) },
    ...options,
    by: callerName(context),
    at: context.clock.now(),
  });
  return released;
}

async function releaseByToday(
  context: OperationContext,
  selected: readonly RunRow[],
): Promise<RunsReleaseOutput> {
  const kept: KeptRun[] = [];
  const once: RunRow[] = [];
  const others: RunRow[] = [];
  for (const run of selected) {
    const { held, oncePerLetter } = await gateToday(context, run);
    if (held !== null) kept.push(keptRun(run, held));
    else (oncePerLetter ? once : others).push(run);
  }
  const released = [
    ...(await release(context, once, { oncePerLetter: true })),
    ...(await release(context, others, { oncePerLetter: false })),
  ];
  // Which letters have started is for the journal to say, in the same moment as it lets one go.
  for (const run of once.filter(({ runId }) => !released.includes(runId))) {
    const now = await requireJournal(context).query('run', { runId: run.runId });
    if (now?.state === 'held' && now.reason !== null) kept.push(keptRun(now, now.reason));
  }
  return { released, kept };
}

export const runsRelease: CallOperation<RunsReleaseInput, RunsReleaseOutput> = {
  kind: 'call',
  summary: 'Lets held runs go; each starts once.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'request.conflict', 'daemon.unreachable'],
  changes: true,
  async run(input, context) {
    // Nothing starts by it that the configuration does not let start, so all of them may be meant.
    const all = input.all === true || input.re_evaluate === true;
    const selected = await selectRuns(context, { ...input, all });
    const notHeld = selected.find((run) => run.state !== 'held');
    if (notHeld !== undefined)
      throw new AimxError('request.conflict', `Run ${notHeld.runId} is ${notHeld.state}, not held`, {
        hint:
          notHeld.state === 'interrupted'
            ? `aimx runs replay ${notHeld.runId} starts it again as a new generation`
            : `aimx runs show ${notHeld.runId} says how it stands`,
      });
    const outcome: RunsReleaseOutput =
      input.re_evaluate === true
        ? await releaseByToday(context, selected)
        : { released: await release(context, selected, { oncePerLetter: false }), kept: [] };
    context.runner?.wake();
    return outcome;
  },
};

export interface RunsReplayOutput {
  readonly run: RunView;
}

export const runsReplay: CallOperation<RunInput, RunsReplayOutput> = {
  kind: 'call',
  summary: 'Starts a finished or interrupted run again, as a new generation.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'request.conflict', 'daemon.unreachable'],
  changes: true,
  async run(input, context) {
    const journal = requireJournal(context);
    const run = await ownRun(context, input.run_id);
    if (!FINAL_RUN_STATES.includes(run.state))
      throw new AimxError(
        'request.conflict',
        `Run ${run.runId} is ${run.state}; only a finished run is replayed`,
        {
          hint:
            run.state === 'held'
              ? `aimx runs release ${run.runId} lets it go`
              : `wait for its end, or aimx runs cancel ${run.runId}`,
        },
      );
    const replayed = await journal.advance('replay-run', {
      runId: run.runId,
      newRunId: toRunId(context.random.hex(16)),
      by: callerName(context),
      at: context.clock.now(),
    });
    context.runner?.wake();
    return { run: viewRun(replayed.run) };
  },
};

export interface RunsCancelInput extends RunSelection {}

export interface RunsCancelOutput {
  readonly cancelled: readonly string[];
}

async function cancelOne(context: OperationContext, run: RunRow): Promise<boolean> {
  const journal = requireJournal(context);
  const { cancelled } = await journal.advance('cancel-runs', {
    filter: { runIds: [run.runId] },
    by: callerName(context),
    reason: `cancelled: by ${callerName(context)}`,
    at: context.clock.now(),
  });
  if (cancelled.includes(run.runId)) return true;
  // It is claimed or running: only the holder of the mark may end it.
  return (await context.runner?.cancel(run.runId, callerName(context))) ?? false;
}

export const runsCancel: CallOperation<RunsCancelInput, RunsCancelOutput> = {
  kind: 'call',
  summary: 'Cancels runs: those that wait never start, one that is running is ended.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'request.conflict', 'daemon.unreachable'],
  changes: true,
  async run(input, context) {
    const selected = await selectRuns(context, input);
    const cancelled: string[] = [];
    for (const run of selected) if (await cancelOne(context, run)) cancelled.push(run.runId);
    const first = selected[0];
    if (cancelled.length === 0 && first !== undefined)
      throw new AimxError('request.conflict', `Run ${first.runId} has already ended: ${first.state}`, {
        hint: `aimx runs show ${first.runId} says how`,
      });
    return { cancelled };
  },
};

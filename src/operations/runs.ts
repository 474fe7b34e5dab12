/** `runs list|show|output`: what hooks have done and are about to do. Reading only. */
import type { AttemptOutput } from '../hooks/hooks.ts';
import { type RunRow, type RunState, toRunId } from '../journal/journal.ts';
import { formatInstant } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { mailboxScope, maySee, noSuchRun, refuseUnknownMailbox, requireRows } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { type PageInput, pageLimit } from './page.ts';
import { type RunView, viewRun } from './run-view.ts';

export interface RunsListInput extends PageInput {
  readonly mailbox?: string | undefined;
  readonly hook?: string | undefined;
  readonly state?: RunState | undefined;
  /** Those that wait for a decision: `held` and `interrupted`. */
  readonly held?: boolean | undefined;
}

export interface RunsListOutput {
  readonly runs: readonly RunView[];
  readonly next_cursor: string | null;
}

/** States that wait for a person or an agent. */
export const WAITING_STATES: readonly RunState[] = ['held', 'interrupted'];

function wantedStates(input: RunsListInput): readonly RunState[] | undefined {
  if (input.state !== undefined) return [input.state];
  return input.held === true ? WAITING_STATES : undefined;
}

export const runsList: CallOperation<RunsListInput, RunsListOutput> = {
  kind: 'call',
  summary: 'Lists runs of hooks in every state, newest first.',
  who: 'owner',
  errors: ['request.not-found', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const mailboxes = mailboxScope(context, input.mailbox);
    const states = wantedStates(input);
    const page = await requireRows(context).query('runs', {
      filter: {
        ...(mailboxes === undefined ? {} : { mailboxes }),
        ...(input.hook === undefined ? {} : { hook: input.hook }),
        ...(states === undefined ? {} : { states }),
      },
      limit: pageLimit(input),
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    const runs = page.rows.filter((run) => maySee(context, run)).map(viewRun);
    refuseUnknownMailbox(context, input.mailbox, runs);
    return { runs, next_cursor: page.nextCursor };
  },
};

/** Shorter ones are more likely mistyped than meant, and would soon fit several runs. */
const RUN_ID_PREFIX = /^[0-9a-f]{6,}$/;
/** Candidates that are named where a prefix fits several runs. */
const CANDIDATES_MAX = 5;

/**
 * @param reference A run's id, or as many of its first hex digits as no other run of the caller has: 6 at least.
 * @throws `request.not-found` for a run that is absent or not the caller's, `request.ambiguous` with
 *   `detail.candidates`.
 */
export async function ownRun(context: OperationContext, reference: string): Promise<RunRow> {
  const rows = requireRows(context);
  const run = await rows.query('run', { runId: toRunId(reference) });
  if (run !== null && maySee(context, run)) return run;
  if (!RUN_ID_PREFIX.test(reference)) throw noSuchRun(reference);
  const mailboxes = mailboxScope(context, undefined);
  const page = await rows.query('runs', {
    filter: mailboxes === undefined ? {} : { mailboxes },
    runIdPrefix: reference,
    limit: CANDIDATES_MAX,
  });
  const [first, ...others] = page.rows.filter((row) => maySee(context, row));
  if (first === undefined) throw noSuchRun(reference);
  if (others.length === 0) return first;
  const candidates = [first, ...others].map(({ runId }) => runId);
  throw new AimxError(
    'request.ambiguous',
    `${JSON.stringify(reference)} begins the ids of several runs: ${candidates.join(', ')}`,
    { hint: 'give more digits', detail: { candidates } },
  );
}

export interface RunInput {
  readonly run_id: string;
}

export interface RunsShowOutput {
  readonly run: RunView;
  /** Every change of its state, oldest first. */
  readonly events: readonly {
    readonly at: string;
    readonly event: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
}

export const runsShow: CallOperation<RunInput, RunsShowOutput> = {
  kind: 'call',
  summary: 'Shows one run: its state, its reason and every attempt.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const run = await ownRun(context, input.run_id);
    const trace = await requireRows(context).query('trace', { deliveryId: run.deliveryId });
    return {
      run: viewRun(run),
      events: trace.rows
        .filter((row) => row.runId === run.runId)
        .map((row) => ({ at: formatInstant(row.at), event: row.event, detail: row.detail })),
    };
  },
};

export interface RunsOutputInput extends RunInput {
  /** From 1; the last where absent. */
  readonly attempt?: number | undefined;
}

export interface RunsOutputOutput {
  readonly run_id: string;
  readonly attempt: number;
  /**
   * `unfinished`: something of it runs, and its output is not known until that ends. `lost`: the machine
   * or the processes ended before it was written.
   */
  readonly state: 'kept' | 'unfinished' | 'lost';
  /** The last 64 KiB, as UTF-8; bytes that are none are replaced. Null unless `kept`. */
  readonly stdout: string | null;
  readonly stderr: string | null;
}

export const runsOutput: CallOperation<RunsOutputInput, RunsOutputOutput> = {
  kind: 'call',
  summary: 'Shows what a hook printed: the last 64 KiB of stdout and of stderr.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const run = await ownRun(context, input.run_id);
    if (context.runner === null)
      throw new AimxError(
        'daemon.unreachable',
        'Captured output is read through the daemon, which is not running',
        {
          hint: 'start it with aimx serve',
        },
      );
    const attempt = input.attempt ?? run.attempt;
    const output: AttemptOutput =
      attempt < 1 ? { kind: 'none' } : await context.runner.output(run.runId, attempt);
    if (output.kind === 'none')
      throw new AimxError(
        'request.not-found',
        attempt < 1
          ? `Run ${run.runId} has not started, so there is no output`
          : `There is no output of attempt ${attempt} of run ${run.runId}`,
        { hint: `aimx runs show ${run.runId} says how it stands` },
      );
    const of = { run_id: run.runId, attempt };
    if (output.kind !== 'kept') return { ...of, state: output.kind, stdout: null, stderr: null };
    const decoder = new TextDecoder('utf-8');
    return {
      ...of,
      state: output.kind,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  },
};

/** `aimx runs list|show|output`. */
import { type RunView, shortRunId } from '../../../operations/run-view.ts';
import type { RunsListInput, RunsOutputOutput, RunsShowOutput } from '../../../operations/runs.ts';
import { type CommandBody, flagOption, textOption } from '../invocation.ts';
import { performOnRows } from '../perform.ts';
import { safeLine, safeText } from '../safe-text.ts';
import { moreLine, print, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';
import { pageOptions, positiveNumber } from './page-options.ts';

/** More attempts than a run can have: retries are an integer in the config. */
const ATTEMPT_MAX = 1_000_000;

const STATE_STYLE: Readonly<Record<string, Style>> = {
  succeeded: 'green',
  failed: 'red',
  timed_out: 'red',
  interrupted: 'red',
  held: 'yellow',
  running: 'cyan',
  claimed: 'cyan',
};

function resultOf(run: RunView): string {
  const exit = run.signal ?? (run.exit_code === null ? '' : `exit ${run.exit_code}`);
  // Such a reason says in words what stands before it.
  const reason = /^(?:exit|signal): /.test(run.reason ?? '') && exit !== '' ? '' : run.reason;
  return [exit, reason].filter(Boolean).join(', ');
}

/** `told (deferred) (replay 1)`: which hook, what it is told, and whether somebody had it started again. */
function hookOf({ hook, send_status, generation }: RunView): string {
  const told = send_status === null ? '' : ` (${send_status})`;
  return `${hook}${told}${generation === 0 ? '' : ` (replay ${generation})`}`;
}

const COLUMNS: readonly Column<RunView>[] = [
  { title: 'RUN', value: (run) => shortRunId(run.run_id) },
  { title: 'STATE', value: (run) => run.state, style: (run) => STATE_STYLE[run.state] ?? null },
  {
    title: 'HOOK',
    value: hookOf,
    shrinkTo: 8,
  },
  {
    title: 'MESSAGE',
    value: (run) => `${run.mailbox}/${run.id}`,
    shrinkTo: 24,
    isLastCut: true,
    leaveOut: 1,
  },
  { title: 'STARTED (UTC)', value: (run) => shortTime(run.started_at), leaveOut: 4 },
  { title: 'STARTS', value: (run) => String(run.attempt), leaveOut: 3 },
  { title: 'RESULT', value: resultOf, shrinkTo: 10, leaveOut: 2 },
];

/** Most of what is held has never started: columns that would say so in every row make room for the reason. */
function columnsFor(runs: readonly RunView[]): readonly Column<RunView>[] {
  const haveStarted = runs.some(({ attempt, started_at }) => attempt > 0 || started_at !== null);
  return haveStarted ? COLUMNS : COLUMNS.filter(({ title }) => !title.startsWith('START'));
}

export const list: CommandBody = async (invocation) => {
  const input: RunsListInput = {
    mailbox: textOption(invocation, 'mailbox'),
    hook: textOption(invocation, 'hook'),
    state: textOption(invocation, 'state') as RunsListInput['state'],
    held: flagOption(invocation, 'held') || undefined,
    ...pageOptions(invocation),
  };
  const page = await performOnRows(
    invocation,
    'runs.list',
    input,
    async () => (await import('../../../operations/runs.ts')).runsList,
  );
  await print(invocation, page, ({ runs, next_cursor }) =>
    runs.length === 0
      ? 'No runs.\n'
      : formatTable(runs, columnsFor(runs), invocation.terminal) + moreLine(next_cursor, 'aimx runs list'),
  );
  return 0;
};

function formatFacts(facts: readonly (readonly [string, string])[], terminal: Terminal): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .map(([name, value]) => `${name.padEnd(width)}  ${wrapText(safeLine(value), width + 2, terminal)}\n`)
    .join('');
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** Behind the time of an event. */
const EVENT_INDENT = 23;

function formatRun({ run, events }: RunsShowOutput, terminal: Terminal): string {
  const facts: readonly (readonly [string, string])[] = [
    ['run', run.run_id],
    ['state', run.state],
    ['reason', run.reason ?? '-'],
    ['hook', `${run.hook} (${run.event}${run.send_status === null ? '' : `: ${run.send_status}`})`],
    ['message', `${run.mailbox}/${run.id}`],
    ['generation', String(run.generation)],
    ['starts', String(run.attempt)],
    ['due', shortTime(run.due_at)],
    ['started', shortTime(run.started_at)],
    ['ended', shortTime(run.ended_at)],
    ['result', run.signal ?? (run.exit_code === null ? '-' : `exit ${run.exit_code}`)],
  ];
  const story = events.map(
    ({ at, event, detail }) =>
      `  ${shortTime(at)}  ${wrapText(safeLine(`${event}  ${detailText(detail)}`).trimEnd(), EVENT_INDENT, terminal)}\n`,
  );
  return `${formatFacts(facts, terminal)}\n${story.join('')}`;
}

export const show: CommandBody = async (invocation) => {
  const shown = await performOnRows(
    invocation,
    'runs.show',
    { run_id: invocation.args[0] ?? '' },
    async () => (await import('../../../operations/runs.ts')).runsShow,
  );
  await print(invocation, shown, (value) => formatRun(value, invocation.terminal));
  return 0;
};

const NO_OUTPUT: Readonly<Record<RunsOutputOutput['state'], string>> = {
  kept: 'nothing',
  unfinished: 'not known until it ends',
  lost: 'not kept: the machine or the processes ended before it was written',
};

function formatOutput({ state, stdout, stderr }: RunsOutputOutput): string {
  const part = (title: string, text: string | null): string =>
    text === null || text === ''
      ? `${title}: ${NO_OUTPUT[state]}\n`
      : `${title}:\n${safeText(text)}${text.endsWith('\n') ? '' : '\n'}`;
  return part('stdout', stdout) + part('stderr', stderr);
}

export const output: CommandBody = async (invocation) => {
  const attempt = textOption(invocation, 'attempt');
  const captured = await performOnRows(
    invocation,
    'runs.output',
    {
      run_id: invocation.args[0] ?? '',
      ...(attempt === undefined ? {} : { attempt: positiveNumber('--attempt', attempt, ATTEMPT_MAX) }),
    },
    async () => (await import('../../../operations/runs.ts')).runsOutput,
  );
  await print(invocation, captured, formatOutput);
  return 0;
};

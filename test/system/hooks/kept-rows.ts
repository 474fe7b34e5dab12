/**
 * Rows of runs in a file, written whole and flushed at each change: the part of the journal that the
 * runner needs, so that these tests show the runner's promises and not SQLite's. A second process
 * that opens the same file goes on where the first was killed.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Journal, MailboxId, RunId, RunRow, Transitions } from '../../../src/journal/journal.ts';
import { FINAL_RUN_STATES } from '../../../src/journal/journal.ts';

export interface KeptRows {
  readonly journal: Pick<Journal, 'advance' | 'query' | 'onChange' | 'folders'>;
  rows(): readonly RunRow[];
  row(runId: string): RunRow;
  insert(row: RunRow): void;
  /** Resolves when `runId` is in one of these states. */
  until(runId: string, ...states: readonly RunRow['state'][]): Promise<RunRow>;
}

/** @param options.durable False for measuring the runner without the cost of these rows. */
export function keptRows(
  folder: string,
  options: { readonly durable: boolean } = { durable: true },
): KeptRows {
  const path = join(folder, 'rows.json');
  const folders = {
    staging: join(folder, 'staging'),
    stdin: join(folder, 'stdin'),
    runs: join(folder, 'runs'),
  };
  for (const each of Object.values(folders)) mkdirSync(each, { recursive: true, mode: 0o700 });
  const rows = new Map<string, RunRow>(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []);
  const listeners = new Set<() => void>();
  const commit = (): void => {
    for (const listener of [...listeners]) queueMicrotask(listener);
    if (!options.durable) return;
    const fd = openSync(`${path}.new`, 'w');
    writeSync(fd, JSON.stringify([...rows]));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(`${path}.new`, path);
  };
  const change = (
    runId: string,
    attempt: number | null,
    states: readonly string[],
    with_: Partial<RunRow>,
  ): void => {
    const row = rows.get(runId);
    if (row === undefined || !states.includes(row.state) || (attempt !== null && row.attempt !== attempt))
      return;
    rows.set(runId, { ...row, ...with_ });
    commit();
  };
  const claim = ({
    limit,
    limits,
    at,
  }: Transitions['claim-runs']['in']): Transitions['claim-runs']['out'] => {
    const open = (): RunRow[] =>
      [...rows.values()].filter(({ state }) => state === 'claimed' || state === 'running');
    const claimed: RunRow[] = [];
    const sorted = [...rows.values()].sort((a, b) => a.sequence - b.sequence || a.ordinal - b.ordinal);
    for (const row of sorted) {
      if (claimed.length >= limit) break;
      if (row.state !== 'due' || (row.dueAt ?? 0) > at) continue;
      const others = open();
      const perMailbox = limits.perMailbox[row.mailboxId] ?? limits.perMailboxDefault;
      if (others.filter(({ mailboxId }) => mailboxId === row.mailboxId).length >= perMailbox) continue;
      if (others.filter(({ hook }) => hook === row.hook).length >= (limits.perHook[row.hook] ?? 1e9))
        continue;
      if (others.some(({ deliveryId }) => deliveryId === row.deliveryId)) continue;
      const earlier = sorted.some(
        (each) =>
          each.deliveryId === row.deliveryId &&
          each.ordinal < row.ordinal &&
          !['held', ...FINAL_RUN_STATES].includes(each.state),
      );
      if (earlier) continue;
      const next: RunRow = { ...row, state: 'claimed', attempt: row.attempt + 1 };
      rows.set(row.runId, next);
      claimed.push(next);
    }
    if (claimed.length > 0) commit();
    const later = [...rows.values()].filter(({ state, dueAt }) => state === 'due' && (dueAt ?? 0) > at);
    return { runs: claimed, nextDueAt: later.map(({ dueAt }) => dueAt).sort()[0] ?? null };
  };
  const advance = async (kind: string, input: never): Promise<unknown> => {
    const { runId, attempt, at, ...rest } = input as {
      runId: string;
      attempt: number;
      at: RunRow['dueAt'];
    } & Partial<RunRow> & { started: boolean };
    switch (kind) {
      case 'claim-runs':
        return claim(input);
      case 'run-started':
        return change(runId, attempt, ['claimed'], { state: 'running', startedAt: rest.startedAt ?? null });
      case 'run-ended':
        return change(runId, attempt, ['claimed', 'running'], { ...rest, endedAt: rest.endedAt ?? at });
      case 'run-again':
        return change(runId, attempt, ['claimed', 'running'], {
          state: 'due',
          dueAt: rest.dueAt ?? null,
          reason: rest.reason ?? null,
          attempt: rest.started ? attempt : attempt - 1,
        });
      case 'cancel-runs': {
        const [id] = (input as Transitions['cancel-runs']['in']).filter.runIds ?? [];
        const before = id === undefined ? undefined : rows.get(id);
        if (before === undefined || !['due', 'held', 'interrupted'].includes(before.state))
          return { cancelled: [] };
        change(before.runId, null, [before.state], { state: 'cancelled' });
        return { cancelled: [id] };
      }
      default:
        throw new Error(`Not needed here: ${kind}`);
    }
  };
  const query = async (kind: string, input: { runId?: RunId }): Promise<unknown> => {
    if (kind === 'run') return rows.get(input.runId ?? '') ?? null;
    return [...rows.values()].filter(({ state }) => state === 'claimed' || state === 'running');
  };
  const onChange = (_kind: string, listener: () => void): Disposable => {
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  };
  return {
    journal: { advance, query, onChange, folders } as KeptRows['journal'],
    rows: () => [...rows.values()],
    row(runId) {
      const row = rows.get(runId);
      if (row === undefined) throw new Error(`No run ${runId}`);
      return row;
    },
    insert(row) {
      rows.set(row.runId, row);
      commit();
    },
    until(runId, ...states) {
      return new Promise((resolve) => {
        const look = (): void => {
          const row = rows.get(runId);
          if (row === undefined || !states.includes(row.state)) return;
          listeners.delete(look);
          resolve(row);
        };
        listeners.add(look);
        look();
      });
    },
  };
}

export const MAILBOX_ID = 'aa'.repeat(8) as MailboxId;

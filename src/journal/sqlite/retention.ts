/**
 * What the rows know for cleaning up: which files are needed, which raw bytes are still wanted.
 */
import type { Context } from './context.ts';
import type { InnerRequests } from './protocol.ts';

/** Of a row of `messages`: its octets are wanted by those who have not got it yet. */
const IS_LEAVING =
  'EXISTS (SELECT 1 FROM outgoing o WHERE o.journal_id = messages.journal_id AND o.ended_at IS NULL)';

type In<Kind extends keyof InnerRequests> = InnerRequests[Kind]['in'];
type Out<Kind extends keyof InnerRequests> = InnerRequests[Kind]['out'];

export function neededFiles({ db }: Context, input: In<'needed-files'>): Out<'needed-files'> {
  const column = (name: string, sql: string, values: readonly (string | number)[]): readonly never[] =>
    values.length === 0 ? [] : db.all(sql, JSON.stringify(values)).map((row) => row[name] as never);
  const open = "('due', 'held', 'claimed', 'running', 'interrupted')";
  return {
    staged: column(
      'delivery_id',
      `SELECT delivery_id FROM deliveries WHERE delivery_id IN (SELECT value FROM json_each(?))
         AND state IN ('reserved', 'staged', 'promoting', 'exchanging')`,
      input.staged ?? [],
    ),
    spooled: column(
      'raw_file',
      `SELECT raw_file FROM messages WHERE raw_file >= 'spool/' AND raw_file < 'spool0'
         AND raw_file IN (SELECT value FROM json_each(?))`,
      input.spooled ?? [],
    ),
    runs: column(
      'run_id',
      `SELECT run_id FROM runs WHERE run_id IN (SELECT value FROM json_each(?)) AND state IN ${open}`,
      input.runs ?? [],
    ),
    stdin: column(
      'delivery_id',
      `SELECT delivery_id FROM deliveries d WHERE delivery_id IN (SELECT value FROM json_each(?))
         AND (state NOT IN ('delivered', 'absorbed') OR EXISTS
           (SELECT 1 FROM runs r WHERE r.delivery_id = d.delivery_id AND r.state IN ${open}))`,
      input.stdin ?? [],
    ),
  };
}

export function segmentState({ db }: Context, input: In<'segment-state'>): Out<'segment-state'> {
  const newest = db.get(
    'SELECT MAX(received_at) AS at FROM messages WHERE journal_id BETWEEN ? AND ?',
    input.fromId,
    input.toId,
  );
  const unfinished = db.all(
    `SELECT journal_id, raw_offset, size_bytes FROM messages
     WHERE journal_id BETWEEN ? AND ? AND raw_file LIKE 'log/%'
       AND (state <> 'done' OR ${IS_LEAVING})`,
    input.fromId,
    input.toId,
  );
  return {
    isApplied: Number(db.getMeta('applied_id') ?? 0) >= input.toId,
    newestAt: (newest?.['at'] as number | null | undefined) ?? null,
    unfinished: unfinished.map((row) => ({
      journalId: row['journal_id'] as number,
      offset: row['raw_offset'] as number,
      sizeBytes: row['size_bytes'] as number,
    })),
  };
}

export function rawMoved({ db }: Context, input: In<'raw-moved'>): void {
  for (const { journalId, file } of input.moved)
    db.run(
      "UPDATE messages SET raw_file = ?, raw_offset = 0, raw_encoding = 'plain' WHERE journal_id = ?",
      file,
      journalId,
    );
  const range = segmentRange(input.file);
  if (range === null) db.run('UPDATE messages SET raw_file = NULL WHERE raw_file = ?', input.file);
  else
    db.run(
      'UPDATE messages SET raw_file = NULL WHERE journal_id >= ? AND journal_id < ? AND raw_file = ?',
      range,
      range + IDS_PER_SEGMENT_MAX,
      input.file,
    );
}

/** More records than a segment can hold: each has a head of 104 octets. */
const IDS_PER_SEGMENT_MAX = 1_000_000;

function segmentRange(file: string): number | null {
  const match = /^log\/(\d{16})\./.exec(file);
  return match?.[1] === undefined ? null : Number(match[1]);
}

export function spoolExpired({ db }: Context, input: In<'spool-expired'>): Out<'spool-expired'> {
  // A copy that was absorbed everywhere is needed by nobody from the decision on.
  const rows = db.all(
    `SELECT raw_file FROM messages
     WHERE raw_file >= 'spool/' AND raw_file < 'spool0' AND state = 'done'
       AND NOT ${IS_LEAVING}
       AND (received_at < ? OR NOT EXISTS
         (SELECT 1 FROM deliveries d WHERE d.journal_id = messages.journal_id AND d.state <> 'absorbed'))
     LIMIT ?`,
    input.before,
    input.limit,
  );
  return { files: rows.map((row) => row['raw_file'] as string) };
}

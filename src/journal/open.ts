/**
 * Opens a journal that is kept in a folder: the log for what is accepted, SQLite for the rows.
 *
 *     step                            what a crash right after it leaves
 *     1 folders, lock                 an empty folder, used at the next start
 *     2 rows opened or migrated       rows without a log: a fresh journal
 *     3 log read back, torn tail cut  the same again
 *     4 tail applied to the rows      some of it applied; positions are in the same transaction
 *     5 epoch compared, begun         files that differ: another epoch begins
 *     6 leftovers swept               some are left, swept at the next start
 */
import { join } from 'node:path';
import { assert } from '../system/assert.ts';
import type { Clock, EpochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Faults } from '../system/faults.ts';
import type { Log } from '../system/log.ts';
import type { Random } from '../system/random.ts';
import { FolderJournal, type JournalWiring } from './folder-journal.ts';
import type { Journal } from './journal.ts';
import {
  type EpochFiles,
  exists,
  listFolder,
  lockFolder,
  makeFolders,
  readEpochs,
  removeTree,
  writeEpochs,
} from './log/folder.ts';
import { recoverLog } from './log/recovery.ts';
import { Room } from './log/room.ts';
import { listSegments } from './log/segments.ts';
import { LogWriter } from './log/writer.ts';
import { Rows } from './sqlite/client.ts';

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
  /** Accept a file system that power loss empties: for `dev`, `demo` and `[journal] allow_memory`. */
  readonly allowMemory: boolean;
  /** The folder was restored (`serve --restored`): everything that is not final is held. */
  readonly restored?: boolean;
  /** Length at which a segment is closed; the tests' way to have many. */
  readonly segmentBytes?: number;
}

/** Records that one request to the rows takes over, when the tail is applied at the start. */
const TAIL_BATCH_RECORDS = 500;

/**
 * Opens the journal for this process alone; makes it where the folder is absent or empty.
 *
 * @throws AimxError `journal.locked`, `journal.damaged`, `journal.newer`, `journal.unsupported-file-system`.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, clock, random, log } = options;
  const memory = await makeFolders(folder, { allowMemory: options.allowMemory });
  if (memory !== null) log.warn('journal.memory-file-system', { folder, file_system: memory });
  const lock = await lockFolder(folder);
  const wiring = new WiringUntilOpen();
  let rows: Rows | undefined;
  try {
    await refuseLogWithoutRows(folder);
    rows = await Rows.open({
      folder,
      onChanged: (changed) => wiring.target?.rowsChanged(changed),
      onBroken: (error) => wiring.target?.partBroken(error),
    });
    const { opened } = rows;
    const recovered = await recoverLog(
      folder,
      { file: opened.appliedFile, offset: opened.appliedOffset, journalId: opened.appliedId },
      log,
    );
    for (let from = 0; from < recovered.tail.length; from += TAIL_BATCH_RECORDS) {
      const records = recovered.tail.slice(from, from + TAIL_BATCH_RECORDS);
      const { appliedId } = await rows.inner('apply', {
        records: records.map((record) => ({ ...record, durableAt: null })),
      });
      assert(appliedId === records.at(-1)?.journalId, 'the tail of the log follows what the rows hold');
    }
    await rows.inner('settle-unsubmitted', {});
    if (recovered.tail.length > 0) log.info('journal.rebuilt', { records: recovered.tail.length });
    const epoch = await settleEpoch({
      ...options,
      rows,
      isFresh: opened.epoch === null && recovered.nextId === 1,
    });
    await sweepLeftovers(folder, rows, log);
    const writer = await LogWriter.open({
      folder,
      segment: recovered.segment,
      endOffset: recovered.endOffset,
      nextId: recovered.nextId,
      faults: options.faults,
      onDurable: (records, bytes) => wiring.target?.recordsDurable(records, bytes),
      onNoRoom: () => wiring.target?.roomExhausted(),
      onBroken: (error) => wiring.target?.partBroken(error),
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    });
    const journal = new FolderJournal({
      folder,
      epoch,
      clock,
      random,
      log,
      faults: options.faults,
      rows,
      writer,
      room: await Room.read(folder, clock, () => writer.preparedBytes),
      lock,
      sweptAt: opened.sweptAt,
    });
    wiring.target = journal;
    return journal;
  } catch (error) {
    await rows?.stop();
    await lock.close();
    throw error;
  }
}

/** What the parts call back, before the journal that they belong to exists. */
class WiringUntilOpen {
  target: JournalWiring | undefined;
}

async function refuseLogWithoutRows(folder: string): Promise<void> {
  if (await exists(join(folder, 'rows.db'))) return;
  const segments = await listSegments(folder);
  if (segments.length === 0) return;
  throw new AimxError(
    'journal.damaged',
    `Cannot use the journal in "${folder}": the log is there, rows.db is not`,
    {
      hint: 'Put a backup of the data folder back and start once with aimx serve --restored; without rows.db, what was delivered would be delivered again',
      detail: { folder, segments: segments.length },
    },
  );
}

async function settleEpoch(options: {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly rows: Rows;
  readonly isFresh: boolean;
  readonly restored?: boolean;
}): Promise<string> {
  const { folder, rows } = options;
  const files = await readEpochs(folder);
  const known = rows.opened.epoch;
  const reason = whyNewEpoch(files, known, options.restored === true);
  if (reason === null && known !== null) return known;
  const epoch = options.random.hex(16);
  const at: EpochMs = options.clock.now();
  const { held } = await rows.advance('begin-epoch', { epoch, reason: reason ?? 'fresh', at }, []);
  await writeEpochs(folder, epoch);
  if (!options.isFresh) options.log.warn('journal.epoch-begun', { reason, held });
  return epoch;
}

function whyNewEpoch(files: EpochFiles, known: string | null, restored: boolean): string | null {
  if (restored) return 'The daemon was started with --restored';
  if (known === null) return 'The journal is new';
  if (files.journal === null || files.runs === null)
    return 'The epoch of the journal or of its runs is missing';
  if (files.journal !== known || files.runs !== known)
    return 'The journal and its runs are not of the same epoch: a backup was restored';
  return null;
}

/** Files whose rows never came to be, or are past needing them. */
async function sweepLeftovers(folder: string, rows: Rows, log: Log): Promise<void> {
  const staging = await listFolder(folder, 'staging');
  const spool = (await listFolder(folder, 'spool')).map((name) => `spool/${name}`);
  const deliveryIds = staging.map((name) => Number.parseInt(name, 10));
  const needed = await rows.inner('needed-files', {
    staged: deliveryIds.filter((id) => Number.isSafeInteger(id)),
    spooled: spool,
  });
  const staged = new Set(needed.staged);
  const spooled = new Set(needed.spooled);
  const leftovers = [
    ...staging
      .filter((_name, index) => !staged.has(deliveryIds[index] ?? Number.NaN))
      .map((name) => `staging/${name}`),
    ...spool.filter((file) => !spooled.has(file)),
  ];
  for (const file of leftovers) await removeTree(folder, file);
  if (leftovers.length > 0) log.info('journal.leftovers-swept', { files: leftovers.length });
}

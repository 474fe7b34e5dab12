/**
 * Entry of the thread that moves committed pages from the write-ahead log into the database file, off
 * the way of commits: inline checkpoints are the tail of every latency curve.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { lowerThreadPriority } from '../../system/thread-priority.ts';
import type { WorkerSettings } from './protocol.ts';

/** Below this a checkpoint costs more flushes than it saves room. */
const WAL_BYTES_MIN = 1024 * 1024;
/** Past this the write-ahead log is cut, which holds commits up for a moment. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;
/** A cut that finds the rows busy gives up; the next one tries again. */
const BUSY_TIMEOUT_MS = 100;
/** Nobody waits for a checkpoint. */
const NICE = 10;

function main(): void {
  lowerThreadPriority(NICE);
  const { folder } = workerData as WorkerSettings;
  const path = join(folder, 'rows.db');
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  // What is moved must be flushed before the write-ahead log may be written over.
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA wal_autocheckpoint = 0');
  const checkpoint = (): void => {
    const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size < WAL_BYTES_MIN) return;
    try {
      db.exec(`PRAGMA wal_checkpoint(${size > WAL_BYTES_MAX ? 'TRUNCATE' : 'PASSIVE'})`);
    } catch {
      // Busy or without room: nothing is lost, the write-ahead log grows until it succeeds.
    }
  };
  parentPort?.on('message', () => {
    checkpoint();
    parentPort?.postMessage('done');
  });
}

main();

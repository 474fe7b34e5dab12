/** How durable records come into the rows where the rows cannot be written for a while. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Applier, type ApplyingRows } from '../../src/journal/applier.ts';
import type { DurableRecord } from '../../src/journal/log/writer.ts';
import { type Database, openDatabase } from '../../src/journal/sqlite/database.ts';
import { type AppliedRecord, applyRecords } from '../../src/journal/sqlite/messages.ts';
import { simulatedClock } from '../../src/system/clock.sim.ts';
import { AimxError } from '../../src/system/errors.ts';
import { silentLog } from '../../src/system/log.ts';

function record(journalId: number): DurableRecord {
  return {
    kind: 'evidence',
    journalId,
    file: 'log/0000000000000001.log',
    contentOffset: 0,
    envelope: JSON.stringify({ journalId, at: 0 }),
    contentSha256: '',
    endOffset: journalId * 100,
  };
}

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function ground(t: { after(callback: () => void): void }): { readonly db: Database } {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-applier-'));
  const db = openDatabase(join(folder, 'rows.db'));
  t.after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  return { db };
}

/** Rows over a real database, which answer in order and later; the requests named by number fail. */
function rowsOver(db: Database, failing: ReadonlyMap<number, Error>): ApplyingRows {
  let number = 0;
  return {
    async inner(_kind, { records }: { readonly records: readonly AppliedRecord[] }) {
      number += 1;
      const failure = failing.get(number);
      await settle();
      if (failure !== undefined) throw failure;
      return applyRecords({ db, folder: '', changed: new Set(), takeId: () => '' }, records);
    },
  };
}

const applied = (db: Database): readonly unknown[] =>
  db.all('SELECT journal_id FROM evidence ORDER BY journal_id').map((row) => row['journal_id']);

test('Applier: a batch that found no room is not passed over by the one that was sent behind it', async (t) => {
  const { db } = ground(t);
  const clock = simulatedClock();
  const noRoom = new AimxError('journal.no-room', 'full');
  const applier = new Applier({
    rows: rowsOver(db, new Map([[1, noRoom]])),
    clock,
    log: silentLog,
    onBroken: () => assert.fail('nothing is broken'),
  });
  applier.add([record(1)]);
  // A question about the rows sends what has come meanwhile.
  applier.add([record(2)]);
  applier.flush();
  await settle();
  await settle();
  assert.deepEqual(applied(db), []);
  clock.advance(1_000);
  await settle();
  await settle();
  assert.deepEqual(applied(db), [1, 2]);
});

test('Applier: goes on by itself whichever request brings the failed batch again', async (t) => {
  const { db } = ground(t);
  const clock = simulatedClock();
  const noRoom = new AimxError('journal.no-room', 'full');
  const applier = new Applier({
    rows: rowsOver(db, new Map([[1, noRoom]])),
    clock,
    log: silentLog,
    onBroken: () => assert.fail('nothing is broken'),
  });
  applier.add([record(1)]);
  applier.add([record(2)]);
  applier.flush();
  for (let round = 0; round < 5; round += 1) {
    await settle();
    applier.flush();
  }
  clock.advance(1_000);
  await settle();
  await settle();
  assert.deepEqual(applied(db), [1, 2]);
});

test('Applier: what came while there was no room is sent once there is', async (t) => {
  const { db } = ground(t);
  const clock = simulatedClock();
  const noRoom = new AimxError('journal.no-room', 'full');
  const applier = new Applier({
    rows: rowsOver(db, new Map([[1, noRoom]])),
    clock,
    log: silentLog,
    onBroken: () => assert.fail('nothing is broken'),
  });
  applier.add([record(1)]);
  await settle();
  await settle();
  clock.advance(1_000);
  // The first is on its way again.
  applier.add([record(2)]);
  for (let round = 0; round < 4; round += 1) await settle();
  assert.deepEqual(applied(db), [1, 2]);
});

test('Applier: what no waiting mends is said to be broken', async (t) => {
  const { db } = ground(t);
  let broken: unknown = null;
  const applier = new Applier({
    rows: rowsOver(db, new Map([[1, new Error('constraint failed')]])),
    clock: simulatedClock(),
    log: silentLog,
    onBroken: (error) => {
      broken = error;
    },
  });
  applier.add([record(1)]);
  await settle();
  await settle();
  assert.match(String(broken), /constraint failed/);
});

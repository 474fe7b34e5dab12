/** Rows that an earlier version wrote, opened by this one. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { UNAUTHENTICATED } from '../../src/authentication/verdict.ts';
import { openDatabase } from '../../src/journal/sqlite/database.ts';
import { readMessage } from '../../src/journal/sqlite/rows.ts';
import { readRun } from '../../src/journal/sqlite/runs.ts';
import { MIGRATIONS } from '../../src/journal/sqlite/schema.ts';

test('openDatabase() brings rows of the first version up, whose messages are final and say less', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-migration-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rows.sqlite');
  const old = new DatabaseSync(path);
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1;
    INSERT INTO messages (journal_id, state, received_at, envelope, size_bytes, exact, lacks_identity, verdict, raw_offset)
    VALUES (1, 'authenticated', 7, '{"envelope":{"reversePath":"","recipients":[]},"arrival":{}}', 3, 'aa', 0,
      '{"spf":"none","dkim":"none","dmarc":"none","authDomain":null,"rank":"none"}', 0)`);
  old.close();
  const database = openDatabase(path);
  const message = readMessage(database, folder, 1);
  assert.deepEqual([message?.recheckAt, message?.rechecks, message?.verdict], [null, 0, UNAUTHENTICATED]);
  database.close();
});

test('openDatabase() keeps the runs of the second version, and counts deliveries of the inbox alone from then on', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-migration-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rows.sqlite');
  const old = new DatabaseSync(path);
  old.exec(`${MIGRATIONS[0]}; ${MIGRATIONS[1]}; PRAGMA user_version = 2;
    INSERT INTO deliveries (delivery_id, journal_id, mailbox_id, mailbox, delivered_to, state, received_at)
      VALUES (1, 1, 'm', 'box', '[]', 'delivered', 7);
    INSERT INTO runs (run_key, run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, ordinal, generation,
      attempt, state, gate, changed_at) VALUES (5, 'ab', 1, 'm', 'box', 'x', 1, 'h', 'on_receive', 0, 0, 1, 'held', 0, 7)`);
  old.close();
  const database = openDatabase(path);
  const run = readRun(database, 'ab');
  assert.deepEqual([run?.hook, run?.sendStatus, run?.state], ['h', null, 'held']);
  const tally = (): unknown =>
    database.all('SELECT kind, state, n FROM tally ORDER BY kind').map((row) => ({ ...row }));
  const before = tally();
  database.run(
    `INSERT INTO deliveries (journal_id, mailbox_id, mailbox, folder, delivered_to, state, received_at)
     VALUES (2, 'm', 'box', 'sent', '[]', 'reserved', 8)`,
  );
  database.run("UPDATE deliveries SET state = 'delivered' WHERE folder = 'sent'");
  assert.deepEqual(tally(), before);
  database.run("UPDATE runs SET state = 'cancelled' WHERE run_id = 'ab'");
  assert.deepEqual(database.get("SELECT n FROM tally WHERE kind = 'run' AND state = 'cancelled'")?.['n'], 1);
  database.close();
});

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

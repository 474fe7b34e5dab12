/** The journal's threads: which of them make way for the one that answers. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournal } from '../../src/journal/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { noFaults } from '../../src/system/faults.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';

/** Niceness of a thread of this process: field 19 of /proc/<pid>/stat (proc(5)), counted behind the name. */
function nicenessOf(thread: string): number {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

test('openJournal(): the threads of the rows make way, and no other does', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'aimx-threads-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const before = getPriority();
  await using journal = await openJournal({
    folder: join(root, 'journal'),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
  });
  await journal.query('mailboxes', {});
  const threads = readdirSync('/proc/self/task');
  const nicer = threads.filter((thread) => nicenessOf(thread) > before);
  assert.equal(getPriority(), before);
  assert.equal(nicenessOf(String(process.pid)), before);
  // The thread of checkpoints may still be starting.
  assert.ok(nicer.length === 1 || nicer.length === 2, `${nicer.length} of ${threads.length} make way`);
});

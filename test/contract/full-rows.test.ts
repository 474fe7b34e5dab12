/** What rows that find the disk full must not lose: leases live in memory and are no rows. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openJournal } from '../../src/journal/open.ts';
import { simulatedClock } from '../../src/system/clock.sim.ts';
import { noFaults } from '../../src/system/faults.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';
import { Desk } from './journal-fixture.ts';

/** A small file system of its own; null, with the reason said, where none can be mounted. */
function smallFolder(t: TestContext): string | null {
  if (process.getuid?.() !== 0) {
    t.skip('needs root: it mounts a small file system');
    return null;
  }
  const root = mkdtempSync(join(tmpdir(), 'aimx-full-rows-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', root], { stdio: 'ignore' });
  } catch {
    rmSync(root, { recursive: true });
    t.skip('cannot mount a file system here');
    return null;
  }
  t.after(() => {
    execFileSync('umount', ['-l', root]);
    rmSync(root, { recursive: true });
  });
  return root;
}

/** Takes all the room there is. */
function fill(path: string): void {
  const handle = openSync(path, 'w');
  try {
    for (const chunk of [64 * 1024, 1]) for (;;) writeSync(handle, Buffer.alloc(chunk));
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  } finally {
    closeSync(handle);
  }
}

test('releaseMessage() gives a lease back while the rows cannot be written', async (t) => {
  const root = smallFolder(t);
  if (root === null) return;
  const clock = simulatedClock();
  const desk = await Desk.open({
    clock,
    open: () =>
      openJournal({
        folder: join(root, 'journal'),
        clock,
        random: systemRandom,
        log: silentLog,
        faults: noFaults,
        allowMemory: true,
      }),
    readRaw: () => assert.fail('nothing is read here'),
    [Symbol.asyncDispose]: async () => undefined,
  });
  await using journal = desk.journal;
  const journalId = await desk.accept({ text: 'a message' });
  const { messages } = await journal.claimMessages(1, clock.now());
  assert.equal(messages.length, 1);
  const ballast = join(root, 'ballast');
  fill(ballast);
  const attempts = Array.from({ length: 20 }, () =>
    journal.advance('read-attempt', { journalId, at: clock.now() }),
  );
  journal.releaseMessage(journalId);
  const outcomes = await Promise.allSettled(attempts);
  assert.ok(
    outcomes.some(({ status }) => status === 'rejected'),
    'the rows found no room',
  );
  rmSync(ballast);
  const again = await journal.claimMessages(1, clock.now());
  assert.deepEqual(
    again.messages.map((message) => message.journalId),
    [journalId],
  );
});

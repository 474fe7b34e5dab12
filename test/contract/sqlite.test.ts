/** The contract on the journal that is kept in a folder. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../src/journal/open.ts';
import { simulatedClock } from '../../src/system/clock.sim.ts';
import { noFaults } from '../../src/system/faults.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';
import { journalContract } from './journal.contract.ts';
import type { Store } from './journal-fixture.ts';
import { outgoingContract } from './outgoing.contract.ts';

async function folderStore(): Promise<Store> {
  const root = await mkdtemp(join(tmpdir(), 'aimx-journal-'));
  const clock = simulatedClock();
  return {
    clock,
    open: (options = {}) =>
      openJournal({
        folder: join(root, 'journal'),
        clock,
        random: systemRandom,
        log: silentLog,
        faults: noFaults,
        // The machine's temp folder may lie in memory; the contract does not ask for power loss.
        allowMemory: true,
        ...options,
      }),
    async readRaw({ path, offset, sizeBytes }) {
      await using handle = await open(path, 'r');
      const bytes = Buffer.alloc(sizeBytes);
      await handle.read(bytes, 0, sizeBytes, offset);
      return bytes;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

journalContract('folder journal', folderStore);
outgoingContract('folder journal', folderStore);

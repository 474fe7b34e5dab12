/** `inbound` before the real journal, in a folder of its own or in one that is given. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInbound, type Inbound } from '../../../src/inbound/inbound.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { systemCertificates } from '../../../src/system/certificate.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemNetwork } from '../../../src/system/network.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { testConfig } from './inbound-under-test.ts';
import { registerMailboxes } from './stored-messages.ts';

export interface Receiver extends AsyncDisposable {
  readonly folder: string;
  readonly journal: Journal;
  readonly inbound: Inbound;
  readonly port: number;
}

/** @param given Where the journal lies; its own folder, removed at the end, when absent. */
export async function startReceiver(given?: string): Promise<Receiver> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'aimx-inbound-')));
  const shared = { clock: systemClock, random: systemRandom, log: silentLog, faults: noFaults };
  const journal = await openJournal({ ...shared, folder, allowMemory: true });
  const config = testConfig();
  const ids = await registerMailboxes(
    journal,
    config.mailboxes.map(({ name }) => name),
  );
  const inbound = createInbound({
    ...shared,
    journal,
    network: systemNetwork,
    certificates: systemCertificates,
    config: () => config,
    mailboxIds: () => ids,
  });
  const [bound] = await inbound.listen(['127.0.0.1:0']);
  if (bound === undefined) throw new Error('Nothing is listening');
  return {
    folder,
    journal,
    inbound,
    port: bound.port,
    async [Symbol.asyncDispose]() {
      await inbound[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      if (given === undefined) await rm(folder, { recursive: true });
    },
  };
}

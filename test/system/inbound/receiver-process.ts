/**
 * `inbound` and the real journal in a process of their own, for tests that kill it.
 *
 *     node receiver-process.ts <journal folder> [<point> <n>]
 *
 * Says `port <n>` on stdout. With a point it kills itself with SIGKILL when it comes there the n-th time.
 */
import { createInbound } from '../../../src/inbound/inbound.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { systemCertificates } from '../../../src/system/certificate.ts';
import { systemClock } from '../../../src/system/clock.ts';
import type { Faults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemNetwork } from '../../../src/system/network.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { testConfig } from './inbound-under-test.ts';
import { registerMailboxes } from './stored-messages.ts';

const [folder = '', point, count] = process.argv.slice(2);
let remaining = Number(count);
const faults: Faults = {
  reach(reached) {
    if (reached !== point) return;
    remaining -= 1;
    if (remaining === 0) process.kill(process.pid, 'SIGKILL');
  },
};
const config = testConfig();
const shared = { clock: systemClock, random: systemRandom, log: silentLog, faults };
const journal = await openJournal({ ...shared, folder, allowMemory: true });
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
process.stdout.write(`port ${bound?.port}\n`);

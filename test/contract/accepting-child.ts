/**
 * A process that accepts messages until it is killed, and says on stdout which were acknowledged.
 *
 * argv: folder, seed, `stop point` (a Faults point at which it kills itself, or `-`), how often that
 * point is passed before.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openJournal } from '../../src/journal/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';

const [folder = '', seed = '0', stopAt = '-', passes = '0'] = process.argv.slice(2);
const WRITERS = 8;
let left = Number(passes);

const journal = await openJournal({
  folder,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  faults: {
    reach(point) {
      if (point !== stopAt) return;
      left -= 1;
      if (left < 0) process.kill(process.pid, 'SIGKILL');
    },
  },
  allowMemory: true,
  segmentBytes: 256 * 1024,
});
const { ids } = await journal.advance('register-mailboxes', {
  mailboxes: [{ name: 'alice', ownerUid: 0 }],
  at: systemClock.now(),
});
const mailboxId = ids['alice'];
if (mailboxId === undefined) throw new Error('no id');

async function write(writer: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const isLarge = n % 20 === 19;
    const bytes = Buffer.alloc(isLarge ? 300_000 : 500 + ((n * 37) % 3000), `${seed}.${writer}.${n}\r\n`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await using spool = isLarge ? await journal.openSpool() : null;
    await spool?.write(bytes);
    const journalId = await journal.accept({
      envelope: {
        reversePath: 'a@example.net',
        recipients: [
          {
            forwardPath: 'alice@example.com',
            mailboxId: mailboxId as NonNullable<typeof mailboxId>,
            mailbox: 'alice',
            tag: null,
          },
        ],
        smtputf8: false,
        body: '8BITMIME',
      },
      arrival: {
        via: 'smtp',
        receivedAt: systemClock.now(),
        sessionId: `${writer}`,
        clientAddress: null,
        helo: null,
        protocol: 'ESMTP',
        tls: null,
      },
      content:
        spool === null
          ? { kind: 'inline', chunks: [bytes], sizeBytes: bytes.length }
          : { kind: 'spooled', spool, sizeBytes: bytes.length },
      exactFingerprint: sha256,
      lacksIdentity: false,
    });
    writeSync(1, `${journalId} ${sha256}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_value, writer) => write(writer)));

/**
 * A journal that keeps what it accepts in memory, for tests that ask what `inbound` hands over or
 * that need a journal which fails or waits. Durability is tested with the real one.
 */
import { createHash } from 'node:crypto';
import type { AcceptingJournal } from '../../../src/inbound/message-intake.ts';
import type { Acceptance, JournalId, Spool } from '../../../src/journal/journal.ts';

export interface KeptMessage {
  readonly acceptance: Acceptance;
  readonly bytes: Buffer;
}

export interface MemoryJournal extends AcceptingJournal {
  readonly broken: Promise<never>;
  readonly kept: readonly KeptMessage[];
  readonly evidence: readonly JournalId[];
  /** Spool files that have been neither accepted nor removed. */
  readonly openSpools: number;
  readonly reservedBytes: number;
  /** Resolves once so many messages are kept. */
  whenKept(count: number): Promise<void>;
  /** Called before a message is kept; throws to refuse, waits to be slow. */
  beforeAccept: (acceptance: Acceptance) => Promise<void>;
  beforeSpoolWrite: () => Promise<void>;
  roomBytes: number;
}

interface MemorySpool extends Spool {
  readonly chunks: Buffer[];
}

export function memoryJournal(): MemoryJournal {
  const kept: KeptMessage[] = [];
  const evidence: JournalId[] = [];
  const spools = new Set<Spool>();
  let reservedBytes = 0;
  let waiting: { count: number; resolve: () => void }[] = [];

  const bytesOf = ({ content }: Acceptance): Buffer =>
    Buffer.concat(content.kind === 'inline' ? content.chunks : (content.spool as MemorySpool).chunks);

  const journal: MemoryJournal = {
    kept,
    evidence,
    roomBytes: Number.POSITIVE_INFINITY,
    beforeAccept: async () => undefined,
    beforeSpoolWrite: async () => undefined,
    broken: new Promise<never>(() => undefined),
    get openSpools() {
      return spools.size;
    },
    get reservedBytes() {
      return reservedBytes;
    },
    async accept(acceptance) {
      await journal.beforeAccept(acceptance);
      const bytes = bytesOf(acceptance);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (bytes.length !== acceptance.content.sizeBytes || sha256 !== acceptance.exactFingerprint)
        throw new Error('The content does not fit its size and hash');
      if (acceptance.content.kind === 'spooled') spools.delete(acceptance.content.spool);
      kept.push({ acceptance, bytes: Buffer.from(bytes) });
      waiting = waiting.filter(({ count, resolve }) => kept.length < count || resolve());
      return kept.length as JournalId;
    },
    async recordEvidence(journalId) {
      evidence.push(journalId);
    },
    async openSpool() {
      const chunks: Buffer[] = [];
      const spool: MemorySpool = {
        chunks,
        get sizeBytes() {
          return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        },
        async write(chunk) {
          await journal.beforeSpoolWrite();
          chunks.push(Buffer.from(chunk));
        },
        async [Symbol.asyncDispose]() {
          spools.delete(spool);
        },
      };
      spools.add(spool);
      return spool;
    },
    reserve(sizeBytes) {
      if (reservedBytes + sizeBytes > journal.roomBytes) return null;
      reservedBytes += sizeBytes;
      return {
        [Symbol.dispose]() {
          reservedBytes -= sizeBytes;
        },
      };
    },
    whenKept: (count) =>
      kept.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve: () => resolve() })),
  };
  return journal;
}

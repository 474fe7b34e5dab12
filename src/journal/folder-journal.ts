/**
 * The journal over a folder: joins the log's writer and the rows behind the one interface.
 */
import { join } from 'node:path';
import { assert } from '../system/assert.ts';
import type { Clock, EpochMs } from '../system/clock.ts';
import { type AimxError, isErrno } from '../system/errors.ts';
import type { Faults } from '../system/faults.ts';
import type { Log } from '../system/log.ts';
import type { Random } from '../system/random.ts';
import { AcceptRate } from './accept-rate.ts';
import type { Acceptance, Reservation, Spool } from './acceptance.ts';
import { Applier } from './applier.ts';
import { ClockGuard } from './clock-guard.ts';
import { type JournalId, toJournalId } from './ids.ts';
import type { Journal, RowsChanged } from './journal.ts';
import { broken, isNoRoom, noRoom } from './log/failures.ts';
import { writeEpochs } from './log/folder.ts';
import { retainSegments } from './log/retention.ts';
import type { Room } from './log/room.ts';
import { SpoolFile } from './log/spool.ts';
import { type DurableRecord, evidenceRecord, type LogWriter, type NewRecord } from './log/writer.ts';
import type { Queries } from './queries.ts';
import type { Rows } from './sqlite/client.ts';
import type { StoredEnvelope } from './sqlite/rows.ts';
import type { Transitions } from './transitions.ts';

/** What the parts tell the journal that they belong to. */
export interface JournalWiring {
  rowsChanged(changed: readonly RowsChanged[]): void;
  recordsDurable(records: readonly DurableRecord[], bytes: number): void;
  roomExhausted(): void;
  partBroken(error: AimxError): void;
}

export interface FolderJournalParts {
  readonly folder: string;
  readonly epoch: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
  readonly rows: Rows;
  readonly writer: LogWriter;
  readonly room: Room;
  readonly lock: { close(): Promise<void> };
  readonly sweptAt: number | null;
}

export class FolderJournal implements Journal, JournalWiring {
  readonly broken: Promise<never>;
  readonly folders: Journal['folders'];
  readonly #parts: FolderJournalParts;
  readonly #applier: Applier;
  readonly #guard: ClockGuard;
  readonly #accepts = new AcceptRate();
  readonly #watchers: Record<RowsChanged, Set<() => void>> = {
    messages: new Set(),
    runs: new Set(),
    outgoing: new Set(),
  };
  readonly #announced: Set<RowsChanged> = new Set();
  readonly #reject: (error: AimxError) => void;
  #epoch: string;
  #state: 'open' | 'closed' | 'broken' = 'open';

  constructor(parts: FolderJournalParts) {
    this.#parts = parts;
    this.#epoch = parts.epoch;
    let reject: (error: AimxError) => void = () => undefined;
    this.broken = new Promise<never>((_resolve, rejectBroken) => {
      reject = rejectBroken;
    });
    this.#reject = reject;
    // Whoever waits for it is told; nobody has to.
    this.broken.catch(() => undefined);
    this.folders = {
      staging: join(parts.folder, 'staging'),
      stdin: join(parts.folder, 'stdin'),
      runs: join(parts.folder, 'runs'),
    };
    this.#applier = new Applier({ ...parts, onBroken: (error) => this.partBroken(broken(error)) });
    this.#guard = new ClockGuard(this.#readings(), parts.sweptAt);
  }

  get epoch(): string {
    return this.#epoch;
  }

  async accept(acceptance: Acceptance): Promise<JournalId> {
    this.#refuseUnlessOpen();
    const { content } = acceptance;
    const spool = content.kind === 'spooled' ? spoolFile(content.spool) : null;
    assert(spool === null || spool.sizeBytes === content.sizeBytes, 'a spool file holds the whole content');
    if (spool !== null) await spool.seal();
    const record = newRecord(acceptance, spool);
    const { journalId } = await this.#parts.writer.append(record);
    spool?.markAccepted();
    return toJournalId(journalId);
  }

  async recordEvidence(journalId: JournalId, at: EpochMs): Promise<void> {
    this.#refuseUnlessOpen();
    await this.#parts.writer.append(evidenceRecord(JSON.stringify({ journalId, at })));
  }

  openSpool(): Promise<Spool> {
    this.#refuseUnlessOpen();
    return SpoolFile.create({
      folder: this.#parts.folder,
      name: `${this.#parts.random.hex(12)}.eml`,
      failed: (error, step) => this.#spoolFailed(error, step),
    });
  }

  reserve(sizeBytes: number): Reservation | null {
    return this.#parts.room.reserve(sizeBytes);
  }

  acceptsPerSecond(): number {
    return this.#accepts.perSecond(this.#parts.clock.monotonicMs());
  }

  async claimMessages(limit: number, at: EpochMs): ReturnType<Journal['claimMessages']> {
    this.#applier.flush();
    const claimed = await this.#parts.rows.inner('claim-messages', { limit, at });
    return { messages: claimed.messages, nextDueAt: claimed.nextDueAt as EpochMs | null };
  }

  releaseMessage(journalId: JournalId): void {
    // A journal that has ended holds no leases.
    this.#parts.rows.inner('release-message', { journalId }).catch(() => undefined);
  }

  async advance<Kind extends keyof Transitions>(
    kind: Kind,
    input: Transitions[Kind]['in'],
  ): Promise<Transitions[Kind]['out']> {
    this.#refuseUnlessOpen();
    if (kind === 'sweep' && !this.#mayDelete())
      return { more: false, expiredRuns: [] } as Transitions['sweep']['out'];
    this.#applier.flush();
    const output = await this.#parts.rows.advance(kind, input, this.#idsFor(kind, input));
    this.#parts.faults.reach(`journal.advanced.${kind}`);
    if (kind === 'begin-epoch') await this.#enterEpoch((input as Transitions['begin-epoch']['in']).epoch);
    return output;
  }

  query<Kind extends keyof Queries>(kind: Kind, input: Queries[Kind]['in']): Promise<Queries[Kind]['out']> {
    this.#applier.flush();
    return this.#parts.rows.query(kind, input);
  }

  onChange(kind: RowsChanged, callback: () => void): Disposable {
    const watchers = this.#watchers[kind];
    // The same function may be given twice; each is stopped by its own handle.
    const watcher = (): void => callback();
    watchers.add(watcher);
    return { [Symbol.dispose]: () => void watchers.delete(watcher) };
  }

  async retain(options: { readonly keepRawMs: number; readonly at: EpochMs }): Promise<void> {
    if (!this.#mayDelete()) return;
    this.#applier.flush();
    await retainSegments({ ...this.#parts, currentFile: this.#parts.writer.segment.file }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    const { writer, rows, lock } = this.#parts;
    try {
      await writer.end();
      if (wasOpen) await this.#applier.end();
    } finally {
      await rows.stop();
      await lock.close();
    }
  }

  // ------------------------------------------------------------------------------------- wiring

  rowsChanged(changed: readonly RowsChanged[]): void {
    const first = this.#announced.size === 0;
    for (const kind of changed) this.#announced.add(kind);
    if (!first) return;
    queueMicrotask(() => {
      const kinds = [...this.#announced];
      this.#announced.clear();
      for (const kind of kinds) for (const watcher of [...this.#watchers[kind]]) watcher();
    });
  }

  recordsDurable(records: readonly DurableRecord[], bytes: number): void {
    this.#parts.room.used(bytes);
    this.#accepts.add(records.length, this.#parts.clock.monotonicMs());
    this.#applier.add(records);
  }

  roomExhausted(): void {
    this.#parts.room.exhausted();
    this.#parts.log.warn('journal.no-room', { folder: this.#parts.folder });
  }

  partBroken(error: AimxError): void {
    if (this.#state !== 'open') return;
    this.#state = 'broken';
    this.#parts.log.error('journal.broken', { message: error.message });
    this.#parts.writer.break(error);
    this.#reject(error);
  }

  // ------------------------------------------------------------------------------------- private

  #refuseUnlessOpen(): void {
    if (this.#state !== 'open')
      throw broken(this.#state === 'closed' ? 'it is closed' : 'it has failed before');
  }

  #readings(): { wallMs: number; monotonicMs: number } {
    const { clock } = this.#parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }

  #mayDelete(): boolean {
    const readings = this.#readings();
    const { trusted, jumpedMs } = this.#guard.read(readings);
    if (jumpedMs !== null) this.#parts.log.warn('journal.clock-jumped', { jumped_ms: Math.round(jumpedMs) });
    if (!trusted)
      this.#parts.log.warn('journal.sweep-stopped', { reason: 'the clock has jumped by more than a day' });
    // Stored even so: the next start compares with what the clock says now.
    this.#parts.rows.inner('swept-at', { at: readings.wallMs }).catch(() => undefined);
    return trusted;
  }

  #idsFor(kind: keyof Transitions, input: Transitions[keyof Transitions]['in']): readonly string[] {
    const { random } = this.#parts;
    if (kind === 'identify') {
      const { targets } = input as Transitions['identify']['in'];
      const hooks = targets.reduce((sum, target) => sum + target.hooks.length, 0);
      return Array.from({ length: hooks }, () => random.hex(16));
    }
    if (kind === 'attempted') {
      const { hooks } = input as Transitions['attempted']['in'];
      // For the first deferral and for the end, at most.
      return Array.from({ length: 2 * hooks.length }, () => random.hex(16));
    }
    if (kind === 'decide-outgoing') {
      const { hooks = {}, filter } = input as Transitions['decide-outgoing']['in'];
      const perMessage = Math.max(0, ...Object.values(hooks).map((plans) => plans.length));
      return Array.from({ length: perMessage * (filter.queueIds?.length ?? 0) }, () => random.hex(16));
    }
    if (kind !== 'register-mailboxes') return [];
    return (input as Transitions['register-mailboxes']['in']).mailboxes.map(() => random.hex(8));
  }

  async #enterEpoch(epoch: string): Promise<void> {
    await writeEpochs(this.#parts.folder, epoch);
    this.#epoch = epoch;
  }

  #spoolFailed(error: unknown, step: 'write' | 'flush'): Error {
    if (step === 'write' && isNoRoom(error)) {
      this.#parts.room.exhausted();
      return noRoom(error);
    }
    // Out of file handles says nothing about the disk.
    if (isErrno(error, 'EMFILE', 'ENFILE')) return noRoom(error);
    const failure = broken(error);
    this.partBroken(failure);
    return failure;
  }
}

function spoolFile(spool: Spool): SpoolFile {
  assert(spool instanceof SpoolFile, 'a spool comes from this journal');
  return spool;
}

function newRecord(acceptance: Acceptance, spool: SpoolFile | null): NewRecord {
  const { content } = acceptance;
  const stored: StoredEnvelope = {
    envelope: acceptance.envelope,
    arrival: acceptance.arrival,
    lacksIdentity: acceptance.lacksIdentity,
    sizeBytes: content.sizeBytes,
    spool: spool === null ? null : spool.file,
    ...(acceptance.settles === undefined ? {} : { settles: acceptance.settles }),
  };
  const chunks = content.kind === 'inline' ? content.chunks : [];
  return {
    kind: 'message',
    envelope: JSON.stringify(stored),
    chunks,
    contentBytes: content.kind === 'inline' ? content.sizeBytes : 0,
    contentSha256: acceptance.exactFingerprint,
  };
}

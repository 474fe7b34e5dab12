/**
 * Tells senders what became of their messages: a report of what was given up, and one warning of what is
 * late, as a message in their own mailbox.
 *
 * The record that the report becomes settles, in the transaction that takes it into the rows, that its
 * recipients are reported: a crash anywhere leaves either nothing or exactly one report. Its reverse-path
 * is null, and nothing answers a null reverse-path (RFC 5321 §4.5.5), so that reports make no reports.
 */
import { hash } from 'node:crypto';
import { isAscii } from '../address/octets.ts';
import { withoutReturnTag } from '../address/return-path.ts';
import type { Config } from '../config/config.ts';
import {
  type Journal,
  localArrival,
  type OutgoingRow,
  type Queries,
  type RawSource,
} from '../journal/journal.ts';
import { newMessageId } from '../message/compose/message-id.ts';
import type { DeliveryReportFacts } from '../message/report/undelivered.ts';
import { ORIGINAL_HEAD_BYTES_MAX, writeDeliveryReport } from '../message/report/write-delivery-report.ts';
import { type Clock, type EpochMs, epochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Faults } from '../system/faults.ts';
import { firstBytes } from '../system/first-bytes.ts';
import type { Log } from '../system/log.ts';
import type { Random } from '../system/random.ts';
import { Rounds } from '../system/rounds.ts';

/** RFC 5321 §4.5.4.1 speaks of hours; after this a sender begins to wonder. */
export const LATE_AFTER_MS: number = 4 * 60 * 60 * 1000;
/** Asked for at once; each is some kilobytes, and made one after the other. */
const REPORTS_AT_ONCE = 50;
/** A full disk is looked at again so soon. */
const RETRY_MS = 60_000;
const BOUNDARY_BYTES = 12;
const SESSION_ID_BYTES = 8;

export interface ReporterOptions {
  readonly journal: Pick<Journal, 'accept' | 'query' | 'onChange'>;
  readonly config: () => Pick<Config, 'domain' | 'hostname'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
  /** The octets of a stored message, in pieces; may be left before their end. */
  readonly openRaw: (source: RawSource) => AsyncIterable<Uint8Array>;
}

export interface Reporter extends AsyncDisposable {
  /** Looks for reports that are due; also done by itself after every change of outgoing mail, and in time. */
  wake(): void;
  /** Resolves when what was asked for so far has been looked at. */
  idle(): Promise<void>;
}

/** Starts it. It never rejects: what cannot be reported now is tried again. Disposing waits for the report in hand. */
export function createReporter(options: ReporterOptions): Reporter {
  return new MailboxReporter(options);
}

type DueReport = Queries['reports-due']['out']['reports'][number];

class MailboxReporter implements Reporter {
  readonly #options: ReporterOptions;
  readonly #changes: Disposable;
  readonly #rounds: Rounds;
  #isClosed = false;
  /** Accepted by the log and perhaps not in the rows yet: still due to who asks them. */
  #told: ReadonlySet<string> = new Set();

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#rounds = new Rounds(options.clock, () => this.#run());
    this.#changes = options.journal.onChange('outgoing', () => this.wake());
    this.wake();
  }

  wake(): void {
    this.#rounds.wake();
  }

  async idle(): Promise<void> {
    await this.#rounds.idle();
  }

  async #run(): Promise<void> {
    try {
      this.#rounds.wakeAt(await this.#round());
    } catch (error) {
      // No room, most likely: the rows still say what is due.
      const code = error instanceof AimxError ? error.code : null;
      this.#options.log.warn('outbound.report-failed', { code, error: String(error) });
      this.#rounds.wakeAt(epochMs(this.#options.clock.now() + RETRY_MS));
    }
  }

  /** Makes what is due. @returns when to look again without a change; null: never. */
  async #round(): Promise<EpochMs | null> {
    const { journal, clock } = this.#options;
    const { reports, oldestWaitingAt } = await journal.query('reports-due', {
      lateBefore: epochMs(clock.now() - LATE_AFTER_MS),
      limit: REPORTS_AT_ONCE,
    });
    const told = new Set(reports.map(keyOf).filter((key) => this.#told.has(key)));
    this.#told = told;
    for (const report of reports) {
      const key = keyOf(report);
      if (this.#isClosed || told.has(key) || !isTimely(report)) continue;
      await this.#tell(report);
      told.add(key);
      // There may be more than were asked for.
      this.wake();
    }
    return oldestWaitingAt === null ? null : epochMs(oldestWaitingAt + LATE_AFTER_MS);
  }

  async #tell(report: DueReport): Promise<void> {
    const { journal, clock, random, log, faults } = this.#options;
    const { outgoing, purpose, recipientIds } = report;
    const at = clock.now();
    const to = withoutReturnTag(outgoing.reversePath);
    const bytes = writeDeliveryReport(await this.#factsOf(report, to, at));
    faults.reach('outbound.reporting');
    const journalId = await journal.accept({
      envelope: {
        reversePath: '',
        recipients: [
          { forwardPath: to, mailboxId: outgoing.mailboxId, mailbox: outgoing.mailbox, tag: null },
        ],
        smtputf8: !isAscii(to),
        body: isAscii(to) ? '7BIT' : '8BITMIME',
      },
      arrival: localArrival('outbox', { receivedAt: at, sessionId: random.hex(SESSION_ID_BYTES) }),
      content: { kind: 'inline', chunks: [bytes], sizeBytes: bytes.length },
      exactFingerprint: hash('sha256', bytes),
      lacksIdentity: false,
      settles: { queueId: outgoing.queueId, purpose, recipientIds, hooks: [] },
    });
    faults.reach('outbound.reported');
    const recipients = recipientIds.length;
    const { queueId, mailbox } = outgoing;
    log.info('outbound.reported', { queue_id: queueId, mailbox, purpose, recipients, journal_id: journalId });
  }

  async #factsOf(report: DueReport, to: string, at: EpochMs): Promise<DeliveryReportFacts> {
    const { random } = this.#options;
    const { hostname, domain } = this.#options.config();
    const { outgoing, purpose, recipientIds } = report;
    return {
      kind: purpose === 'report' ? 'failed' : 'delayed',
      hostname,
      from: `mailer-daemon@${domain}`,
      to,
      messageId: newMessageId(random, domain),
      unique: random.hex(BOUNDARY_BYTES),
      at,
      original: { ...outgoing, head: await this.#headOf(outgoing) },
      recipients: outgoing.recipients.filter(({ recipientId }) => recipientIds.includes(recipientId)),
    };
  }

  /** The original from its beginning; nothing where it cannot be read: the report says the rest all the same. */
  async #headOf({ raw, rawKept, queueId }: OutgoingRow): Promise<Uint8Array> {
    if (!rawKept) return new Uint8Array(0);
    try {
      return await firstBytes(this.#options.openRaw(raw), ORIGINAL_HEAD_BYTES_MAX);
    } catch (error) {
      this.#options.log.warn('outbound.original-unread', { queue_id: queueId, error: String(error) });
      return new Uint8Array(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#changes[Symbol.dispose]();
    await this.#rounds[Symbol.asyncDispose]();
  }
}

function keyOf({ outgoing, purpose, recipientIds }: DueReport): string {
  // A warning is one for the message, whoever is still waited for.
  return `${outgoing.queueId} ${purpose === 'warning' ? purpose : recipientIds.join()}`;
}

/** What was held until now is old and not late: it warns when it has been tried. */
function isTimely({ outgoing, purpose, recipientIds }: DueReport): boolean {
  const wasTried = ({ recipientId, attempts }: OutgoingRow['recipients'][number]): boolean =>
    recipientIds.includes(recipientId) && attempts > 0;
  return purpose === 'report' || outgoing.recipients.some(wasTried);
}

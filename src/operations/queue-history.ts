/** What has happened to a message of ours, from the rows of its trace: tries, decisions, what came back. */
import type { OutgoingRow, TraceRow } from '../journal/journal.ts';
import { toDeliveryId, toJournalId } from '../journal/journal.ts';
import { epochMs, formatInstant } from '../system/clock.ts';
import { requireRows } from './access.ts';
import type { OperationContext } from './operation.ts';

export interface QueueTry {
  readonly at: string;
  /** Where the mail of these recipients goes. */
  readonly domain: string;
  readonly remote: string | null;
  /** Null without TLS. */
  readonly tls: string | null;
  /** Where it ended: `route`, `connect`, `greeting`, `tls`, `auth`, `mail`, `rcpt`, `data`, `dot`, `local`. */
  readonly stage: string;
  readonly results: readonly {
    readonly address: string;
    /** `delivered`, `deferred`, `failed` or `in-doubt`. */
    readonly outcome: string;
    readonly reply: string;
    readonly enhanced_status: string | null;
    readonly next_attempt_at: string | null;
  }[];
}

export interface QueueHistory {
  /** Oldest first, like the others. */
  readonly tries: readonly QueueTry[];
  readonly decisions: readonly {
    readonly at: string;
    readonly decision: 'held' | 'released' | 'cancelled' | 'retry-asked';
    readonly by: string;
    readonly reason: string | null;
  }[];
  /** Messages that are about it: bounces, complaints, answers. */
  readonly came_back: readonly {
    readonly at: string;
    readonly kind: string;
    /** `<mailbox>/<id>` of the message that brings it; null where it has no name yet. */
    readonly message: string | null;
    readonly recipients: readonly { readonly address: string; readonly text: string }[];
  }[];
  /** What aimx itself told the sender. */
  readonly reports: readonly {
    readonly at: string;
    readonly purpose: string;
    readonly message: string | null;
  }[];
}

type Detail = TraceRow['detail'];

/** Rows may be older than this program, so nothing is taken for granted of their details. */
function text(detail: Detail, name: string): string | null {
  const value = detail[name];
  return typeof value === 'string' ? value : null;
}

function records(detail: Detail, name: string): readonly Detail[] {
  const value = detail[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

function tryOf({ at, detail }: TraceRow): QueueTry {
  const { startedAt } = detail;
  return {
    at: formatInstant(typeof startedAt === 'number' ? epochMs(startedAt) : at),
    domain: text(detail, 'domain') ?? '',
    remote: text(detail, 'remote'),
    tls: text(detail, 'tls'),
    stage: text(detail, 'stage') ?? '',
    results: records(detail, 'results').map((result) => ({
      address: text(result, 'address') ?? '',
      outcome: text(result, 'outcome') ?? '',
      reply: text(result, 'reply') ?? '',
      enhanced_status: text(result, 'status'),
      next_attempt_at: typeof result['nextAt'] === 'number' ? formatInstant(epochMs(result['nextAt'])) : null,
    })),
  };
}

const DECISIONS = ['held', 'released', 'cancelled', 'retry-asked'] as const;

function decisionOf({ at, event, detail }: TraceRow): QueueHistory['decisions'] {
  return DECISIONS.filter((decision) => event === `outgoing.${decision}`).map((decision) => ({
    at: formatInstant(at),
    decision,
    by: text(detail, 'by') ?? '',
    reason: text(detail, 'reason'),
  }));
}

/** The name of a message that had none, perhaps, when the row was written. */
async function nameOfDelivery(
  context: OperationContext,
  mailbox: string,
  detail: Detail,
): Promise<string | null> {
  const id = text(detail, 'id');
  if (id !== null) return `${mailbox}/${id}`;
  const { deliveryId } = detail;
  if (typeof deliveryId !== 'number') return null;
  const found = await requireRows(context).query('delivery', { deliveryId: toDeliveryId(deliveryId) });
  return found?.id == null ? null : `${found.mailbox}/${found.id}`;
}

/** Where a message lies that was made here: a report in the sender's mailbox. */
export async function nameOfRecord(context: OperationContext, journalId: unknown): Promise<string | null> {
  if (typeof journalId !== 'number') return null;
  const message = await requireRows(context).query('message', { journalId: toJournalId(journalId) });
  const named = message?.deliveries.find(({ id, folder }) => id !== null && folder === 'inbox');
  return named === undefined ? null : `${named.mailbox}/${named.id}`;
}

export async function queueHistory(
  context: OperationContext,
  { deliveryId, mailbox }: Pick<OutgoingRow, 'deliveryId' | 'mailbox'>,
): Promise<QueueHistory> {
  const { rows } = await requireRows(context).query('trace', { deliveryId });
  const of = (event: string): readonly TraceRow[] => rows.filter((row) => row.event === event);
  return {
    tries: of('outgoing.attempted').map(tryOf),
    decisions: rows.flatMap(decisionOf),
    came_back: await Promise.all(
      of('outgoing.answered').map(async ({ at, detail }) => ({
        at: formatInstant(at),
        kind: text(detail, 'kind') ?? '',
        message: await nameOfDelivery(context, mailbox, detail),
        recipients: records(detail, 'recipients').map((one) => ({
          address: text(one, 'address') ?? '',
          text: text(one, 'text') ?? '',
        })),
      })),
    ),
    reports: await Promise.all(
      of('outgoing.reported').map(async ({ at, detail }) => ({
        at: formatInstant(at),
        purpose: text(detail, 'purpose') ?? '',
        message: await nameOfRecord(context, detail['reportJournalId']),
      })),
    ),
  };
}

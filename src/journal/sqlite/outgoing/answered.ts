/**
 * What came back is matched to what was sent: by the queue id in the return path, then by Message-ID.
 *
 * Anybody can write a report, so nothing that stands is changed by one: it is shown beside it.
 */
import type { OutgoingRecipient, OutgoingRow, ReceivedAnswer } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import { type Context, trace } from '../context.ts';
import { addressKey, outgoingWhere } from './outgoing-rows.ts';
import { showAnew, traceOutgoing } from './settle-outgoing.ts';

export function answered(
  context: Context,
  { answer, at }: Transitions['answered']['in'],
): Transitions['answered']['out'] {
  const { db } = context;
  const known = db.get('SELECT journal_id FROM answers WHERE delivery_id = ?', answer.deliveryId);
  if (known !== undefined) {
    const [outgoing] = outgoingWhere(context, 'o.journal_id = ?', known['journal_id'] as number);
    return { outgoing: outgoing ?? null };
  }
  const outgoing = match(context, answer);
  if (outgoing === null) return { outgoing: null };
  db.run('INSERT INTO answers VALUES (?, ?, ?)', answer.deliveryId, outgoing.journalId, answer.kind);
  const shown = answersOf(outgoing, answer);
  let changed = 0;
  for (const { recipient, text } of shown)
    changed += db.run(
      'UPDATE outgoing_recipients SET answer = ? WHERE recipient_id = ? AND answer IS NOT ?',
      text,
      recipient.recipientId,
      text,
    );
  const row = db.get('SELECT id, mailbox FROM deliveries WHERE delivery_id = ?', answer.deliveryId);
  traceOutgoing(context, outgoing, {
    at,
    event: 'outgoing.answered',
    detail: {
      kind: answer.kind,
      deliveryId: answer.deliveryId,
      id: row?.['id'] ?? null,
      recipients: shown.map(({ recipient, text }) => ({ address: recipient.address, text })),
    },
  });
  trace(context, {
    at,
    deliveryId: answer.deliveryId,
    event: 'delivery.answers',
    detail: { queueId: outgoing.queueId, id: outgoing.id, kind: answer.kind },
  });
  if (changed > 0) showAnew(context, outgoing, at);
  const [now] = outgoingWhere(context, 'o.journal_id = ?', outgoing.journalId);
  return { outgoing: now ?? null };
}

function match(context: Context, answer: ReceivedAnswer): OutgoingRow | null {
  const tries: readonly [string, readonly string[]][] = [
    ['queue_id', answer.queueIds],
    ['message_id', answer.messageIds],
  ];
  for (const [column, values] of tries)
    for (const value of values) {
      const [found] = outgoingWhere(
        context,
        `o.${column} = ? AND o.mailbox_id = ? ORDER BY o.journal_id DESC LIMIT 1`,
        value,
        answer.mailboxId,
      );
      if (found !== undefined) return found;
    }
  return null;
}

interface ShownAnswer {
  readonly recipient: OutgoingRecipient;
  readonly text: string;
}

/** What is shown beside which recipient. A letter does not hide that an address has bounced. */
function answersOf({ recipients }: OutgoingRow, answer: ReceivedAnswer): readonly ShownAnswer[] {
  const said =
    answer.recipients.length > 0
      ? answer.recipients
      : [{ address: senderOf(answer.from), action: null, text: '' }];
  return said.flatMap((one) => {
    const key = addressKey(one.address);
    const named = recipients.filter(({ address }) => addressKey(address) === key);
    // A report that names nobody is about the only one there is.
    const [only] = recipients;
    const about = named[0] ?? (one.address === '' && recipients.length === 1 ? only : undefined);
    if (about === undefined) return [];
    const word = wordOf(answer.kind, one.action);
    if (about.answer?.startsWith('bounced') === true && word !== 'bounced') return [];
    return [{ recipient: about, text: one.text === '' ? word : `${word}: ${one.text}` }];
  });
}

function wordOf(kind: ReceivedAnswer['kind'], action: string | null): string {
  switch (kind) {
    case 'delivery-report':
      return action === 'failed' || action === null ? 'bounced' : action;
    case 'complaint':
      return 'complained';
    case 'disposition':
      return 'handled';
    case 'auto-reply':
      return 'auto-replied';
    case 'reply':
      return 'replied';
  }
}

/** The address of `Name <address>`. */
function senderOf(from: string): string {
  return /<([^<>]*)>\s*$/.exec(from)?.[1] ?? from.trim();
}

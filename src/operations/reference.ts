/**
 * How a message is named: `<mailbox>/<id>`, a bare id, or a Message-ID (contract §4).
 *
 * A bare name that fits more than one message that the caller may read is refused with the candidates.
 */
import type { DeliveryRow, MessageRow } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import { mailboxScope, maySee, requireRows } from './access.ts';
import type { OperationContext } from './operation.ts';

export interface MessageReference {
  readonly message: string;
  readonly mailbox?: string | undefined;
}

export interface ResolvedDelivery {
  readonly delivery: DeliveryRow;
  readonly message: MessageRow;
}

/**
 * The one answer for a message that is not there and one that is not the caller's.
 *
 * @param elsewhere How to ask for one of that name which lies in another folder; empty for none.
 */
export function noSuchMessage(reference: string, elsewhere = ''): AimxError {
  return new AimxError(
    'request.not-found',
    `There is no message ${JSON.stringify(reference)} that you may read`,
    {
      hint:
        elsewhere === '' ? 'aimx list shows the messages of your mailboxes' : `it is there with ${elsewhere}`,
    },
  );
}

/** @param candidates In the form `<mailbox>/<id>`. */
export function ambiguousMessage(reference: string, candidates: readonly string[]): AimxError {
  return new AimxError(
    'request.ambiguous',
    `${JSON.stringify(reference)} names ${candidates.length} messages: ${candidates.join(', ')}`,
    { hint: 'name one of them as <mailbox>/<id>', detail: { candidates } },
  );
}

/**
 * Splits `<mailbox>/<id>`; what contains `@` or `<` is a Message-ID and stays whole.
 *
 * @param explicit The value of `--mailbox`, which wins over none.
 */
export function splitReference(
  reference: string,
  explicit: string | undefined,
): { readonly mailbox: string | undefined; readonly name: string } {
  const unbracketed = reference.replace(/^<(.*)>$/s, '$1');
  const slash = unbracketed.indexOf('/');
  if (slash <= 0 || unbracketed.includes('@')) return { mailbox: explicit, name: unbracketed };
  return { mailbox: explicit ?? unbracketed.slice(0, slash), name: unbracketed.slice(slash + 1) };
}

/** Follows an absorbed copy to the delivery that holds the message. */
async function stored(context: OperationContext, found: ResolvedDelivery): Promise<ResolvedDelivery> {
  if (found.delivery.absorbedInto === null) return found;
  const rows = requireRows(context);
  const delivery = await rows.query('delivery', { deliveryId: found.delivery.absorbedInto });
  if (delivery === null) return found;
  const message = await rows.query('message', { journalId: delivery.journalId });
  return message === null ? found : { delivery, message };
}

/**
 * Finds the one delivery that `reference` names.
 *
 * @throws `request.not-found`, `request.ambiguous` with `detail.candidates`.
 */
export async function resolveDelivery(
  context: OperationContext,
  reference: MessageReference,
): Promise<ResolvedDelivery> {
  const { mailbox, name } = splitReference(reference.message, reference.mailbox);
  const mailboxes = mailboxScope(context, mailbox);
  const found = await requireRows(context).query('find', {
    reference: name,
    ...(mailboxes === undefined ? {} : { mailboxes }),
  });
  const unique = new Map<number, ResolvedDelivery>();
  for (const candidate of found) {
    if (!maySee(context, candidate.delivery)) continue;
    const resolved = await stored(context, candidate);
    unique.set(resolved.delivery.deliveryId, resolved);
  }
  const [first, ...others] = unique.values();
  if (first === undefined) throw noSuchMessage(reference.message);
  if (others.length === 0) return first;
  throw ambiguousMessage(
    reference.message,
    [first, ...others].map(({ delivery }) => `${delivery.mailbox}/${delivery.id ?? 'not yet named'}`),
  );
}

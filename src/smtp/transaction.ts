/**
 * One mail transaction (RFC 5321 §3.3): from MAIL to the end of its message, RSET or another EHLO;
 * and what may come when in it. Decisions only: the session carries them out.
 */
import { isAscii } from '../address/octets.ts';
import type { Command } from './command.ts';
import type { ContentIntake } from './content-intake.ts';
import type { MailParameters } from './mail-parameters.ts';
import { REPLIES } from './replies.ts';
import type { Reply } from './reply.ts';
import type { SessionEnvelope, SessionOptions, SessionRecipient } from './session-events.ts';

export type MailCommand = Extract<Command, { readonly verb: 'MAIL' }>;
export type RecipientCommand = Extract<Command, { readonly verb: 'RCPT' }>;
export type ChunkCommand = Extract<Command, { readonly verb: 'BDAT' }>;

export interface Transaction {
  readonly reversePath: string;
  readonly parameters: MailParameters;
  readonly recipients: SessionRecipient[];
  /** A RCPT came, accepted or not. */
  hadRecipient: boolean;
  /** Its message, once that has begun. */
  intake: ContentIntake | null;
  /** A chunk was refused: nothing but RSET helps (RFC 3030 §2). */
  hasFailed: boolean;
}

/** Who is on the other side, as EHLO or HELO said. */
export interface Client {
  readonly name: string;
  readonly verb: 'EHLO' | 'HELO';
}

export function openTransaction({ reversePath, parameters }: MailCommand): Transaction {
  return {
    reversePath: reversePath.text,
    parameters,
    recipients: [],
    hadRecipient: false,
    intake: null,
    hasFailed: false,
  };
}

/** Why MAIL is refused; null where a transaction may begin. */
export function refuseMail(
  { parameters }: MailCommand,
  {
    client,
    transaction,
    options,
  }: {
    readonly client: Client | null;
    readonly transaction: Transaction | null;
    readonly options: SessionOptions;
  },
): Reply | null {
  if (client === null) return REPLIES.helloFirst;
  if (transaction !== null) return REPLIES.transactionOpen;
  const sizeBytes = parameters.declaredSizeBytes ?? 0;
  if (sizeBytes > options.maxMessageBytes) return REPLIES.tooLarge;
  if (!options.hasRoom(sizeBytes)) return REPLIES.noRoom;
  return null;
}

/** What becomes of RCPT in `transaction`. */
export function decideRecipient(
  { forwardPath }: RecipientCommand,
  transaction: Transaction | null,
  options: SessionOptions,
):
  | { readonly kind: 'accepted'; readonly recipient: SessionRecipient }
  | { readonly kind: 'refused'; readonly reply: Reply } {
  if (transaction === null) return { kind: 'refused', reply: REPLIES.mailFirst };
  if (transaction.intake !== null) return { kind: 'refused', reply: REPLIES.chunksBegun };
  if (!transaction.parameters.smtputf8 && !isAscii(forwardPath.text)) {
    return { kind: 'refused', reply: REPLIES.pathNeedsSmtputf8 };
  }
  const asked =
    forwardPath.kind === 'postmaster'
      ? { localPart: 'postmaster', domain: null }
      : { localPart: forwardPath.mailbox.localPart, domain: forwardPath.mailbox.domain };
  const answer = options.route(asked);
  if (answer.kind === 'not-our-domain') return { kind: 'refused', reply: REPLIES.notOurDomain };
  if (answer.kind === 'unknown-mailbox') return { kind: 'refused', reply: REPLIES.unknownMailbox };
  if (transaction.recipients.length >= options.maxRecipients) {
    return { kind: 'refused', reply: REPLIES.tooManyRecipients };
  }
  return { kind: 'accepted', recipient: { forwardPath: forwardPath.text, route: answer.route } };
}

/** Why no message may begin now; null where one may. */
function refuseContent(transaction: Transaction | null): Reply | null {
  if (transaction === null) return REPLIES.mailFirst;
  if (transaction.recipients.length > 0) return null;
  // RFC 5321 §3.3: 554 where all RCPTs were rejected, 503 where there was none.
  return transaction.hadRecipient ? REPLIES.noValidRecipients : REPLIES.recipientFirst;
}

/** Why DATA is refused; null where content may come. */
export function refuseData(transaction: Transaction | null): Reply | null {
  if (transaction !== null && transaction.intake !== null) return REPLIES.chunksBegun;
  // RFC 3030 §3: what may hold any octet cannot be ended by a dot.
  if (transaction?.parameters.body === 'BINARYMIME') return REPLIES.binaryNeedsChunks;
  return refuseContent(transaction);
}

/** Why the octets of a BDAT will be thrown away; null where they are content. */
export function refuseChunk(transaction: Transaction | null): Reply | null {
  return transaction?.hasFailed ? REPLIES.chunkAfterFailure : refuseContent(transaction);
}

/** The envelope of a message that has come in. */
export function makeEnvelope(
  transaction: Transaction,
  { client, isTls }: { readonly client: Client; readonly isTls: boolean },
): SessionEnvelope {
  const { smtputf8, body } = transaction.parameters;
  const base = smtputf8 ? 'UTF8SMTP' : client.verb === 'EHLO' ? 'ESMTP' : 'SMTP';
  return {
    reversePath: transaction.reversePath,
    recipients: transaction.recipients,
    smtputf8,
    body,
    helo: client.name,
    // RFC 3848 has no word for HELO over TLS.
    protocol: isTls && base !== 'SMTP' ? `${base}S` : base,
  };
}

/**
 * Whether a message was written by a program, so that no program may answer it (RFC 3834 §2): by what it
 * says of itself, by how it came and by who wrote it. Pure.
 */
import { parseDomain } from '../address/domain.ts';
import { parseMailbox } from '../address/mailbox.ts';
import type { Config } from '../config/config.ts';
import { parseAddresses } from '../message/header/addresses.ts';
import type { MessageSummary } from '../message/message.ts';
import { createRouter } from '../smtp/routing.ts';

/** Local parts whose mail is read by a program, or by nobody (RFC 3834 §2, RFC 2142 §4, §6). */
const PROGRAM = /^(?:mailer-daemon|postmaster|bounces?|listserv|majordomo)(?:[+=-].*)?$/i;
const LIST_PART = /^owner-.|.-(?:request|owner|bounces)$/i;
/** As a word of its own, since it is joined with others: `billing-noreply`, `no.reply+42`. */
const NO_REPLY = /(?:^|[._-])(?:no[._-]?reply|do[._-]?not[._-]?reply)(?:[+._-]|$)/i;

export interface AutomaticFacts {
  readonly summary: { readonly automatic: MessageSummary['automatic'] };
  /** From as shown. */
  readonly from: string;
  /** `""` is the null reverse-path; null where nobody said one. */
  readonly reversePath: string | null;
  /** Names of the mailboxes that it came to. */
  readonly mailboxes: readonly string[];
  readonly config: Config;
}

/**
 * @returns `<code>: <sentence>`; null for a letter. Codes, the surest first: `null-sender`, those of
 *   {@link MessageSummary.automatic}, `own-address`, `role-address`.
 */
export function automaticReason(facts: AutomaticFacts): string | null {
  if (facts.reversePath === '')
    return 'null-sender: It has the null reverse-path, which is never answered (RFC 5321 §4.5.5)';
  if (facts.summary.automatic !== null) return facts.summary.automatic;
  for (const { address } of parseAddresses(facts.from)) {
    if (isOwnAddress(address, facts)) return `own-address: It says that ${address} wrote it, to itself`;
    const localPart = address.slice(0, Math.max(0, address.lastIndexOf('@')));
    if (PROGRAM.test(localPart) || LIST_PART.test(localPart) || NO_REPLY.test(localPart))
      return `role-address: Nobody reads what is sent to ${address}`;
  }
  return null;
}

/** Who answers it would write to the mailbox that it is in, and be started by his own answer. */
function isOwnAddress(address: string, { mailboxes, config }: AutomaticFacts): boolean {
  const parsed = parseMailbox(address);
  if (parsed.kind === 'malformed') return false;
  // Most mail is from elsewhere: the table of our addresses is made for the rest alone.
  const ours = [config.domain, ...config.domains].map(parseDomain);
  if (!ours.some((own) => own.kind === 'parsed' && own.value === parsed.value.domain)) return false;
  const answer = createRouter(config)(parsed.value);
  return answer.kind === 'accept' && mailboxes.includes(answer.route.mailbox);
}

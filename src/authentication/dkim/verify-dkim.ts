/**
 * DKIM (RFC 6376, with RFC 8301 and RFC 8463): which domains signed a message as it came.
 *
 * A result says that a domain signed; whether it is the author's is alignment, and decided elsewhere.
 */
import type { AuthenticationInput, AuthenticationWorld } from '../authentication.ts';
import type { DkimFinding, SignatureFinding } from '../findings.ts';
import { checkSignature, createBodyHasher, type Outcome, type SignatureWorld } from './check-signature.ts';
import { createKeyLookup } from './key-lookup.ts';
import { FIELDS_MAX, type FieldOctets, mapMessageOctets, rawValue } from './message-octets.ts';
import { parseDkimSignature } from './signature.ts';
import { findUncovered } from './uncovered.ts';

/** An author's, a provider's and some mediators' make five; each one costs a question and a verification. */
export const SIGNATURES_JUDGED_MAX = 10;

async function judge(field: FieldOctets, world: SignatureWorld): Promise<SignatureFinding> {
  const { message } = world;
  const parsed = parseDkimSignature(rawValue(message, field));
  const { domain, selector, algorithm, signatureStart, headerNames, signedAt } = parsed.claims;
  const outcome = async (): Promise<Outcome> => {
    if (message.hasTooManyFields)
      return { result: 'policy', reason: `the message has more than ${FIELDS_MAX} header fields` };
    if (parsed.kind === 'unusable') return { result: 'permerror', reason: parsed.reason };
    return checkSignature(parsed.claims, field, world);
  };
  const uncovered = findUncovered(message, headerNames);
  return { ...(await outcome()), domain, selector, algorithm, signatureStart, uncovered, signedAt };
}

/**
 * Judges the first {@link SIGNATURES_JUDGED_MAX} signatures of a message. Linear in its length. Never rejects.
 *
 * @param content CRLF line ends.
 * @param options.receivedAt Against which expiry is judged.
 * @param options.signal Ends every question; what was not answered by then is `temperror`.
 */
export async function verifyDkim(
  content: Uint8Array,
  options: AuthenticationWorld & Pick<AuthenticationInput, 'receivedAt'>,
): Promise<DkimFinding> {
  const message = mapMessageOctets(content);
  const fields = message.fieldsByName.get('dkim-signature') ?? [];
  const judged = fields.slice(0, SIGNATURES_JUDGED_MAX);
  const bodies = createBodyHasher(message);
  const world = { message, bodies, keys: createKeyLookup(options), receivedAt: options.receivedAt };
  const signatures = await Promise.all(judged.map((field) => judge(field, world)));
  return { signatures, notJudged: fields.length - judged.length };
}

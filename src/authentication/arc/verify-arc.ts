/**
 * ARC (RFC 8617): what hosts on the way found, each sealing what those before it said.
 *
 * A chain that passes says who sealed; it says nothing about the author unless a sealer is believed,
 * which the configuration decides.
 */
import type { AuthenticationInput, AuthenticationWorld } from '../authentication.ts';
import { parseAuthenticationResults } from '../authentication-results.ts';
import { canonicalField } from '../dkim/canonical-field.ts';
import {
  checkSignature,
  checkWithKey,
  createBodyHasher,
  FUTURE_MS_MAX,
  type Outcome,
  type SignatureWorld,
} from '../dkim/check-signature.ts';
import { createKeyLookup, type KeyLookup } from '../dkim/key-lookup.ts';
import { type FieldOctets, type MessageOctets, mapMessageOctets } from '../dkim/message-octets.ts';
import type { Signature } from '../dkim/signature.ts';
import { findUncovered } from '../dkim/uncovered.ts';
import type { ArcFinding } from '../findings.ts';
import { type ArcSet, readArcSets } from './arc-sets.ts';

interface CheckedPart {
  readonly part: string;
  readonly outcome: Outcome;
}

/**
 * Without `c=` the forms are `simple` by RFC 6376 §3.5, and some sealers mean `relaxed`, the only form of
 * seals: what verifies in either was signed by the key's owner.
 */
async function checkMessageSignature(set: ArcSet, world: SignatureWorld): Promise<Outcome> {
  const { field, signature } = set.messageSignature;
  const outcome = await checkSignature(signature, field, world);
  if (outcome.result === 'pass' || signature.statesForms) return outcome;
  const relaxed: Signature = { ...signature, headerForm: 'relaxed', bodyForm: 'relaxed' };
  const second = await checkSignature(relaxed, field, world);
  return second.result === 'pass' ? second : outcome;
}

/** A seal signs all sets up to its own, each in the order results, message signature, seal (§5.1.1). */
async function checkSeals(
  message: MessageOctets,
  sets: readonly ArcSet[],
  keys: KeyLookup,
): Promise<readonly CheckedPart[]> {
  const answers = await Promise.all(
    sets.map(({ seal }) => keys(seal.signature.selector, seal.signature.domain)),
  );
  const line = (field: FieldOctets): string => `${canonicalField(message, field, { form: 'relaxed' })}\r\n`;
  let before = '';
  return sets.map(({ results, messageSignature, seal }, index) => {
    const { signature } = seal;
    const own = `${before}${line(results.field)}${line(messageSignature.field)}`;
    const last = canonicalField(message, seal.field, { form: 'relaxed', value: signature.hashedValue });
    before = `${own}${line(seal.field)}`;
    const answer = answers[index] ?? { kind: 'absent' };
    const data = Buffer.from(own + last, 'latin1');
    const outcome = checkWithKey(signature, data, { answer, identityIsDomain: true });
    return { part: `the seal of instance ${index + 1}`, outcome };
  });
}

/** A broken part breaks the chain; without one, a part that nobody could check leaves it open. */
function combine(parts: readonly CheckedPart[]): Pick<ArcFinding, 'result' | 'reason'> {
  const say = ({ part, outcome }: CheckedPart): string => `${part}: ${outcome.reason}`;
  const isOpen = ({ outcome }: CheckedPart): boolean => outcome.result === 'temperror';
  const broken = parts.find((checked) => checked.outcome.result !== 'pass' && !isOpen(checked));
  if (broken !== undefined) return { result: 'fail', reason: say(broken) };
  const open = parts.find(isOpen);
  if (open !== undefined) return { result: 'temperror', reason: say(open) };
  return { result: 'pass', reason: null };
}

/** What the last sealer says of the message as it came to it. */
function readOutermost(message: MessageOctets, set: ArcSet): ArcFinding['outermost'] {
  const { signature } = set.messageSignature;
  const results = parseAuthenticationResults(set.results.payload);
  return {
    sealer: set.seal.signature.domain,
    methods: results?.methods ?? [],
    uncovered: findUncovered(message, signature.headerNames),
    signedAt: signature.signedAt ?? set.seal.signature.signedAt,
  };
}

/**
 * Validates the chain of a message (§5.2). Never rejects.
 *
 * The newest message signature and every seal have to hold; older message signatures break honestly where
 * a hop changed the message.
 *
 * Sealers and what the outermost says are read from a chain that is whole, whatever its signatures are
 * worth; one whose structure is broken has none.
 *
 * @param content CRLF line ends.
 * @param options.receivedAt Against which expiry is judged.
 * @param options.signal Ends every question; what was not answered by then is `temperror`.
 */
export async function verifyArc(
  content: Uint8Array,
  options: AuthenticationWorld & Pick<AuthenticationInput, 'receivedAt'>,
): Promise<ArcFinding> {
  const message = mapMessageOctets(content);
  const read = readArcSets(message);
  if (read.kind === 'none') return { result: 'none', reason: null, sealers: [], outermost: null };
  if (read.kind === 'broken') return { result: 'fail', reason: read.reason, sealers: [], outermost: null };
  const { sets } = read;
  const sealers = sets.map(({ seal }) => seal.signature.domain);
  const last = sets.at(-1);
  if (last === undefined) return { result: 'none', reason: null, sealers, outermost: null };
  const outermost = readOutermost(message, last);
  const sealedAt = last.seal.signature.signedAt;
  if (sealedAt !== null && sealedAt > options.receivedAt + FUTURE_MS_MAX)
    return { result: 'fail', reason: 'the last seal is from the future (t=)', sealers, outermost };
  const keys = createKeyLookup(options);
  const world = { message, bodies: createBodyHasher(message), keys, receivedAt: options.receivedAt };
  const [messageSignature, seals] = await Promise.all([
    checkMessageSignature(last, world),
    checkSeals(message, sets, keys),
  ]);
  const part = `the message signature of instance ${sets.length}`;
  const { result, reason } = combine([{ part, outcome: messageSignature }, ...seals]);
  return { result, reason, sealers, outermost };
}

/**
 * Whether one signature holds for one message: the steps of RFC 6376 §6.1.2 and §6.1.3, in the order in
 * which they cost least.
 */
import { createHash, verify } from 'node:crypto';
import { HEADER_BYTES_MAX } from '../../message/header/header-section.ts';
import { assertNever } from '../../system/assert.ts';
import type { EpochMs } from '../../system/clock.ts';
import type { AuthenticationResult } from '../verdict.ts';
import { type BodyHash, hashBody } from './body-hash.ts';
import { type Canonicalization, canonicalField, selectFields } from './canonical-field.ts';
import type { KeyAnswer, KeyLookup } from './key-lookup.ts';
import { type KeyRecord, parseKeyRecord, RSA_BITS_MIN } from './key-record.ts';
import type { FieldOctets, MessageOctets } from './message-octets.ts';
import type { Seal, Signature } from './signature.ts';

export interface Outcome {
  readonly result: AuthenticationResult;
  /** One sentence without a full stop; null for a plain pass. */
  readonly reason: string | null;
}

/** Signed, where there is no key to check it with. */
const NOTHING: Buffer = Buffer.alloc(0);

/** Clocks differ; a signature further ahead would never grow old and could be sent again and again. */
export const FUTURE_MS_MAX: number = 60 * 60 * 1000;

/** The body's hash in each form, made when it is first asked for. */
export type BodyHasher = (form: Canonicalization) => BodyHash;

export function createBodyHasher(message: MessageOctets): BodyHasher {
  const hashes = new Map<Canonicalization, BodyHash>();
  return (form) => {
    const known = hashes.get(form);
    if (known !== undefined) return known;
    const hash = hashBody(message.bytes.subarray(message.bodyStart), form);
    hashes.set(form, hash);
    return hash;
  };
}

/** What a signature is judged by. */
export interface SignatureWorld {
  readonly message: MessageOctets;
  readonly bodies: BodyHasher;
  readonly keys: KeyLookup;
  readonly receivedAt: EpochMs;
}

/** What a signature's length of the body and its hash say; null where nothing is wrong with them. */
function decideByBody({ bodyForm, bodyHash, bodyLength }: Signature, bodies: BodyHasher): Outcome | null {
  const body = bodies(bodyForm);
  if (bodyLength !== null && bodyLength > body.length) {
    const reason = `l= is ${bodyLength}, and the body has ${body.length} octets`;
    return { result: 'permerror', reason };
  }
  if (bodyLength !== null && bodyLength < body.length) {
    const reason = `the signature covers only ${bodyLength} of ${body.length} octets of the body (l=)`;
    return { result: 'policy', reason };
  }
  if (!body.sha256.equals(bodyHash))
    return { result: 'fail', reason: 'the body is not the one that was signed: its hash differs' };
  return null;
}

/** What is wrong with a signature whatever its key says; null where the key decides. */
function decideWithoutKey(
  signature: Signature,
  selected: readonly FieldOctets[],
  { bodies, receivedAt }: SignatureWorld,
): Outcome | null {
  const { expiresAt, signedAt } = signature;
  const byBody = decideByBody(signature, bodies);
  if (byBody !== null) return byBody;
  if (expiresAt !== null && expiresAt <= receivedAt)
    return { result: 'fail', reason: 'the signature had expired when the message came (x=)' };
  if (signedAt !== null && signedAt > receivedAt + FUTURE_MS_MAX)
    return { result: 'policy', reason: 'the signature is from the future (t=)' };
  if (selected.reduce((sum, field) => sum + field.end - field.start, 0) > HEADER_BYTES_MAX)
    return { result: 'policy', reason: `it signs more than ${HEADER_BYTES_MAX} octets of header fields` };
  return null;
}

/** True where `signature` was made over `data` with the private half of `key`. */
function verifies(data: Buffer, signature: Buffer, { key, keyType }: KeyRecord): boolean {
  try {
    if (keyType === 'rsa') return verify('sha256', data, key, signature);
    // RFC 8463 §3: Ed25519 signs the hash.
    return verify(null, createHash('sha256').update(data).digest(), key, signature);
  } catch {
    return false; // Expected where the key cannot be used with a signature of this length.
  }
}

/**
 * Tries the records of a key in their order until one verifies (RFC 6376 §6.1.2 step 4).
 *
 * @param data What was signed.
 * @param identityIsDomain False where `i=` names a domain below `d=`.
 * @returns The outcome of the record that came furthest.
 */
export function checkWithKey(
  seal: Seal,
  data: Buffer,
  options: { readonly answer: KeyAnswer; readonly identityIsDomain: boolean },
): Outcome {
  const { answer, identityIsDomain } = options;
  const at = `${seal.selector}._domainkey.${seal.domain}`;
  switch (answer.kind) {
    case 'absent':
      return { result: 'permerror', reason: `there is no key at ${at}` };
    case 'failed':
      return { result: 'temperror', reason: `the key at ${at} could not be asked for: ${answer.detail}` };
    case 'records':
      break;
    default:
      return assertNever(answer);
  }
  let furthest: Outcome | null = null;
  for (const text of answer.texts) {
    const parsed = parseKeyRecord(text, seal.algorithm);
    if (parsed.kind === 'unusable') {
      furthest ??= { result: 'permerror', reason: `the key at ${at} ${parsed.reason}` };
      continue;
    }
    const { record } = parsed;
    if (record.isStrict && !identityIsDomain) {
      furthest ??= { result: 'permerror', reason: `the key at ${at} is not for domains below (t=s)` };
      continue;
    }
    if (verifies(data, seal.signature, record)) return acceptWith(record, at);
    furthest = refuseWith(record, at);
  }
  return furthest ?? { result: 'permerror', reason: `there is no key at ${at}` };
}

function acceptWith(record: KeyRecord, at: string): Outcome {
  if (record.keyType === 'rsa' && record.bits < RSA_BITS_MIN) {
    const reason = `the key at ${at} has ${record.bits} bits, fewer than ${RSA_BITS_MIN} (RFC 8301)`;
    return { result: 'policy', reason };
  }
  return { result: 'pass', reason: record.isTesting ? `the domain is testing DKIM (t=y at ${at})` : null };
}

/** A domain that is testing is as if it had not signed (RFC 6376 §3.6.1, `t=y`). */
function refuseWith(record: KeyRecord, at: string): Outcome {
  const reason = `header fields are not those that were signed, or not with the key at ${at}`;
  if (!record.isTesting) return { result: 'fail', reason };
  return { result: 'neutral', reason: `${reason}; the domain is testing DKIM (t=y)` };
}

/** What a message signature signs: the selected fields and then itself, without a line end (RFC 6376 §3.7). */
function signedData(
  message: MessageOctets,
  signature: Signature,
  { field, selected }: { readonly field: FieldOctets; readonly selected: readonly FieldOctets[] },
): Buffer {
  const form = signature.headerForm;
  const lines = selected.map((one) => `${canonicalField(message, one, { form })}\r\n`);
  lines.push(canonicalField(message, field, { form, value: signature.hashedValue }));
  return Buffer.from(lines.join(''), 'latin1');
}

/**
 * Judges one signature. Asks DNS only where nothing else decides. Never rejects.
 *
 * @param field The field that holds it.
 */
export async function checkSignature(
  signature: Signature,
  field: FieldOctets,
  world: SignatureWorld,
): Promise<Outcome> {
  const { message } = world;
  const selected = selectFields(message, signature.headerNames);
  const decided = decideWithoutKey(signature, selected, world);
  if (decided !== null) return decided;
  const answer = await world.keys(signature.selector, signature.domain);
  const data = answer.kind === 'records' ? signedData(message, signature, { field, selected }) : NOTHING;
  return checkWithKey(signature, data, { answer, identityIsDomain: signature.identityIsDomain });
}

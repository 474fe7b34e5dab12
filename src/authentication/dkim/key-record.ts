/** Key records (RFC 6376 §3.6.1, RFC 8463 §4): the text of a TXT record in, a public key out. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { asciiLowerCase } from './message-octets.ts';
import type { SigningAlgorithm } from './signature.ts';
import { parseBase64, parseTagList, quote, withoutFolds } from './tag-list.ts';

/** RFC 8301 §3.2: shorter ones are not to be accepted. */
export const RSA_BITS_MIN = 1024;
/** RFC 8301 §3.2 asks for keys up to this; longer ones make whoever verifies work. */
const RSA_BITS_MAX = 4096;
/** RFC 8017 §3.1: with 1 anybody can sign. */
const RSA_EXPONENT_MIN = 3n;
/** Keys in use have 3 or 65537; one as long as the modulus makes each verification cost a hundred times as much. */
const RSA_EXPONENT_MAX = 2n ** 32n;

export interface KeyRecord {
  readonly key: KeyObject;
  readonly keyType: 'rsa' | 'ed25519';
  /** Of an RSA modulus; 256 for Ed25519. */
  readonly bits: number;
  /** `t=y`: the domain is trying DKIM out. */
  readonly isTesting: boolean;
  /** `t=s`: the domain of `i=` has to be `d=` itself. */
  readonly isStrict: boolean;
}

export type ParsedKeyRecord =
  | { readonly kind: 'key'; readonly record: KeyRecord }
  /** `reason` completes "the key …". */
  | { readonly kind: 'unusable'; readonly reason: string };

/** DER of a SubjectPublicKeyInfo up to the 32 octets of an Ed25519 key (RFC 8410 §4). */
const ED25519_SPKI_HEAD = '302a300506032b6570032100';

function readRsaKey(der: Buffer): KeyObject | null {
  // RFC 6376 §3.6.1 has a SubjectPublicKeyInfo in its examples and an RSAPublicKey in its text.
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const key = createPublicKey({ key: der, format: 'der', type });
      return key.asymmetricKeyType === 'rsa' ? key : null;
    } catch {
      // Expected where the octets are of the other form, or of none.
    }
  }
  return null;
}

function hasUsualExponent(key: KeyObject): boolean {
  const exponent = key.asymmetricKeyDetails?.publicExponent ?? 0n;
  return exponent >= RSA_EXPONENT_MIN && exponent <= RSA_EXPONENT_MAX;
}

function readEd25519Key(octets: Buffer): KeyObject | null {
  if (octets.length !== 32) return null;
  try {
    const der = Buffer.concat([Buffer.from(ED25519_SPKI_HEAD, 'hex'), octets]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null; // Expected where the octets are no point of the curve.
  }
}

/** A colon-separated list of a key record, lower case; null where the tag is not there. */
function listOf(value: string | undefined): readonly string[] | null {
  return value === undefined ? null : asciiLowerCase(withoutFolds(value)).split(':');
}

/** Reads a record for one algorithm. Never throws. @param text One character per octet. */
export function parseKeyRecord(text: string, algorithm: SigningAlgorithm): ParsedKeyRecord {
  const unusable = (reason: string): ParsedKeyRecord => ({ kind: 'unusable', reason });
  const list = parseTagList(text);
  if (list.kind === 'malformed') return unusable(`cannot be read: ${list.reason}`);
  const tag = (name: string): string | undefined => list.tags.get(name)?.value;
  const [first] = list.tags.keys();
  const version = tag('v');
  if (version !== undefined && (version !== 'DKIM1' || first !== 'v'))
    return unusable('does not begin with v=DKIM1');
  const encoded = tag('p');
  if (encoded === undefined) return unusable('has no p=');
  if (encoded === '') return unusable('was revoked (p= is empty)');
  const keyType = asciiLowerCase(tag('k') ?? 'rsa');
  if (`${keyType}-sha256` !== algorithm) return unusable(`is of the type ${quote(keyType)}`);
  const hashes = listOf(tag('h'));
  if (hashes !== null && !hashes.includes('sha256')) return unusable('is not for sha256 (h=)');
  const services = listOf(tag('s'));
  if (services !== null && !services.includes('email') && !services.includes('*'))
    return unusable('is not for mail (s=)');
  const octets = parseBase64(encoded);
  const isRsa = algorithm === 'rsa-sha256';
  const key = octets === null ? null : isRsa ? readRsaKey(octets) : readEd25519Key(octets);
  if (key === null) return unusable('cannot be read: p= holds no public key');
  const bits = isRsa ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 256;
  if (isRsa && bits > RSA_BITS_MAX) return unusable(`has ${bits} bits, more than ${RSA_BITS_MAX}`);
  if (isRsa && !hasUsualExponent(key)) return unusable('has a public exponent that nobody uses');
  const flags = listOf(tag('t')) ?? [];
  const record = { isTesting: flags.includes('y'), isStrict: flags.includes('s') };
  return { kind: 'key', record: { key, keyType: isRsa ? 'rsa' : 'ed25519', bits, ...record } };
}

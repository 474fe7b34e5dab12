/**
 * DKIM keys: made here, read from what is in a key file, and the records that show their public halves.
 * Where the files lie is not known here.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { RSA_BITS_MIN } from './dkim/key-record.ts';

export type DkimKeyType = 'rsa' | 'ed25519';

/** RFC 8301 §3.2: signers use at least 2048 bits; more do not fit into one UDP answer everywhere. */
const MODULUS_BITS = 2048;

/** RFC 8301 §3.2: who verifies need not take longer ones. */
const MODULUS_BITS_MAX = 4096;

/** Characters of one string of a TXT record (RFC 1035 §3.3.14). */
const TXT_STRING_CHARACTERS_MAX = 255;

export interface DkimKeyPair {
  /** PEM: PKCS#1 for RSA, PKCS#8 for Ed25519 (RFC 8410 §7). Nobody but the daemon may read it. */
  readonly privatePem: string;
  /** SPKI PEM. */
  readonly publicPem: string;
}

const generateAsync = promisify(generateKeyPair);

/** Takes some hundred milliseconds for RSA, on another thread. */
export async function generateDkimKey(type: DkimKeyType): Promise<DkimKeyPair> {
  const pem = (key: KeyObject, form: 'pkcs1' | 'pkcs8' | 'spki'): string =>
    key.export({ type: form, format: 'pem' } as { type: 'pkcs1'; format: 'pem' }).toString();
  if (type === 'rsa') {
    const { privateKey, publicKey } = await generateAsync('rsa', { modulusLength: MODULUS_BITS });
    return { privatePem: pem(privateKey, 'pkcs1'), publicPem: pem(publicKey, 'spki') };
  }
  const { privateKey, publicKey } = await generateAsync('ed25519');
  return { privatePem: pem(privateKey, 'pkcs8'), publicPem: pem(publicKey, 'spki') };
}

export type ParsedPrivateKey =
  | {
      readonly kind: 'key';
      readonly type: DkimKeyType;
      readonly privateKey: KeyObject;
      /** As {@link withSelector} wrote it; null where the text names none. */
      readonly selector: string | null;
      /** What verifiers might dislike; completes "the key …". Null where nothing is to be said. */
      readonly doubt: string | null;
    }
  /** `reason` completes "the key …". */
  | { readonly kind: 'unusable'; readonly reason: string };

/** RFC 6376 §3.1, as `dkim_selector` may be. */
const SELECTOR_LINE = /^Selector: ([A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?)$/m;

/**
 * A key with the name of its record before it: one file says both, so both change in one step.
 *
 * RFC 7468 §2 allows text before the encapsulation boundary, and readers pass over it.
 */
export function withSelector(privatePem: string, selector: string): string {
  return `Selector: ${selector}\n${privatePem}`;
}

/**
 * Reads what a key file holds. Never throws.
 *
 * @param text PEM, PKCS#1 or PKCS#8, not encrypted; text before it may name a selector.
 */
export function parsePrivateKey(text: string): ParsedPrivateKey {
  const unusable = (reason: string): ParsedPrivateKey => ({ kind: 'unusable', reason });
  const begin = text.indexOf('-----BEGIN ');
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(begin < 0 ? text : text.slice(begin));
  } catch {
    return unusable('is no private key in PEM'); // OpenSSL's own words help nobody.
  }
  const selector = SELECTOR_LINE.exec(text.slice(0, Math.max(begin, 0)))?.[1] ?? null;
  if (privateKey.asymmetricKeyType === 'ed25519')
    return { kind: 'key', type: 'ed25519', privateKey, selector, doubt: null };
  if (privateKey.asymmetricKeyType !== 'rsa') return unusable('is neither RSA nor Ed25519');
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS_MIN)
    return unusable(`has ${bits} bits, and no one accepts fewer than ${RSA_BITS_MIN} (RFC 8301)`);
  return { kind: 'key', type: 'rsa', privateKey, selector, doubt: doubtOf(bits) };
}

function doubtOf(bits: number): string | null {
  if (bits < MODULUS_BITS)
    return `has ${bits} bits, and signers are to have ${MODULUS_BITS} or more (RFC 8301)`;
  if (bits > MODULUS_BITS_MAX)
    return `has ${bits} bits, and who verifies need not take more than ${MODULUS_BITS_MAX} (RFC 8301)`;
  return null;
}

/** SPKI PEM of the public half. */
export function publicPemOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

export interface DkimRecord {
  /** Name of the TXT record, without a dot at the end. */
  readonly name: string;
  /** Its whole value, as a DNS provider's form takes it (RFC 6376 §3.6.1). */
  readonly value: string;
  /** The same as one line of a zone file, in strings of at most 255 characters. */
  readonly zoneLine: string;
}

/** `p=`: a SubjectPublicKeyInfo for RSA, and the bare 32 octets for Ed25519 (RFC 8463 §4.2). */
function encodePublicKey(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return (key.asymmetricKeyType === 'ed25519' ? der.subarray(-32) : der).toString('base64');
}

/** @param key `publicPem` is SPKI PEM. */
export function dkimRecord(key: {
  readonly selector: string;
  readonly domain: string;
  readonly publicPem: string;
}): DkimRecord {
  const publicKey = createPublicKey(key.publicPem);
  const type = publicKey.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa';
  const name = `${key.selector}._domainkey.${key.domain}`;
  const value = `v=DKIM1; k=${type}; p=${encodePublicKey(publicKey)}`;
  const strings = value.match(new RegExp(`.{1,${TXT_STRING_CHARACTERS_MAX}}`, 'g')) ?? [];
  const quoted = strings.map((part) => `"${part}"`).join(' ');
  return { name, value, zoneLine: `${name}. IN TXT ( ${quoted} )` };
}

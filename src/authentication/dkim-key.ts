/** DKIM keys: made here, written by whoever asks, and the record that shows the public half. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';

/** RFC 8301 §3.2: signers use at least 2048 bits; more do not fit into one UDP answer everywhere. */
const MODULUS_BITS = 2048;

/** Characters of one string of a TXT record (RFC 1035 §3.3.14). */
const TXT_STRING_CHARACTERS_MAX = 255;

export interface DkimKeyPair {
  /** PKCS#1 PEM, for `private.key`; nobody but the daemon may read it. */
  readonly privatePem: string;
  /** SPKI PEM, for `public.key`. */
  readonly publicPem: string;
}

/** Takes some hundred milliseconds. */
export function generateDkimKey(): DkimKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: MODULUS_BITS,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privatePem: privateKey, publicPem: publicKey };
}

/**
 * The public half of a private key.
 *
 * @param privatePem PKCS#1 or PKCS#8 PEM.
 * @returns SPKI PEM; null where the text is no private key.
 */
export function publicKeyOf(privatePem: string): string | null {
  try {
    // A public key is taken by createPublicKey as well, and is not what was asked for.
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privatePem)) return null;
    return createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    return null; // Expected for any text that is no key; the caller says which file it was.
  }
}

export interface DkimRecord {
  /** Name of the TXT record, without a dot at the end. */
  readonly name: string;
  /** Its whole value, as a DNS provider's form takes it (RFC 6376 §3.6.1). */
  readonly value: string;
  /** The same as one line of a zone file, in strings of at most 255 characters. */
  readonly zoneLine: string;
}

/** @param key `publicPem` is SPKI PEM. */
export function dkimRecord(key: {
  readonly selector: string;
  readonly domain: string;
  readonly publicPem: string;
}): DkimRecord {
  const der = createPublicKey(key.publicPem).export({ type: 'spki', format: 'der' });
  const name = `${key.selector}._domainkey.${key.domain}`;
  const value = `v=DKIM1; k=rsa; p=${der.toString('base64')}`;
  const strings = value.match(new RegExp(`.{1,${TXT_STRING_CHARACTERS_MAX}}`, 'g')) ?? [];
  const quoted = strings.map((part) => `"${part}"`).join(' ');
  return { name, value, zoneLine: `${name}. IN TXT ( ${quoted} )` };
}

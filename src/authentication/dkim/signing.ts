/**
 * Signing what leaves (RFC 6376 §5, RFC 8463): the words that the signer and those who give it keys
 * share. The signer is sign.ts.
 */
import type { KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  /** The author's, or one of ours above it, which is aligned too unless DMARC is strict. A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: KeyObject;
}

/** Where keys come from; files may be replaced at any time and are read again. */
export interface SigningKeys {
  /**
   * The keys that sign for a domain, RSA first: verifiers that know no Ed25519 ignore the second.
   *
   * @returns None where the domain has no key, and why in `problem`: mail then leaves unsigned, and its
   *   sender is told.
   */
  keysFor(domain: string): Promise<{ readonly keys: readonly SigningKey[]; readonly problem: string | null }>;
}

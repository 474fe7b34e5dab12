/**
 * What a signature says of itself: DKIM-Signature (RFC 6376 §3.5) and, with the same tags but `v=` and
 * `i=`, ARC-Message-Signature (RFC 8617 §4.1.2).
 */
import { parseDomain } from '../../address/domain.ts';
import { type EpochMs, epochMs } from '../../system/clock.ts';
import type { Canonicalization } from './canonical-field.ts';
import { asciiLowerCase } from './message-octets.ts';
import { parseBase64, parseTagList, quote, type Tags, withoutFolds } from './tag-list.ts';

/** Longer ones exist in attacks alone: every octet of a signature is hashed once more for it. */
const SIGNATURE_BYTES_MAX = 64 * 1024;

/** RFC 8301 §3.1 takes rsa-sha1 away; Ed25519 is RFC 8463. */
const ALGORITHMS = ['rsa-sha256', 'ed25519-sha256'] as const;
export type SigningAlgorithm = (typeof ALGORITHMS)[number];

/** What any signature tells, even one that cannot be used; `""` where it does not. */
export interface SignatureClaims {
  /** `d=` and `s=`, lower case, A-labels where they are a name. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  /** The first 8 characters of `b=` (RFC 6008 §4). */
  readonly signatureStart: string;
  /** `h=`, lower case, in its order. */
  readonly headerNames: readonly string[];
  readonly signedAt: EpochMs | null;
}

/** What ARC-Seal has too (RFC 8617 §4.1.3). */
export interface Seal extends SignatureClaims {
  readonly algorithm: SigningAlgorithm;
  readonly signature: Buffer;
  /** The field's value without what `b=` holds (RFC 6376 §3.7): what was hashed. */
  readonly hashedValue: string;
}

export interface Signature extends Seal {
  /** `c=`; where it is absent, both are `simple` (RFC 6376 §3.5). */
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  readonly bodyHash: Buffer;
  /** `l=`, octets of the canonical body; null where all of it is meant. */
  readonly bodyLength: number | null;
  readonly expiresAt: EpochMs | null;
  /** `c=` is there. */
  readonly statesForms: boolean;
  /** The domain of `i=` is the same as `d=` and not one below it. */
  readonly identityIsDomain: boolean;
}

export type ParsedSignature<Kind extends Seal> =
  | { readonly kind: 'signature'; readonly claims: Kind; readonly tags: Tags }
  /** `reason` says what is missing or wrong. */
  | { readonly kind: 'unusable'; readonly claims: SignatureClaims; readonly reason: string };

/** In what is kept of a signature that says nonsense. */
const CLAIM_CHARACTERS_MAX = 255;

/** A name that DNS is asked for; some selectors have an underscore. @returns A-labels, lower case; null where it is none. */
function parseName(value: string): string | null {
  const lower = asciiLowerCase(value);
  if (/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}$/.test(lower)) return lower;
  const parsed = parseDomain(Buffer.from(value, 'latin1').toString('utf8'));
  return parsed.kind === 'parsed' ? parsed.value : null;
}

/** @param value `t=` or `x=`: seconds since 1970 in at most 12 digits (§3.5). */
function parseTime(value: string): EpochMs | null {
  return /^[0-9]{1,12}$/.test(value) ? epochMs(Number(value) * 1000) : null;
}

function namesOf(value: string): readonly string[] {
  return asciiLowerCase(withoutFolds(value)).split(':');
}

/** What the tags say, as far as they say it. */
function readClaims(tags: Tags): SignatureClaims {
  const text = (name: string): string => tags.get(name)?.value ?? '';
  const shortened = (name: string): string =>
    asciiLowerCase(text(name).slice(0, CLAIM_CHARACTERS_MAX)).replace(/[^\x21-\x7e]/g, '?');
  const header = text('h');
  return {
    domain: parseName(text('d')) ?? shortened('d'),
    selector: parseName(text('s')) ?? shortened('s'),
    algorithm: shortened('a').slice(0, 20),
    signatureStart: withoutFolds(text('b').slice(0, CLAIM_CHARACTERS_MAX)).slice(0, 8),
    headerNames: header === '' ? [] : namesOf(header),
    signedAt: parseTime(text('t')),
  };
}

/** A value as it was signed: what stands between `b=` and the next `;` is gone (§3.5, §3.7). */
function withoutSignature(value: string, tags: Tags): string {
  const tag = tags.get('b');
  return tag === undefined ? value : value.slice(0, tag.start) + value.slice(tag.end);
}

const hasWrongForm = (name: string, value: string): string => `${name}= is ${quote(value)}`;

/** The first thing that is wrong with the tags which every kind has; null where nothing is. */
function findSealProblem(tags: Tags, required: readonly string[]): string | null {
  for (const name of required) if (!tags.has(name)) return `${name}= is missing`;
  const value = (name: string): string => tags.get(name)?.value ?? '';
  if (asciiLowerCase(value('a')) === 'rsa-sha1') return 'rsa-sha1 is not accepted any more (RFC 8301)';
  if (!ALGORITHMS.some((name) => name === asciiLowerCase(value('a'))))
    return `the algorithm ${quote(value('a'))} is not known`;
  if (parseBase64(value('b')) === null) return 'b= is no base64';
  for (const name of ['d', 's']) if (parseName(value(name)) === null) return hasWrongForm(name, value(name));
  if (tags.has('t') && parseTime(value('t')) === null) return hasWrongForm('t', value('t'));
  return null;
}

const SEAL_TAGS = ['a', 'b', 'd', 's'] as const;

/** Reads the tags of any of the three kinds of field. Never throws. @param value Raw, folds included. */
export function parseSeal(value: string): ParsedSignature<Seal> {
  if (value.length > SIGNATURE_BYTES_MAX) {
    const reason = `the field is longer than ${SIGNATURE_BYTES_MAX} octets`;
    return { kind: 'unusable', claims: readClaims(new Map()), reason };
  }
  const list = parseTagList(value);
  const claims = readClaims(list.tags);
  if (list.kind === 'malformed') return { kind: 'unusable', claims, reason: list.reason };
  const problem = findSealProblem(list.tags, SEAL_TAGS);
  if (problem !== null) return { kind: 'unusable', claims, reason: problem };
  const tag = (name: string): string => list.tags.get(name)?.value ?? '';
  const algorithm = ALGORITHMS.find((name) => name === asciiLowerCase(tag('a')));
  const signature = parseBase64(tag('b'));
  if (algorithm === undefined || signature === null)
    return { kind: 'unusable', claims, reason: 'b= or a= cannot be read' };
  const hashedValue = withoutSignature(value, list.tags);
  return { kind: 'signature', claims: { ...claims, algorithm, signature, hashedValue }, tags: list.tags };
}

/** @returns Forms of header and body; null where `c=` is wrong (§3.5: the body's is `simple` where it is not said). */
function parseForms(value: string | undefined): readonly [Canonicalization, Canonicalization] | null {
  const match = /^(simple|relaxed)(?:\/(simple|relaxed))?$/.exec(asciiLowerCase(value ?? 'simple'));
  if (match === null) return null;
  return [match[1] as Canonicalization, (match[2] ?? 'simple') as Canonicalization];
}

/** Tags that say which part of a message was signed, and until when. */
function parseMessageTags(seal: Seal, tags: Tags): Signature | string {
  for (const name of ['bh', 'h']) if (!tags.has(name)) return `${name}= is missing`;
  const bodyHash = parseBase64(tags.get('bh')?.value ?? '');
  if (bodyHash === null) return 'bh= is no base64';
  const forms = parseForms(tags.get('c')?.value);
  if (forms === null) return hasWrongForm('c', tags.get('c')?.value ?? '');
  const length = tags.get('l')?.value;
  if (length !== undefined && !/^[0-9]{1,76}$/.test(length)) return hasWrongForm('l', length);
  const expiry = tags.get('x')?.value;
  const expiresAt = expiry === undefined ? null : parseTime(expiry);
  if (expiry !== undefined && expiresAt === null) return hasWrongForm('x', expiry);
  if (expiresAt !== null && seal.signedAt !== null && expiresAt <= seal.signedAt)
    return 'it expires before it was made (x= and t=)';
  const queries = tags.get('q')?.value;
  if (queries !== undefined && !namesOf(queries).includes('dns/txt')) return hasWrongForm('q', queries);
  // An empty name selects nothing.
  const wrongName = seal.headerNames.find((name) => !/^[\x21-\x39\x3c-\x7e]*$/.test(name));
  if (wrongName !== undefined) return `h= has ${quote(wrongName)}, which is no name of a field`;
  return {
    ...seal,
    bodyHash,
    headerForm: forms[0],
    bodyForm: forms[1],
    statesForms: tags.has('c'),
    bodyLength: length === undefined ? null : Number(length),
    expiresAt,
    identityIsDomain: true,
  };
}

/** `i=` (§3.5): whether its domain is `d=`; or what is wrong with it. */
function parseIdentity(identity: string | undefined, domain: string): boolean | string {
  if (identity === undefined) return true;
  const at = identity.lastIndexOf('@');
  const name = at < 0 ? null : parseName(withoutFolds(identity.slice(at + 1)));
  if (name === null) return hasWrongForm('i', identity);
  if (name === domain) return true;
  return name.endsWith(`.${domain}`) ? false : `i= is ${quote(identity)}, which is not below d=${domain}`;
}

/** Reads the value of a DKIM-Signature field. Never throws. @param value Raw, folds included. */
export function parseDkimSignature(value: string): ParsedSignature<Signature> {
  const seal = parseSeal(value);
  if (seal.kind === 'unusable') return seal;
  const { claims, tags } = seal;
  const unusable = (reason: string): ParsedSignature<Signature> => ({ kind: 'unusable', claims, reason });
  const version = tags.get('v')?.value;
  if (version === undefined) return unusable('v= is missing');
  if (version !== '1') return unusable(hasWrongForm('v', version));
  const signature = parseMessageTags(claims, tags);
  if (typeof signature === 'string') return unusable(signature);
  if (!signature.headerNames.includes('from')) return unusable('h= does not name From');
  const identity = parseIdentity(tags.get('i')?.value, claims.domain);
  if (typeof identity === 'string') return unusable(identity);
  return { kind: 'signature', claims: { ...signature, identityIsDomain: identity }, tags };
}

/**
 * Reads the value of an ARC-Message-Signature field, but for `i=`. Never throws.
 *
 * RFC 8617 §4.1.2 keeps all three kinds of ARC field out of `h=`. Only ARC-Seal is refused: the drafts before it
 * allowed the others, signers name them to this day, and it does no harm.
 *
 * @param value Raw, folds included.
 */
export function parseArcMessageSignature(value: string): ParsedSignature<Signature> {
  const seal = parseSeal(value);
  if (seal.kind === 'unusable') return seal;
  const signature = parseMessageTags(seal.claims, seal.tags);
  if (typeof signature === 'string') return { kind: 'unusable', claims: seal.claims, reason: signature };
  if (signature.headerNames.includes('arc-seal'))
    return { kind: 'unusable', claims: seal.claims, reason: 'h= names ARC-Seal' };
  return { kind: 'signature', claims: signature, tags: seal.tags };
}

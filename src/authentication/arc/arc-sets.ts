/**
 * The sets of a chain: three fields a hop, tied by an instance number (RFC 8617 §4.2.1).
 *
 * Only their structure is judged here (§5.2 steps 1 to 3); no key is asked for.
 */
import { type FieldOctets, type MessageOctets, rawValue } from '../dkim/message-octets.ts';
import {
  type ParsedSignature,
  parseArcMessageSignature,
  parseSeal,
  type Seal,
  type Signature,
} from '../dkim/signature.ts';
import type { Tags } from '../dkim/tag-list.ts';

/** RFC 8617 §4.2.1. */
const INSTANCES_MAX = 50;
/** Three fields of some 1,500 octets for each instance, and as much again. Each is hashed once for every later seal. */
const ARC_BYTES_MAX = 512 * 1024;

export interface ArcSet {
  readonly results: { readonly field: FieldOctets; readonly payload: string };
  readonly messageSignature: { readonly field: FieldOctets; readonly signature: Signature };
  readonly seal: { readonly field: FieldOctets; readonly signature: Seal };
}

export type ArcSets =
  | { readonly kind: 'none' }
  /** In the order of their instances, from 1 on. */
  | { readonly kind: 'sets'; readonly sets: readonly ArcSet[] }
  | { readonly kind: 'broken'; readonly reason: string };

/** What a field of each kind holds, by instance. */
interface Found<Value> {
  readonly field: FieldOctets;
  readonly value: Value;
}

interface ReadSeal {
  readonly signature: Seal;
  /** `cv=`. */
  readonly validation: string;
}

type Read<Value> = { readonly instance: number; readonly value: Value } | { readonly reason: string };

function parseInstance(text: string | undefined): number | null {
  const instance = /^[0-9]{1,2}$/.test(text ?? '') ? Number(text) : 0;
  return instance >= 1 && instance <= INSTANCES_MAX ? instance : null;
}

/** `i=` comes first, and without it the rest is no payload (§4.1.1). */
function readResults(text: string): Read<string> {
  const match = /^[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,2})[ \t\r\n]*;/.exec(text);
  const instance = parseInstance(match?.[1]);
  if (match === null || instance === null) return { reason: 'it does not begin with an instance (i=)' };
  return { instance, value: text.slice(match[0].length) };
}

function readSigned<Kind extends Seal, Value>(
  parsed: ParsedSignature<Kind>,
  readTags: (claims: Kind, tags: Tags) => Value | string,
): Read<Value> {
  if (parsed.kind === 'unusable') return { reason: parsed.reason };
  const instance = parseInstance(parsed.tags.get('i')?.value);
  if (instance === null) return { reason: 'i= is missing or no instance' };
  const value = readTags(parsed.claims, parsed.tags);
  return typeof value === 'string' ? { reason: value } : { instance, value };
}

function readSealTags(signature: Seal, tags: Tags): ReadSeal | string {
  // §4.1.3: a seal says nothing of header fields, and one that does is broken.
  if (tags.has('h')) return 'it has h=';
  const validation = (tags.get('cv')?.value ?? '').toLowerCase();
  return /^(?:none|pass|fail)$/.test(validation) ? { signature, validation } : 'cv= is missing or wrong';
}

/** Fields of one kind by instance; or what is wrong with one of them. */
function collect<Value>(
  message: MessageOctets,
  name: string,
  read: (text: string) => Read<Value>,
): ReadonlyMap<number, Found<Value>> | string {
  const found = new Map<number, Found<Value>>();
  for (const field of message.fieldsByName.get(name) ?? []) {
    const parsed = read(rawValue(message, field));
    if ('reason' in parsed) return `${name}: ${parsed.reason}`;
    if (found.has(parsed.instance)) return `${name}: instance ${parsed.instance} occurs twice`;
    found.set(parsed.instance, { field, value: parsed.value });
  }
  return found;
}

/** What a seal has to say of the chain before it (§5.2 steps 2 and 3 B). */
function findValidationProblem(validation: string, instance: number): string | null {
  if (validation === 'fail') return `instance ${instance} found the chain broken (cv=fail)`;
  const expected = instance === 1 ? 'none' : 'pass';
  return validation === expected ? null : `instance ${instance} has cv=${validation}`;
}

const NAMES = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'] as const;

/** Why the fields are not even read; null where they may be. */
function findExcess(message: MessageOctets, fields: readonly FieldOctets[]): string | null {
  if (message.hasTooManyFields) return 'the message has too many header fields';
  if (fields.length > NAMES.length * INSTANCES_MAX) return `there are more than ${INSTANCES_MAX} instances`;
  const bytes = fields.reduce((sum, field) => sum + field.end - field.start, 0);
  return bytes > ARC_BYTES_MAX ? `the chain is longer than ${ARC_BYTES_MAX} octets` : null;
}

/** Never throws. */
export function readArcSets(message: MessageOctets): ArcSets {
  const fields = NAMES.flatMap((name) => message.fieldsByName.get(name) ?? []);
  if (fields.length === 0) return { kind: 'none' };
  const broken = (reason: string): ArcSets => ({ kind: 'broken', reason });
  const excess = findExcess(message, fields);
  if (excess !== null) return broken(excess);
  const results = collect(message, NAMES[0], readResults);
  if (typeof results === 'string') return broken(results);
  const signatures = collect(message, NAMES[1], (text) =>
    readSigned(parseArcMessageSignature(text), (signature) => signature),
  );
  if (typeof signatures === 'string') return broken(signatures);
  const seals = collect(message, NAMES[2], (text) => readSigned(parseSeal(text), readSealTags));
  if (typeof seals === 'string') return broken(seals);
  const sets: ArcSet[] = [];
  const count = Math.max(results.size, signatures.size, seals.size);
  for (let instance = 1; instance <= count; instance += 1) {
    const [result, signature, seal] = [results.get(instance), signatures.get(instance), seals.get(instance)];
    if (result === undefined || signature === undefined || seal === undefined)
      return broken(`instance ${instance} has not its three fields`);
    const problem = findValidationProblem(seal.value.validation, instance);
    if (problem !== null) return broken(problem);
    sets.push({
      results: { field: result.field, payload: result.value },
      messageSignature: { field: signature.field, signature: signature.value },
      seal: { field: seal.field, signature: seal.value.signature },
    });
  }
  return { kind: 'sets', sets };
}

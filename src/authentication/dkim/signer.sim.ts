/**
 * Signs messages for tests, as the other side would: by the rules of RFC 6376 §5, and also against them.
 *
 * It canonicalizes by itself, so that the verifier is not measured by its own code.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface TestKey {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  readonly privateKey: KeyObject;
  /** The TXT record that shows its public half. */
  readonly record: string;
}

/** @param bits Of an RSA modulus; null for Ed25519. */
export function generateTestKey(bits: number | null): TestKey {
  if (bits === null) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const p = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    return { algorithm: 'ed25519-sha256', privateKey, record: `v=DKIM1; k=ed25519; p=${p}` };
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return { algorithm: 'rsa-sha256', privateKey, record: `v=DKIM1; k=rsa; p=${p}` };
}

export interface TestSigning {
  readonly key: TestKey;
  /** @default "example.com" */
  readonly domain?: string;
  /** @default "s" */
  readonly selector?: string;
  /** `h=`. */
  readonly headers: string;
  /** @default "relaxed/relaxed" */
  readonly forms?: 'relaxed/relaxed' | 'relaxed/simple' | 'simple/relaxed' | 'simple/simple';
  /** More tags, or others instead (`v`, `a`, `bh`, `l` …); null leaves one out. */
  readonly tags?: Readonly<Record<string, string | null>>;
  /** @default "DKIM-Signature" */
  readonly name?: string;
}

/** Fields with their line ends, and the body. */
export function splitMessage(content: string): { readonly fields: readonly string[]; readonly body: string } {
  const end = content.indexOf('\r\n\r\n');
  const header = end < 0 ? content : content.slice(0, end + 2);
  const fields = header.split(/(?<=\r\n)(?![ \t])/).filter((line) => line !== '');
  return { fields, body: end < 0 ? '' : content.slice(end + 4) };
}

/** One field as it is signed, its line end included. */
export function fieldForm(field: string, form: string): string {
  if (form === 'simple') return field;
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return `${field.slice(0, colon).trim().toLowerCase()}:${value}\r\n`;
}

function bodyForm(body: string, form: string): string {
  let lines = body.split('\r\n');
  if (form === 'relaxed') lines = lines.map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  if (lines.length === 0) return form === 'relaxed' ? '' : '\r\n';
  return `${lines.join('\r\n')}\r\n`;
}

function selectByName(fields: readonly string[], names: readonly string[]): readonly string[] {
  const left = Map.groupBy(fields, (field) => field.slice(0, field.indexOf(':')).trim().toLowerCase());
  return names.flatMap((name) => left.get(name.trim().toLowerCase())?.pop() ?? []);
}

/** What `key` makes of signed octets, in base64. */
export function signOctets(key: TestKey, data: string): string {
  const octets = Buffer.from(data, 'latin1');
  if (key.algorithm === 'rsa-sha256') return sign('sha256', octets, key.privateKey).toString('base64');
  return sign(null, createHash('sha256').update(octets).digest(), key.privateKey).toString('base64');
}

/** @param content One character per octet, CRLF line ends. @returns The field, its line end included. */
export function signatureField(content: string, signing: TestSigning): string {
  const { key, headers, forms = 'relaxed/relaxed', name = 'DKIM-Signature' } = signing;
  const [headerForm = '', contentForm = ''] = forms.split('/');
  const { fields, body } = splitMessage(content);
  const octets = Buffer.from(bodyForm(body, contentForm), 'latin1');
  const length = signing.tags?.['l'];
  const covered = typeof length === 'string' ? octets.subarray(0, Number(length)) : octets;
  const tags: Record<string, string | null> = {
    v: '1',
    a: key.algorithm,
    c: forms,
    d: signing.domain ?? 'example.com',
    s: signing.selector ?? 's',
    h: headers,
    bh: createHash('sha256').update(covered).digest('base64'),
    ...signing.tags,
  };
  const written = Object.entries(tags).flatMap(([tag, value]) => (value === null ? [] : [`${tag}=${value}`]));
  const unsigned = `${name}: ${written.join(';\r\n ')};\r\n b=`;
  const selected = selectByName(fields, headers.split(':')).map((field) => fieldForm(field, headerForm));
  const own = fieldForm(`${unsigned}\r\n`, headerForm).replace(/\r\n$/, '');
  return `${unsigned}${signOctets(key, selected.join('') + own)}\r\n`;
}

/** The message with its signature on top. */
export function signMessage(content: string, signing: TestSigning): string {
  return signatureField(content, signing) + content;
}

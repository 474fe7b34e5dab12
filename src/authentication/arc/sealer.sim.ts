/** Adds ARC sets to messages for tests, as a mediator would (RFC 8617 §5.1), and also against the rules. */
import { fieldForm, signatureField, signOctets, splitMessage, type TestKey } from '../dkim/signer.sim.ts';

export interface TestSealing {
  readonly key: TestKey;
  /** @default "lists.example" */
  readonly domain?: string;
  /** @default "s" */
  readonly selector?: string;
  /** What stands behind `i=n;` in ARC-Authentication-Results. @default "lists.example; none" */
  readonly results?: string;
  /** `h=` of ARC-Message-Signature. @default "from:subject" */
  readonly headers?: string;
  /** Tags of the seal, in addition or instead; null leaves one out. */
  readonly sealTags?: Readonly<Record<string, string | null>>;
  /** The same for ARC-Message-Signature. */
  readonly signatureTags?: Readonly<Record<string, string | null>>;
}

const NAMES = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'];

/** The message with one more set on top. @param content One character per octet, CRLF line ends. */
export function sealMessage(content: string, sealing: TestSealing): string {
  const { key, domain = 'lists.example', selector = 's', headers = 'from:subject' } = sealing;
  const before = splitMessage(content).fields.map((field) => fieldForm(field, 'relaxed'));
  const ofKind = (name: string): readonly string[] => before.filter((field) => field.startsWith(`${name}:`));
  const instance = String(ofKind('arc-seal').length + 1);
  const results = `ARC-Authentication-Results: i=${instance}; ${sealing.results ?? 'lists.example; none'}\r\n`;
  const tags = { v: null, i: instance, ...sealing.signatureTags };
  const name = 'ARC-Message-Signature';
  const signature = signatureField(content, { key, domain, selector, headers, name, tags });
  const sealTags: Record<string, string | null> = {
    i: instance,
    a: key.algorithm,
    cv: instance === '1' ? 'none' : 'pass',
    d: domain,
    s: selector,
    ...sealing.sealTags,
  };
  const written = Object.entries(sealTags).flatMap(([tag, value]) =>
    value === null ? [] : [`${tag}=${value}`],
  );
  const seal = `ARC-Seal: ${written.join('; ')}; b=`;
  // The newest set stands on top, and sets are signed from the oldest on.
  const sets = ofKind('arc-seal').map((_, index) => NAMES.map((kind) => ofKind(kind)[index]).join(''));
  const signed = [...sets.reverse(), fieldForm(results, 'relaxed'), fieldForm(signature, 'relaxed')].join('');
  const own = fieldForm(`${seal}\r\n`, 'relaxed').replace(/\r\n$/, '');
  return `${seal}${signOctets(key, signed + own)}\r\n${signature}${results}${content}`;
}

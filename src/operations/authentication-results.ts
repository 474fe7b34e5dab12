/**
 * `Authentication-Results` (RFC 8601 §2.2) of a verdict, for who reads the raw message.
 *
 *     authres-payload = authserv-id 1*( ";" method "=" result [ reason ] 1*( ptype "." property "=" value ) )
 *
 * Values come from messages and from DNS, whose authors may wish to write results of their own: each is a
 * token or a quoted string of printable ASCII, bounded, so that none can end a value, a result or a line.
 */
import type { SignatureCheck, Verdict, VerdictDetails } from '../authentication/verdict.ts';

/** Longer values are cut: RFC 5321's longest path is shorter, and a line stays far below 998 octets. */
const VALUE_CHARACTERS_MAX = 300;
/** Where a line is folded (RFC 5322 §2.1.1). */
const LINE_COLUMNS = 78;
/** Of a long chain the outermost sealers, who alone can be believed. */
const SEALERS_SHOWN_MAX = 5;
/** Of a domain in a comment; RFC 1035 §2.3.4 allows 253. */
const NAME_CHARACTERS_MAX = 50;

/** What the results rest on beside the verdict. */
export interface ResultsSurroundings {
  /** Our name, as in the greeting. */
  readonly hostname: string;
  readonly clientAddress: string | null;
  /** Without brackets; `""` for the null reverse-path. */
  readonly reversePath: string;
}

/** `value` of RFC 2045 §5.1: a token, or a quoted string. */
function pvalue(text: string): string {
  const printable = text.slice(0, VALUE_CHARACTERS_MAX).replace(/[^ -~]/g, '?');
  return /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/.test(printable)
    ? printable
    : `"${printable.replace(/["\\]/g, '\\$&')}"`;
}

/** `pvalue`: an address of plain form may stand without quotes. */
function mailboxOf(text: string): string {
  return /^[a-z0-9._+=-]{1,64}@[a-z0-9.-]{1,255}$/i.test(text) ? text : pvalue(text);
}

/** A comment (RFC 5322 §3.2.2) of our words and of {@link nameOf}'s. */
function commentOf(text: string): string {
  return `(${text.slice(0, VALUE_CHARACTERS_MAX)})`;
}

/** A name that others gave, in a comment of ours: nothing in it could be taken for a result or end the comment. */
function nameOf(name: string): string {
  return name.slice(0, NAME_CHARACTERS_MAX).replace(/[^a-zA-Z0-9._-]/g, '?');
}

type Property = readonly [name: string, value: string | null];

/** One result, as pieces between which a line may be folded. */
function resultOf(
  method: string,
  check: { readonly result: string; readonly reason: string | null },
  more: { readonly comment?: string | null; readonly properties?: readonly Property[] } = {},
): readonly string[] {
  const { comment = null, properties = [] } = more;
  return [
    `${method}=${check.result}`,
    ...(comment === null ? [] : [commentOf(comment)]),
    ...(check.reason === null ? [] : [`reason=${pvalue(check.reason)}`]),
    ...properties.flatMap(([name, value]) => (value === null || value === '' ? [] : [`${name}=${value}`])),
  ];
}

function spfPieces({ spf }: VerdictDetails, { reversePath }: ResultsSurroundings): readonly string[] {
  const properties: readonly Property[] =
    spf.identity === 'helo'
      ? [['smtp.helo', spf.domain === null ? null : pvalue(spf.domain)]]
      : [['smtp.mailfrom', mailboxOf(reversePath)]];
  return resultOf('spf', spf, { properties });
}

function signaturePieces(signature: SignatureCheck): readonly string[] {
  const property = (name: string, value: string): Property => [name, value === '' ? null : pvalue(value)];
  return resultOf('dkim', signature, {
    comment: signature.alignment === 'aligned' ? 'aligned with From' : null,
    properties: [
      property('header.d', signature.domain),
      property('header.s', signature.selector),
      property('header.a', signature.algorithm),
      property('header.b', signature.signatureStart),
    ],
  });
}

function dkimPieces({ signatures, signaturesNotJudged }: VerdictDetails): readonly (readonly string[])[] {
  const judged = signatures.map(signaturePieces);
  if (signaturesNotJudged > 0)
    // RFC 8601 §2.7.1: signed, and not acceptable to us.
    judged.push(
      resultOf('dkim', {
        result: 'policy',
        reason: `${signaturesNotJudged} more signatures were not judged`,
      }),
    );
  return judged.length > 0 ? judged : [resultOf('dkim', { result: 'none', reason: null })];
}

function dmarcPieces({ dmarc, author }: VerdictDetails): readonly string[] {
  const asks =
    dmarc.policy === null
      ? null
      : `record of ${nameOf(dmarc.recordDomain ?? '')}: p=${dmarc.policy} pct=${dmarc.pct ?? 100} ` +
        `adkim=${dmarc.adkim?.charAt(0) ?? 'r'} aspf=${dmarc.aspf?.charAt(0) ?? 'r'}`;
  return resultOf('dmarc', dmarc, {
    comment: asks,
    properties: [
      ['header.from', author.domain === null ? null : pvalue(author.domain)],
      ['policy.dmarc', dmarc.policy],
    ],
  });
}

function arcPieces({ arc }: VerdictDetails): readonly string[] {
  const sealers = arc.sealers.slice(-SEALERS_SHOWN_MAX).map(nameOf);
  return resultOf('arc', arc, { comment: sealers.length === 0 ? null : `sealed by ${sealers.join(', ')}` });
}

function iprevPieces(
  { iprev }: VerdictDetails,
  { clientAddress }: ResultsSurroundings,
): readonly (readonly string[])[] {
  if (clientAddress === null) return [];
  return [
    resultOf('iprev', iprev, {
      comment: iprev.name === null ? null : nameOf(iprev.name),
      properties: [['policy.iprev', pvalue(clientAddress)]],
    }),
  ];
}

/** One result on lines of its own, folded between its pieces. */
function fold(pieces: readonly string[]): string {
  const lines: string[] = [];
  let line = '\t';
  for (const piece of pieces) {
    const isEmpty = line.trim() === '';
    if (!isEmpty && line.length + 1 + piece.length > LINE_COLUMNS) {
      lines.push(line);
      line = `\t\t${piece}`;
    } else line += isEmpty ? piece : ` ${piece}`;
  }
  return [...lines, line].join('\r\n');
}

/**
 * The field, ending in CRLF.
 *
 * @param verdict Null where nobody has looked: then the field says `none` alone (§2.2).
 */
export function formatAuthenticationResults(
  verdict: Verdict | null,
  surroundings: ResultsSurroundings,
): string {
  const head = `Authentication-Results: ${pvalue(surroundings.hostname)};`;
  if (verdict === null) return `${head} none\r\n`;
  const { details } = verdict;
  const short = (method: string, result: string): readonly string[] => [`${method}=${result}`];
  const results =
    details === null
      ? [short('spf', verdict.spf), short('dkim', verdict.dkim), short('dmarc', verdict.dmarc)]
      : [
          spfPieces(details, surroundings),
          ...dkimPieces(details),
          dmarcPieces(details),
          arcPieces(details),
          ...iprevPieces(details, surroundings),
        ];
  return `${head}\r\n${results.map(fold).join(';\r\n')}\r\n`;
}

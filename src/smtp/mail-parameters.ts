/**
 * Parameters of MAIL and RCPT.
 *
 *     Mail-parameters = esmtp-param *(SP esmtp-param)                   RFC 5321 §4.1.2
 *     esmtp-param     = esmtp-keyword ["=" esmtp-value]
 *
 * MAIL knows SIZE (RFC 1870), BODY (RFC 6152, RFC 3030) and SMTPUTF8 (RFC 6531); RCPT knows none.
 */

import { REPLIES } from './replies.ts';
import type { Reply } from './reply.ts';

export type Body = '7BIT' | '8BITMIME' | 'BINARYMIME';

export interface MailParameters {
  /** SIZE=; null where not said. */
  readonly declaredSizeBytes: number | null;
  readonly body: Body;
  readonly smtputf8: boolean;
}

export type MailParametersAnswer =
  | { readonly kind: 'parameters'; readonly parameters: MailParameters }
  | { readonly kind: 'refused'; readonly reply: Reply };

export const NO_PARAMETERS: MailParameters = { declaredSizeBytes: null, body: '7BIT', smtputf8: false };

const PARAMETER = /^([a-z0-9][a-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e]+))?$/i;
/** RFC 1870 §4 allows twenty digits; past 2^53 the value is not exact, and far past every limit. */
const SIZE_VALUE = /^\d{1,20}$/;

function isBody(value: string | undefined): value is Body {
  return value === '7BIT' || value === '8BITMIME' || value === 'BINARYMIME';
}

function refused(reply: Reply): MailParametersAnswer {
  return { kind: 'refused', reply };
}

/**
 * Parses what follows the reverse-path. Never throws.
 *
 * @returns The parameters; or `555 5.5.4` for one that is not known (RFC 5321 §4.1.1.11), and
 *   `501 5.5.4` for one that is written wrong or twice.
 */
export function parseMailParameters(text: string): MailParametersAnswer {
  if (text === '') return { kind: 'parameters', parameters: NO_PARAMETERS };
  const seen = new Set<string>();
  let { declaredSizeBytes, body, smtputf8 } = NO_PARAMETERS;
  for (const written of text.split(' ')) {
    if (written === '') continue;
    const [, keywordAsWritten = '', value] = PARAMETER.exec(written) ?? [];
    const keyword = keywordAsWritten.toUpperCase();
    if (keyword === '' || seen.has(keyword)) return refused(REPLIES.badParameter);
    seen.add(keyword);
    if (keyword === 'SIZE') {
      if (value === undefined || !SIZE_VALUE.test(value)) return refused(REPLIES.badParameter);
      declaredSizeBytes = Number(value);
    } else if (keyword === 'BODY') {
      const named = value?.toUpperCase();
      if (!isBody(named)) return refused(REPLIES.badParameter);
      body = named;
    } else if (keyword === 'SMTPUTF8') {
      if (value !== undefined) return refused(REPLIES.badParameter);
      smtputf8 = true;
    } else {
      return refused(REPLIES.unknownParameter);
    }
  }
  return { kind: 'parameters', parameters: { declaredSizeBytes, body, smtputf8 } };
}

/** RCPT has no parameter that is known here: null, or why it is refused. */
export function refuseRecipientParameters(text: string): Reply | null {
  for (const written of text.split(' ')) {
    if (written === '') continue;
    return PARAMETER.test(written) ? REPLIES.unknownParameter : REPLIES.badParameter;
  }
  return null;
}

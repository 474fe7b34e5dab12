/**
 * What a message says of itself that no person wrote it to one person: its fields that RFC 3834 §2 has
 * an automatic answer look at, and those that programs and lists put there. Pure, total and linear.
 *
 * X-fields (`X-Auto-Response-Suppress`, `X-Autoreply`) do not count. They may change on the way, so a copy
 * that a stranger has added one to has the fingerprint of the letter itself, and would mute it.
 */
import { oneLine } from './header/encoded-word.ts';
import { fieldValue, fieldValues, type HeaderSection } from './header/header-section.ts';
import { parseParameterized } from './header/parameters.ts';
import { isAutoReply } from './report/auto-reply.ts';

/** Of RFC 2369 and RFC 2919; a mailing has some of them, and a letter none. */
const LIST_FIELDS = ['List-Id', 'List-Post', 'List-Unsubscribe'];
/** `Precedence` is in no standard that defines it, and in RFC 3834 §2 as what everybody heeds. */
const MASS_PRECEDENCE = /^(bulk|list|junk)\b/i;
/** A keyword that is longer is none of RFC 3834 §5.1; it is shown cut. */
const SHOWN_CHARACTERS_MAX = 40;

/**
 * @returns `<code>: <sentence>`; null for a letter. Codes, in the order in which they are looked for:
 *   `auto-submitted`, `auto-reply`, `report`, `list`.
 */
export function automaticMark(section: HeaderSection): string | null {
  for (const value of fieldValues(section, 'auto-submitted')) {
    const keyword = parseParameterized(value).value;
    if (keyword !== '' && keyword !== 'no')
      return `auto-submitted: A program sent it (Auto-Submitted: ${shown(keyword)})`;
  }
  if (isAutoReply(section)) return 'auto-reply: It is an automatic answer';
  if (parseParameterized(fieldValue(section, 'content-type')).value === 'multipart/report')
    return 'report: It is a report of a program (multipart/report)';
  for (const name of LIST_FIELDS)
    if (fieldValues(section, name.toLowerCase()).length > 0) return `list: It went to many (${name})`;
  const precedence = fieldValue(section, 'precedence');
  return MASS_PRECEDENCE.test(precedence) ? `list: It went to many (Precedence: ${shown(precedence)})` : null;
}

function shown(value: string): string {
  return oneLine(value.slice(0, SHOWN_CHARACTERS_MAX));
}

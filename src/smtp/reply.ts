/** A reply is a value; one formatter puts it on the wire (RFC 5321 §4.2, RFC 2034). */

export interface Reply {
  readonly code: number;
  /** Enhanced status code (RFC 3463), such as `5.1.1`; null where RFC 2034 §4 wants none. */
  readonly enhanced: string | null;
  /** One line of text each; several make a multi-line reply. ASCII, and nothing that a client sent. */
  readonly text: readonly string[];
}

/** A reply of one line. */
export function reply(code: number, enhanced: string | null, text: string): Reply {
  return { code, enhanced, text: [text] };
}

/**
 * The reply as it goes on the wire: every line with the code, the enhanced code on each
 * (RFC 2034 §4), `-` after the code on all but the last (RFC 5321 §4.2.1), CRLF at the end of each.
 */
export function formatReply({ code, enhanced, text }: Reply): string {
  const prefix = enhanced === null ? '' : `${enhanced} `;
  let wire = '';
  for (const [index, line] of text.entries()) {
    wire += `${code}${index === text.length - 1 ? ' ' : '-'}${prefix}${line}\r\n`;
  }
  return wire;
}

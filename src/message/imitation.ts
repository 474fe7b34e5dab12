/** Lines of a sender's text that look like those which the reader itself writes into a body. */

/**
 * Heads of calendars and reports, the list of attached messages, remarks in brackets, the fence of
 * frontmatter. Words that people begin lines with count only with what the reader puts behind them.
 */
const LINES = new RegExp(
  [
    '^\\+\\+\\+$',
    '^Calendar (?:invitation|cancellation|event|task): ',
    '^(?:Answer|Counter-proposal) to a calendar invitation: ',
    '^Attached message: "',
    '^Delivery (?:failed|delayed|report): \\S{1,200}@\\S{1,200}',
    '^(?:Complaint|Receipt): \\S{1,200}@\\S{1,200} — ',
    '^\\[The (?:rest was cut here|message is (?:encrypted|inside|compressed|piece|a piece))',
  ].join('|'),
  'm',
);

/**
 * Whether a reader could take some of a text for words of this program. Linear.
 *
 * @param text What the body shows of the text parts.
 */
export function imitatesReader(text: string): boolean {
  return LINES.test(text);
}

/** Which sections of which RFC the code cites, and where. */

export interface Citation {
  readonly rfc: number;
  /** Such as `4.5.3.1`; null where the RFC is cited as a whole. */
  readonly section: string | null;
}

/**
 * A document that sections may belong to, or a section. A section belongs to the document named last
 * in the same stretch of text; what is named between (`contract`, `design`) takes it away.
 */
const TOKEN =
  /RFC (\d{3,5})|\b(?:contract|design|reliability|style)(?:\.md)?\b|§ ?([0-9A-Z]+(?:\.[0-9]+)*)|\n[ \t]*\n/g;

/** @param text A source file. Sections are attributed within one run of non-empty lines. */
export function collectCitations(text: string): readonly Citation[] {
  const citations: Citation[] = [];
  let rfc: number | null = null;
  for (const [token, number, section] of text.matchAll(TOKEN)) {
    if (number !== undefined) {
      rfc = Number(number);
      citations.push({ rfc, section: null });
    } else if (section !== undefined) {
      if (rfc !== null) citations.push({ rfc, section });
    } else if (token !== undefined) rfc = null;
  }
  return citations;
}

/** A reply is a value; one formatter puts it on the wire (RFC 5321 §4.2, RFC 2034). */

export interface Reply {
  readonly code: number;
  /** Enhanced status code (RFC 3463), such as `5.1.1`; null where RFC 2034 §4 wants none. */
  readonly enhanced: string | null;
  /** One line of text each; several make a multi-line reply. */
  readonly text: readonly string[];
}

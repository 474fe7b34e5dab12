/** A server's reply as the client sees it (RFC 5321 §4.2). */
export interface SmtpReply {
  /** 200–599. */
  readonly code: number;
  /** Enhanced status code (RFC 3463) where the first line begins with one of its class; else null. */
  readonly status: string | null;
  /** The lines' text without codes, joined by one space: printable, bounded, safe for rows, logs and terminals. */
  readonly text: string;
}

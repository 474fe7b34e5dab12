/**
 * DNS questions, as a port.
 *
 * An answer is a value, whatever happens: that a name does not exist, that it has no such record, and
 * that nobody could say are three different things (RFC 7208 §4.4, RFC 6376 §3.6.2.2), and none is an
 * exception. CNAMEs are followed by whoever implements this.
 */

/** Record types that are asked for, with the form in which a record comes back. */
export interface DnsRecords {
  /** Dotted decimal. */
  readonly A: string;
  /** RFC 5952 text. */
  readonly AAAA: string;
  /** The root, which says that a domain takes no mail, is ''. */
  readonly MX: { readonly preference: number; readonly exchange: string };
  /** The strings of one record joined without a space (RFC 7208 §3.3); one character per octet. */
  readonly TXT: string;
  readonly PTR: string;
}
export type DnsRecordType = keyof DnsRecords;

export type DnsAnswer<Type extends DnsRecordType> =
  /**
   * At least one. Names are lower case without a trailing dot; dots and backslashes inside of a label, and
   * octets that are not printable ASCII, are escaped as in RFC 1035 §5.1.
   */
  | { readonly kind: 'records'; readonly records: readonly DnsRecords[Type][] }
  /** The name exists and has none of this type (NOERROR without data, RFC 2308 §2.2). */
  | { readonly kind: 'no-data' }
  /** NXDOMAIN (RFC 2308 §2.1). */
  | { readonly kind: 'no-such-name' }
  /** Nobody could say: worth asking again later. */
  | { readonly kind: 'failed'; readonly cause: DnsFailure; readonly detail: string };

/**
 * - `server-failure`: an answer that is none (SERVFAIL, REFUSED, a malformed one).
 * - `silence`: no answer from any server in time.
 * - `deadline`: the caller's time was over.
 */
export type DnsFailure = 'server-failure' | 'silence' | 'deadline';

export interface Dns {
  /**
   * Asks one question. Never rejects.
   *
   * @param name A domain name in printable ASCII, with or without a trailing dot, and without escapes. One
   *   that DNS cannot hold (empty label, label over 63 octets, name over 253) or that has other characters is
   *   `no-such-name` without a question.
   * @param options.signal Ends the wait; the answer is then `failed` with `deadline`.
   */
  resolve<Type extends DnsRecordType>(
    name: string,
    type: Type,
    options?: { readonly signal?: AbortSignal },
  ): Promise<DnsAnswer<Type>>;
}

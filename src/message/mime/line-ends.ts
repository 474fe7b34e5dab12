/** Line ends of messages that came by another way than SMTP, which takes CRLF alone (RFC 5321 §2.3.8). */

const LF = 0x0a;
const CR = 0x0d;

/** LF in place of CR in a message that has no other line ends, as very old systems store it; else as it is. */
export function withLineFeeds(bytes: Uint8Array): Uint8Array {
  if (bytes.includes(LF) || !bytes.includes(CR)) return bytes;
  return bytes.map((octet) => (octet === CR ? LF : octet));
}

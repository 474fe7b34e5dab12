/**
 * Reading of the pieces of a DNS message, within bounds (RFC 1035 §3.1, §4.1.4).
 *
 * Written here and not taken from dns-packet: that decodes the data of every record without a look at its
 * length, so that one lying record moves all that follow; it joins labels with dots that labels may have
 * themselves; and it fails whole answers for a record that nobody asked for.
 */

/** A name of 255 octets has at most 127 labels, and more pointers than labels make no sense. */
const POINTERS_MAX = 127;
const NAME_OCTETS_MAX = 255;

/** What is read lies outside the message, or is no name. Caught where a message is read as a whole. */
export class MangledPacket extends Error {}

export interface ReadName {
  /**
   * Lower case, without a trailing dot; '' is the root. A dot or backslash inside of a label has a backslash
   * before it, and what is not printable ASCII is `\DDD` (RFC 1035 §5.1): different names differ as text.
   */
  readonly name: string;
  /** The offset behind the name where it began. */
  readonly end: number;
}

/** @throws MangledPacket */
export function uint16(bytes: Uint8Array, offset: number): number {
  const [high, low] = [bytes[offset], bytes[offset + 1]];
  if (high === undefined || low === undefined) throw new MangledPacket('ends too early');
  return high * 0x100 + low;
}

/** @throws MangledPacket */
export function uint32(bytes: Uint8Array, offset: number): number {
  return uint16(bytes, offset) * 0x10000 + uint16(bytes, offset + 2);
}

function labelText(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet === 0x2e || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return text.toLowerCase();
}

/** @throws MangledPacket where it goes over an end, points forward, or is longer than a name may be. */
export function readName(bytes: Uint8Array, start: number): ReadName {
  const labels: string[] = [];
  let offset = start;
  let end: number | null = null;
  let octets = 1;
  let pointers = 0;
  // A pointer has to lead before everything that has been read of this name: no way back into a loop.
  let earliest = start;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) throw new MangledPacket('ends inside of a name');
    if (length === 0) return { name: labels.join('.'), end: end ?? offset + 1 };
    if (length >= 0xc0) {
      const target = uint16(bytes, offset) - 0xc000;
      end ??= offset + 2;
      pointers += 1;
      if (target >= earliest || pointers > POINTERS_MAX) throw new MangledPacket('pointer of a name');
      earliest = target;
      offset = target;
      continue;
    }
    if (length >= 0x40) throw new MangledPacket('label of an unknown kind');
    octets += length + 1;
    if (octets > NAME_OCTETS_MAX || offset + 1 + length > bytes.length) throw new MangledPacket('name');
    labels.push(labelText(bytes.subarray(offset + 1, offset + 1 + length)));
    offset += length + 1;
  }
}

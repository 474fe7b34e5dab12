/** IP addresses of records, as text. */

/** @param octets Four. */
export function formatIpv4(octets: Uint8Array): string {
  return octets.join('.');
}

/**
 * @param octets Sixteen.
 * @returns RFC 5952 §4: lower case, no leading zeros, the first of the longest runs of zeros as `::`.
 */
export function formatIpv6(octets: Uint8Array): string {
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((octets[2 * at] ?? 0) << 8) | (octets[2 * at + 1] ?? 0),
  );
  let run = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    // §4.2.2: one group alone is not shortened. §4.2.3: of equal runs the first.
    if (length > run.length) run = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (run.length < 2) return text.join(':');
  return `${text.slice(0, run.start).join(':')}::${text.slice(run.start + run.length).join(':')}`;
}

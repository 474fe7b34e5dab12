/**
 * The return path of a message of ours: the address that sends, with `b-<queue id>` as its tag, so that what
 * comes back names the message (RFC 5321 §4.4 leaves the reverse-path to us).
 *
 *     support@example.com  →  support+b-0011223344556677@example.com
 */
const TAG = /^b-([0-9a-f]{16})$/i;
const PATH = /\+b-([0-9a-f]{16})@[^@]*$/i;
const ADDED = /\+b-[0-9a-f]{16}(?=@[^@]*$)/;

/** The tag, without its `+`. @param queueId 16 hex digits. */
export function returnTag(queueId: string): string {
  return `b-${queueId}`;
}

/** The queue id of a tag as routing has split it off; null for another tag. */
export function queueIdOfTag(tag: string): string | null {
  return TAG.exec(tag)?.[1] ?? null;
}

/** The queue id in a forward-path; null where there is none. */
export function queueIdOfPath(path: string): string | null {
  return PATH.exec(path)?.[1] ?? null;
}

/** The address that sent. */
export function withoutReturnTag(path: string): string {
  return path.replace(ADDED, '');
}

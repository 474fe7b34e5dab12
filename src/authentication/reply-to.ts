/**
 * Whether an answer may go to Reply-To (design §3.4): whoever can add that field to a signed message
 * would have the answers of an agent sent to himself.
 */
import type { Trust, Verdict } from './verdict.ts';

/**
 * - `covered`: a signature aligned with From covers every Reply-To, or there is none.
 * - `uncovered`: one is aligned and passes, and none covers it. `domain` is whose it is.
 * - `unsigned`: no signature speaks for From.
 */
export type ReplyToStanding =
  | { readonly kind: 'covered' }
  | { readonly kind: 'uncovered'; readonly domain: string }
  | { readonly kind: 'unsigned' };

export function replyToStanding({ details }: Verdict): ReplyToStanding {
  if (details === null) return { kind: 'unsigned' };
  const { signatures, arc } = details;
  const speaking: { readonly domain: string; readonly uncovered: readonly string[] }[] = signatures.filter(
    ({ result, alignment }) => result === 'pass' && alignment === 'aligned',
  );
  // A sealer counts only where nobody speaks for From directly.
  if (speaking.length === 0 && arc.result === 'pass' && arc.vouches !== null)
    speaking.push({ domain: arc.vouches.sealer, uncovered: arc.vouches.uncovered });
  const [first] = speaking;
  if (first === undefined) return { kind: 'unsigned' };
  return speaking.some(({ uncovered }) => !uncovered.includes('reply-to'))
    ? { kind: 'covered' }
    : { kind: 'uncovered', domain: first.domain };
}

/**
 * What `warnings` of a file says of a Reply-To that is not used.
 *
 * @param replyTo As the file shows it; `""` where there is none.
 * @returns Null where there is nothing to say: no Reply-To, one that is covered, or a message that is
 *   not trusted, of which nobody has to believe anything.
 */
export function replyToWarning(verdict: Verdict, trusted: Trust['trusted'], replyTo: string): string | null {
  if (trusted !== 'true' || replyTo === '') return null;
  const standing = replyToStanding(verdict);
  switch (standing.kind) {
    case 'covered':
      return null;
    case 'uncovered':
      return `reply-to-unsigned: Reply-To is not covered by the signature of ${standing.domain} and is not used for answers`;
    case 'unsigned':
      return 'reply-to-unsigned: Reply-To is not signed and is not used for answers';
  }
}

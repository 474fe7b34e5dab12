/** Key records from DNS, each name asked for once. */
import { assertNever } from '../../system/assert.ts';
import type { AuthenticationWorld } from '../authentication.ts';

export type KeyAnswer =
  /** At least one TXT record. */
  | { readonly kind: 'records'; readonly texts: readonly string[] }
  | { readonly kind: 'absent' }
  /** Nobody could say. */
  | { readonly kind: 'failed'; readonly detail: string };

export type KeyLookup = (selector: string, domain: string) => Promise<KeyAnswer>;

/** One name has one key; two while a key changes hands. */
const KEY_RECORDS_MAX = 5;

/** @returns A function that asks and remembers, for one message. It never rejects. */
export function createKeyLookup({ dns, signal }: AuthenticationWorld): KeyLookup {
  const answers = new Map<string, Promise<KeyAnswer>>();
  const ask = async (name: string): Promise<KeyAnswer> => {
    const answer = await dns.resolve(name, 'TXT', { signal });
    switch (answer.kind) {
      case 'records':
        return { kind: 'records', texts: answer.records.slice(0, KEY_RECORDS_MAX) };
      case 'no-data':
      case 'no-such-name':
        return { kind: 'absent' };
      case 'failed':
        return { kind: 'failed', detail: answer.detail };
      default:
        return assertNever(answer);
    }
  };
  return (selector, domain) => {
    // RFC 6376 §3.6.2.1.
    const name = `${selector}._domainkey.${domain}`;
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = ask(name);
    answers.set(name, answer);
    return answer;
  };
}

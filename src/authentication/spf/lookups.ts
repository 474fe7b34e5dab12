/**
 * The questions of one SPF check, and their limits (RFC 7208 §4.6.4): a record may not make a receiver
 * ask without end, be it by mistake or to hit a third party.
 */

import { assertNever } from '../../system/assert.ts';
import type { Dns, DnsAnswer, DnsRecordType } from '../../system/dns.ts';
import { type ClientNames, findClientNames } from '../client-names.ts';
import { excerpt } from '../excerpt.ts';
import type { IpAddress } from '../ip-address.ts';

/** RFC 7208 §4.6.4: `include`, `a`, `mx`, `ptr`, `exists`, `redirect` and `%{p}` of all records together. */
const LOOKUPS_MAX = 10;
/** RFC 7208 §4.6.4: questions of those terms to which there is no record. */
const VOID_LOOKUPS_MAX = 2;
/** RFC 7208 §4.6.4: names of one `mx`. */
export const MX_NAMES_MAX = 10;

/** What ends a check before anything matched. */
export interface SpfProblem {
  readonly kind: 'problem';
  readonly result: 'temperror' | 'permerror';
  /** One sentence without a full stop. */
  readonly reason: string;
}

/** The one way to make a permerror. */
export function permanent(reason: string): SpfProblem {
  return { kind: 'problem', result: 'permerror', reason };
}

/** What DNS said, without the difference that evaluation does not make; or why it said nothing. */
export type LookupAnswer<Type extends DnsRecordType> =
  | Exclude<DnsAnswer<Type>, { readonly kind: 'failed' | 'no-data' | 'no-such-name' }>
  | { readonly kind: 'void' }
  | SpfProblem;

export interface SpfLookupsOptions {
  readonly client: IpAddress;
  readonly dns: Dns;
  readonly signal: AbortSignal;
}

/** Asks, and counts. One for a check and all the records that it leads to. */
export class SpfLookups {
  readonly #options: SpfLookupsOptions;
  #terms = 0;
  #voids = 0;
  #clientNames: ClientNames | null = null;

  constructor(options: SpfLookupsOptions) {
    this.#options = options;
  }

  /**
   * @param where Names the term that asks, for the reason.
   * @returns A permerror where it is one too many.
   */
  countTerm(where: string): SpfProblem | null {
    this.#terms += 1;
    if (this.#terms <= LOOKUPS_MAX) return null;
    return permanent(`more than ${LOOKUPS_MAX} look-ups, of which ${where} would be the next`);
  }

  /** @returns A permerror where these are more than may come back empty. */
  countVoids(count: number, where: string): SpfProblem | null {
    this.#voids += count;
    if (this.#voids <= VOID_LOOKUPS_MAX) return null;
    return permanent(`more than ${VOID_LOOKUPS_MAX} look-ups found no record, the last for ${where}`);
  }

  /** Asks one question, which is counted by the caller. Never rejects. */
  async ask<Type extends DnsRecordType>(name: string, type: Type): Promise<LookupAnswer<Type>> {
    const { dns, signal } = this.#options;
    const answer = await dns.resolve(name, type, { signal });
    switch (answer.kind) {
      case 'records':
        return answer;
      case 'no-data':
      case 'no-such-name':
        return { kind: 'void' };
      case 'failed':
        return { kind: 'problem', result: 'temperror', reason: unanswered(answer.cause, name, type) };
      default:
        return assertNever(answer);
    }
  }

  /** The names of the client that lead back to it, asked for once. That it has none is a void look-up. */
  async clientNames(where: string): Promise<{ readonly validated: readonly string[] } | SpfProblem> {
    const isKnown = this.#clientNames !== null;
    this.#clientNames ??= await findClientNames(this.#options.client, this.#options);
    if (this.#clientNames.kind === 'names') return { validated: this.#clientNames.validated };
    const isVoid = !isKnown && this.#clientNames.kind === 'nameless';
    // §5.5: where DNS does not say which names there are, there are none.
    return (isVoid ? this.countVoids(1, where) : null) ?? { validated: [] };
  }

  /** Whether {@link clientNames} asks nothing any more. */
  get hasClientNames(): boolean {
    return this.#clientNames !== null;
  }
}

function unanswered(
  cause: 'server-failure' | 'silence' | 'deadline',
  name: string,
  type: DnsRecordType,
): string {
  const question = `${type} of ${excerpt(name)}`;
  switch (cause) {
    case 'server-failure':
      return `DNS failed to answer ${question}`;
    case 'silence':
      return `DNS did not answer ${question}`;
    case 'deadline':
      return `time was over before DNS answered ${question}`;
    default:
      return assertNever(cause);
  }
}

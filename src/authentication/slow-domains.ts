/**
 * Keeps one domain with slow DNS from holding up the mail of all others (design §3.4).
 *
 * A message that has waited for a domain's DNS a while holds one of its {@link WAITING_PER_DOMAIN_MAX}
 * places. Where all are held, others are told at once that nobody could say: their verdict is
 * provisional, and the question is asked again later. Of many slow domains together no more than
 * {@link WAITING_MAX} messages wait, so that who owns many does not hold up all others either.
 */
import type { Clock } from '../system/clock.ts';
import type { Dns, DnsAnswer, DnsRecordType } from '../system/dns.ts';

/** Longer than one question takes a resolver in good order. */
const SLOW_AFTER_MS = 1_000;

/** Messages that may wait longer than that for one domain, at once. */
export const WAITING_PER_DOMAIN_MAX = 4;

/** Of all that are authenticated at once (64) half: the others find room whoever is slow. */
export const WAITING_MAX = 32;

/**
 * Questions about one domain that may be without an answer for longer than that. Each has a place in the
 * resolver until its own time is over, also where nobody waits for it any more, and a message may ask dozens.
 */
export const SLOW_QUESTIONS_MAX = 16;

export interface SlowDomainsOptions {
  readonly clock: Clock;
  /** The domain whose servers answer for a name: several names are one domain's. */
  readonly domainOf: (name: string) => string;
}

/** The DNS of one message; disposing it gives its places up. */
export interface GuardedDns extends Dns, Disposable {}

export class SlowDomains {
  readonly #options: SlowDomainsOptions;
  /** Of each slow domain the messages that wait for it. */
  readonly #waiting = new Map<string, Set<GuardedDns>>();
  /** The same messages, whatever they wait for. */
  readonly #slow = new Set<GuardedDns>();
  /** Questions of each slow domain that the resolver has no answer to. */
  readonly #unanswered = new Map<string, number>();

  constructor(options: SlowDomainsOptions) {
    this.#options = options;
  }

  /** @param dns Who answers. Its answers that come after a question was given up go to its cache alone. */
  guard(dns: Dns): GuardedDns {
    const guarded: GuardedDns = {
      resolve: (name, type, options) => this.#resolve(guarded, dns, { name, type, signal: options?.signal }),
      [Symbol.dispose]: () => {
        this.#slow.delete(guarded);
        for (const [domain, messages] of this.#waiting)
          if (messages.delete(guarded) && messages.size === 0) this.#waiting.delete(domain);
      },
    };
    return guarded;
  }

  async #resolve<Type extends DnsRecordType>(
    message: GuardedDns,
    dns: Dns,
    question: { readonly name: string; readonly type: Type; readonly signal: AbortSignal | undefined },
  ): Promise<DnsAnswer<Type>> {
    const { name, type, signal } = question;
    const domain = this.#options.domainOf(name);
    if ((this.#unanswered.get(domain) ?? 0) >= SLOW_QUESTIONS_MAX)
      return tooMany('questions', `"${domain}"`, SLOW_QUESTIONS_MAX);
    const refused = Promise.withResolvers<DnsAnswer<Type>>();
    // Asked all the same: what is in the cache costs nothing, and comes before the refusal.
    const answered = dns.resolve(name, type, signal === undefined ? {} : { signal });
    using _timer = this.#options.clock.after(this.#isFull(domain, message) ? 0 : SLOW_AFTER_MS, () => {
      this.#count(domain, 1);
      void answered.finally(() => this.#count(domain, -1));
      if (this.#isFull(domain, message))
        refused.resolve(tooMany('messages', `"${domain}"`, WAITING_PER_DOMAIN_MAX));
      else if (this.#isCrowded(message)) refused.resolve(tooMany('messages', 'slow domains', WAITING_MAX));
      else this.#hold(domain, message);
    });
    return await Promise.race([answered, refused.promise]);
  }

  #isFull(domain: string, message: GuardedDns): boolean {
    const messages = this.#waiting.get(domain);
    if (messages === undefined || messages.has(message)) return false;
    return messages.size >= WAITING_PER_DOMAIN_MAX || this.#isCrowded(message);
  }

  #count(domain: string, change: 1 | -1): void {
    const count = (this.#unanswered.get(domain) ?? 0) + change;
    if (count === 0) this.#unanswered.delete(domain);
    else this.#unanswered.set(domain, count);
  }

  #isCrowded(message: GuardedDns): boolean {
    return this.#slow.size >= WAITING_MAX && !this.#slow.has(message);
  }

  #hold(domain: string, message: GuardedDns): void {
    const messages = this.#waiting.get(domain) ?? new Set();
    this.#waiting.set(domain, messages.add(message));
    this.#slow.add(message);
  }
}

function tooMany(
  what: 'messages' | 'questions',
  whose: string,
  max: number,
): {
  readonly kind: 'failed';
  readonly cause: 'deadline';
  readonly detail: string;
} {
  const detail = `${max} ${what} wait for the name servers of ${whose} already`;
  return { kind: 'failed', cause: 'deadline', detail };
}

/** Collects the effects of one event, in the order in which they must be carried out. */
import type { Reply } from './reply.ts';
import type { SessionEffect } from './session-events.ts';

export class EffectList {
  #effects: SessionEffect[] = [];

  /** Gives the effects so far and begins anew. */
  take(): readonly SessionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  add(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  reply(reply: Reply): void {
    this.#effects.push({ kind: 'reply', reply });
  }

  /** A reply that refuses, and its line in the log. */
  refuse(reply: Reply): void {
    const { code, enhanced, text } = reply;
    this.log('smtp.refused', { code, enhanced: enhanced ?? '', reason: text.join(' ') });
    this.reply(reply);
  }

  log(event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#effects.push({ kind: 'log', event, fields });
  }

  /** Takes back what was to be done, where it has become wrong before it left. */
  withdraw(kind: SessionEffect['kind']): void {
    this.#effects = this.#effects.filter((effect) => effect.kind !== kind);
  }
}

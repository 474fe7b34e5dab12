/**
 * How many commands a client may send without a message. Commands cost it next to nothing and us some
 * microseconds each; without an end, one client would take the time of all others' `250`.
 */
import type { Command } from './command.ts';

/** A client with a long list of recipients sends some hundred; one that only holds its place, fewer. */
export const COMMANDS_WITHOUT_MESSAGE_MAX = 1_000;
/** Smaller chunks than this count: a client that sends a message in chunks of a line means no message. */
const CHUNK_OCTETS_FREE = 512;

export class CommandBudget {
  readonly #max: number;
  #used = 0;

  /** @param maxRecipients Recipients of one message; as many may be refused besides. */
  constructor(maxRecipients: number) {
    this.#max = COMMANDS_WITHOUT_MESSAGE_MAX + 2 * maxRecipients;
  }

  /** Counts a line; null for one that is no command. @returns false where it is one too many. */
  spend(command: Command | null): boolean {
    const isFree = command?.verb === 'BDAT' && command.sizeBytes >= CHUNK_OCTETS_FREE;
    if (!isFree) this.#used += 1;
    return this.#used <= this.#max;
  }

  /** A message has come in whole. */
  renew(): void {
    this.#used = 0;
  }
}

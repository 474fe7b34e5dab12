/**
 * Watches for evidence that the client has seen our `250` (design §3.3): a command that began to
 * reach us after the `250` had left. Only messages that lack both Message-ID and Date are watched.
 */

/** A `250` that left later than this after the dot may have met a client that had given up. */
export const EVIDENCE_WITHIN_MS = 10_000;

export class EvidenceWatch {
  #messageRef: string | null = null;
  /** Octets that had reached us when the `250` left: a command that began before shows nothing. */
  #octetsAtReply = 0;
  #receivedOctets = 0;
  /** Those of the received that belong to lines and content that are done with. */
  #doneOctets = 0;

  received(octets: number): void {
    this.#receivedOctets += octets;
  }

  done(octets: number): void {
    this.#doneOctets += octets;
  }

  /** The `250` for `messageRef` leaves. */
  begin(messageRef: string): void {
    this.#messageRef = messageRef;
    this.#octetsAtReply = this.#receivedOctets;
  }

  /** What comes from now on shows nothing. */
  end(): void {
    this.#messageRef = null;
  }

  /**
   * Asked once for each line, before it is counted as done.
   *
   * @returns The message whose `250` has been seen, if the line is a command; the watch is over then,
   *   command or not. Null where the line began too early or nothing is watched.
   */
  takeSeen(): string | null {
    if (this.#messageRef === null || this.#doneOctets < this.#octetsAtReply) return null;
    const messageRef = this.#messageRef;
    this.#messageRef = null;
    return messageRef;
  }
}

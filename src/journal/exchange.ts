/** What a request of the journal is made of. */

/** What is given and what comes back. */
export interface Exchange<In, Out> {
  readonly in: In;
  readonly out: Out;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextCursor: string | null;
}

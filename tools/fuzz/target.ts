/** What is fuzzed, and what must hold for every input: it throws where that does not. */
export type Target = (input: Buffer) => void;

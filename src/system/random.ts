/** Randomness, as a port: run ids, mailbox ids and temp names. */
import { randomBytes } from 'node:crypto';

export interface Random {
  /** `bytes` random bytes from a cryptographic source, as lower-case hex. */
  hex(bytes: number): string;
}

export const systemRandom: Random = { hex: (bytes) => randomBytes(bytes).toString('hex') };

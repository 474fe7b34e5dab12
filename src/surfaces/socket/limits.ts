/** Limits of the control socket: any user of the machine may connect to it. */

export interface ControlLimits {
  /** A JSON body; the largest honest one is a list of run ids. Operations that take files allow more. */
  readonly jsonBytesMax: number;
  /**
   * Of those that are larger, how many of one user are read and done at once: one of 12 MiB takes some
   * 40 MiB meanwhile, and its connections let a user have 64. The others wait.
   */
  readonly largePerUid: number;
  /** Of a refused upload, what is read and thrown away so that the refusal is seen. */
  readonly unreadBytesMax: number;
  /** Request line and headers together. */
  readonly headerBytesMax: number;
  /** How long a client may take to send its headers. */
  readonly headersTimeoutMs: number;
  /** How long a client may take to send a whole request, a large message included. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly idleTimeoutMs: number;
  /** How often slow clients are looked for. */
  readonly checkEveryMs: number;
  /** Connections of one user, so that none can shut out the others. Root has no such limit. */
  readonly connectionsPerUid: number;
  /** Connections in all but root's; below the usual 1024 handles of a process. */
  readonly connectionsMax: number;
}

export const CONTROL_LIMITS: ControlLimits = {
  jsonBytesMax: 256 * 1024,
  largePerUid: 4,
  unreadBytesMax: 64 * 1024 * 1024,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  idleTimeoutMs: 5_000,
  checkEveryMs: 2_000,
  connectionsPerUid: 64,
  connectionsMax: 256,
};

/** Beside all others, so that several users together cannot keep an operator out. */
export const CONNECTIONS_FOR_ROOT = 16;

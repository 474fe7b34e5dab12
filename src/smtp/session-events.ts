/**
 * What goes into a receiving session and what comes out of it: the seam between the protocol and the
 * driver in `inbound/`, which has the socket, the clock and the journal.
 */
import type { Body } from './mail-parameters.ts';
import type { Reply } from './reply.ts';
import type { Route, RoutingAnswer } from './routing.ts';

/** Why a commit did not become durable; each has one reply (contract §7, design §3.2). */
export type CommitFailure = 'no-room' | 'broken' | 'busy';

export type SessionEvent =
  /** The connection stands and was let in; answered by the greeting. */
  | { readonly kind: 'connected' }
  /** One read from the socket. `atMs` is monotonic. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly atMs: number }
  /** The handshake after `start-tls` has succeeded; the session starts over (RFC 3207 §4.2). */
  | { readonly kind: 'tls-established' }
  /** What became of the last `commit`. `atMs` is monotonic, when the reply is handed to the socket. */
  | { readonly kind: 'committed'; readonly messageRef: string; readonly atMs: number }
  | { readonly kind: 'commit-failed'; readonly failure: CommitFailure }
  /** The last `evidence` is durable. */
  | { readonly kind: 'evidence-recorded' }
  /** A time limit has passed; answered `421 4.4.2` and `close`. */
  | { readonly kind: 'timed-out'; readonly what: 'command' | 'data' | 'session' | 'throughput' }
  /** The daemon stops: `421 4.3.2` at once, unless a message is coming in, which may end first. */
  | { readonly kind: 'shutdown' };

export interface SessionRecipient {
  /** As given, without angle brackets; the driver keeps what routing said beside it. */
  readonly forwardPath: string;
  readonly route: Route;
}

export interface SessionEnvelope {
  /** `""` is the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly SessionRecipient[];
  readonly smtputf8: boolean;
  readonly body: Body;
  readonly helo: string | null;
  /** `SMTP`, `ESMTP`, `ESMTPS`, `UTF8SMTP`, `UTF8SMTPS` (RFC 3848, RFC 6531 §4.3). */
  readonly protocol: string;
}

export type SessionEffect =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** A message begins (DATA or the first BDAT); `declaredSizeBytes` from SIZE=, null where not said. */
  | { readonly kind: 'begin-content'; readonly declaredSizeBytes: number | null }
  /**
   * Content of the message, dot-stuffing undone. A view into what was given or a copy of its own:
   * copy it to keep it.
   */
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  /** The message that came in is refused or its connection is going: forget its content. */
  | { readonly kind: 'discard-content' }
  /**
   * Make it durable, then hand in `committed` or `commit-failed`: only `committed` makes the `250`.
   * Until then the session takes no further command; bytes handed in meanwhile are kept, up to its limit.
   */
  | {
      readonly kind: 'commit';
      readonly envelope: SessionEnvelope;
      /** The header section has neither Message-ID nor Date, so that evidence counts (design §3.3). */
      readonly lacksIdentity: boolean;
    }
  /** The client has seen our `250` for `messageRef` (design §3.3): make that durable before going on. */
  | { readonly kind: 'evidence'; readonly messageRef: string }
  /** After the replies before it are sent, begin the handshake. */
  | { readonly kind: 'start-tls' }
  /** A structured log line; no bodies, nothing as the client wrote it. */
  | {
      readonly kind: 'log';
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  /** After the replies before it are sent, close. Nothing comes after it. */
  | { readonly kind: 'close' };

export interface SessionOptions {
  readonly hostname: string;
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  /** STARTTLS is offered. */
  readonly tlsAvailable: boolean;
  /** Pure: what routing says of a forward-path. */
  readonly route: (forwardPath: {
    readonly localPart: string;
    readonly domain: string | null;
  }) => RoutingAnswer;
  /**
   * Whether there is room for a message of this size (`452 4.3.1` where not); asked at MAIL FROM with
   * what SIZE declared, 0 where nothing was.
   */
  readonly hasRoom: (sizeBytes: number) => boolean;
}

/** What the driver needs to know to choose a time limit and when to stop reading. */
export type SessionPhase = 'command' | 'content' | 'waiting' | 'closed';

export interface Session {
  /** Takes an event and answers with effects in the order in which they must be carried out. */
  handle(event: SessionEvent): readonly SessionEffect[];
  readonly phase: SessionPhase;
  /** Bytes that are kept because a commit, evidence or handshake is under way. */
  readonly heldBytes: number;
}

/**
 * One try to hand a message to one server: what is asked, and what can come of it.
 *
 * Terms:
 * - *endpoint*: one address of one server that may take the mail.
 * - *transmission*: one transaction (MAIL … final dot) for some recipients of one message.
 * - *doubt*: the connection ended after the final dot and before its reply (RFC 1047).
 */
import type {
  Impossible,
  OutgoingEnvelope,
  TlsStanding,
  TransmissionOutcome,
  Unavailable,
} from '../smtp/client/outcome.ts';

export type {
  OutgoingEnvelope,
  RecipientOutcome,
  TlsStanding,
  TransmissionOutcome,
} from '../smtp/client/outcome.ts';

export interface Endpoint {
  /** Name of the server as MX gives it; an address literal where it has no name. */
  readonly host: string;
  /** Without brackets or zone. */
  readonly address: string;
  readonly port: number;
}

/** How a connection is to be protected. The place where MTA-STS and DANE will say more. */
export type TlsPolicy =
  /** TLS where it is offered, whatever the certificate; plain text where it is not or fails (RFC 7435). */
  | { readonly kind: 'opportunistic' }
  /** TLS with a certificate that verifies for `name`, or nothing (a relay that we log in to). */
  | { readonly kind: 'verified'; readonly name: string };

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface Transmission {
  readonly envelope: OutgoingEnvelope;
  /** The message as it is stored; whoever sends it doubles its dots. */
  readonly content: () => AsyncIterable<Uint8Array>;
  /** Awaited when everything but the final dot has been sent: makes durable that a doubt may follow. */
  readonly beforeFinalDot: (connection: {
    readonly remote: string;
    readonly tls: TlsStanding | null;
  }) => Promise<void>;
}

/** An open connection to an endpoint, greeted and protected. Disposing it says QUIT. */
export interface SmtpSession extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** `mx.example.com [192.0.2.1]:25`. */
  readonly remote: string;
  readonly tls: TlsStanding | null;
  /** Why it is plain text although TLS was offered; null where it was not, or has come about. */
  readonly tlsFailure: string | null;
  /** False once it has ended or is in a state from which no transaction can begin. */
  readonly isReusable: boolean;
  /** One transaction. Never rejects but with `beforeFinalDot`'s error, or what reading `content` throws. */
  transmit(transmission: Transmission, signal: AbortSignal): Promise<TransmissionOutcome>;
}

export type OpenOutcome = { readonly kind: 'open'; readonly session: SmtpSession } | Unavailable | Impossible;

export interface SmtpClient {
  /** Connects, reads the greeting, says EHLO, starts TLS as the policy says, logs in. Never rejects. */
  open(
    endpoint: Endpoint,
    options: {
      /** Our name in EHLO. */
      readonly helo: string;
      readonly tls: TlsPolicy;
      readonly credentials: Credentials | null;
      readonly signal: AbortSignal;
    },
  ): Promise<OpenOutcome>;
}

/**
 * The SMTP client: opens a connection to one endpoint and hands messages over on it. What is said and
 * what it means is decided in `smtp/client/`.
 */
import type { Capabilities } from '../smtp/client/capabilities.ts';
import { type Opened, open, quit } from '../smtp/client/opening.ts';
import { unavailable } from '../smtp/client/outcome.ts';
import { transact } from '../smtp/client/transaction.ts';
import type { Clock } from '../system/clock.ts';
import type { OutgoingNetwork } from '../system/outgoing-connection.ts';
import { CLIENT_TIMEOUTS, type ClientTimeouts } from './client-timeouts.ts';
import { Conversation } from './conversation.ts';
import type {
  Credentials,
  Endpoint,
  OpenOutcome,
  SmtpClient,
  SmtpSession,
  TlsPolicy,
  TlsStanding,
  Transmission,
  TransmissionOutcome,
} from './transmission.ts';

/** A reply to QUIT is a courtesy: the message is settled before. */
const QUIT_MS_MAX = 2_000;

export function createSmtpClient(world: {
  readonly network: OutgoingNetwork;
  readonly clock: Clock;
  readonly timeouts?: ClientTimeouts;
}): SmtpClient {
  const { network, clock, timeouts = CLIENT_TIMEOUTS } = world;
  return {
    async open(endpoint, options) {
      const opening = { network, clock, timeouts, endpoint, ...options };
      const { tls } = options;
      const first = await openOnce(opening, tls.kind === 'verified' ? 'verified' : 'where-offered', null);
      if (first.kind !== 'tls-failed') return first;
      if (tls.kind === 'verified') return unavailable('tls', first.reason);
      // Encryption that nobody asked for must not keep mail from going (RFC 7435 §3).
      const plain = await openOnce(opening, 'never', first.reason);
      return plain.kind === 'tls-failed' ? unavailable('tls', plain.reason) : plain;
    },
  };
}

interface Opening {
  readonly network: OutgoingNetwork;
  readonly clock: Clock;
  readonly timeouts: ClientTimeouts;
  readonly endpoint: Endpoint;
  readonly helo: string;
  readonly tls: TlsPolicy;
  readonly credentials: Credentials | null;
  readonly signal: AbortSignal;
}

async function openOnce(
  opening: Opening,
  tls: 'where-offered' | 'verified' | 'never',
  tlsFailure: string | null,
): Promise<OpenOutcome | Extract<Opened, { readonly kind: 'tls-failed' }>> {
  const { network, clock, endpoint, timeouts, signal, helo, credentials } = opening;
  const { address, port } = endpoint;
  const connected = await network.connect({ address, port, timeoutMs: timeouts.connectMs, signal });
  if (connected.kind === 'failed') return unavailable('connect', connected.reason);
  const conversation = new Conversation(connected.connection, clock, timeouts);
  const serverName = opening.tls.kind === 'verified' ? opening.tls.name : endpoint.host;
  const login = credentials === null ? null : { authcid: credentials.user, password: credentials.password };
  const opened = await conversation.run(open({ helo, tls, login }), { serverName });
  if (opened.kind !== 'open') {
    conversation.drop('it takes no mail');
    return opened;
  }
  const { capabilities, tls: standing } = opened;
  const session = new OpenSession(conversation, {
    endpoint,
    capabilities,
    tls: standing,
    tlsFailure,
    clock,
  });
  return { kind: 'open', session };
}

class OpenSession implements SmtpSession {
  readonly endpoint: Endpoint;
  readonly remote: string;
  readonly tls: TlsStanding | null;
  readonly tlsFailure: string | null;
  readonly #conversation: Conversation;
  readonly #capabilities: Capabilities;
  readonly #clock: Clock;
  #isFirst = true;
  #hasEnded = false;

  constructor(
    conversation: Conversation,
    opened: {
      readonly endpoint: Endpoint;
      readonly capabilities: Capabilities;
      readonly tls: TlsStanding | null;
      readonly tlsFailure: string | null;
      readonly clock: Clock;
    },
  ) {
    const { host, address, port } = opened.endpoint;
    this.endpoint = opened.endpoint;
    this.remote = `${host} [${address}]:${port}`;
    this.tls = opened.tls;
    this.tlsFailure = opened.tlsFailure;
    this.#conversation = conversation;
    this.#capabilities = opened.capabilities;
    this.#clock = opened.clock;
  }

  get isReusable(): boolean {
    return !this.#hasEnded && this.#conversation.isQuiet;
  }

  async transmit(transmission: Transmission, signal: AbortSignal): Promise<TransmissionOutcome> {
    const { envelope, content, beforeFinalDot } = transmission;
    const { remote, tls } = this;
    const abort = (): void => this.#drop('given up');
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    try {
      const { outcome, isReusable } = await this.#conversation.run(
        transact({ envelope, capabilities: this.#capabilities, isFirst }),
        { toSend: { content, beforeFinalDot: () => beforeFinalDot({ remote, tls }) } },
      );
      if (!isReusable) this.#drop('the transaction did not end in good order');
      return outcome;
    } catch (error) {
      // Half a message cannot be taken back but so (RFC 5321 §4.1.1.4).
      this.#drop('the message cannot be sent');
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #drop(reason: string): void {
    this.#hasEnded = true;
    this.#conversation.drop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isReusable) {
      this.#drop('it is over');
      return;
    }
    this.#hasEnded = true;
    const impatience = this.#clock.after(QUIT_MS_MAX, () => this.#conversation.drop('no answer to QUIT'));
    await this.#conversation.run(quit(), {});
    impatience[Symbol.dispose]();
    this.#conversation.end();
  }
}

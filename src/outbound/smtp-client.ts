/**
 * The SMTP client: opens a connection to one endpoint and hands messages over on it.
 *
 * Until the octets of the final dot are given to the kernel nothing has been handed over, whatever
 * happens. From then on until its reply nobody knows (RFC 1047, RFC 5321 §6.1): that is told as a doubt
 * and never as a failure.
 */
import { type Capabilities, NO_CAPABILITIES, readCapabilities } from '../smtp/client/capabilities.ts';
import { ReplyReader, type SmtpReply } from '../smtp/client/reply.ts';
import { FINAL_DOT, Transparency } from '../smtp/client/transparency.ts';
import type { Clock } from '../system/clock.ts';
import type { OutgoingConnection, OutgoingNetwork } from '../system/outgoing-connection.ts';
import type {
  Credentials,
  Endpoint,
  OpenOutcome,
  RecipientOutcome,
  SmtpClient,
  SmtpSession,
  TlsPolicy,
  TlsStanding,
  Transmission,
  TransmissionOutcome,
} from './transmission.ts';

/** How long each part may take (RFC 5321 §4.5.3.2; shorter where a server that slow has never been useful). */
export interface ClientTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** EHLO, MAIL, RCPT, STARTTLS, AUTH. */
  readonly commandMs: number;
  readonly handshakeMs: number;
  /** From DATA to its 354. */
  readonly dataMs: number;
  /** One piece of the content. */
  readonly blockMs: number;
  /** From the final dot to its reply: a shorter one makes doubts. */
  readonly finalDotMs: number;
}

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  connectMs: 30_000,
  greetingMs: 60_000,
  commandMs: 120_000,
  handshakeMs: 30_000,
  dataMs: 120_000,
  blockMs: 180_000,
  finalDotMs: 600_000,
};

export function createSmtpClient(world: {
  readonly network: OutgoingNetwork;
  readonly clock: Clock;
  readonly timeouts?: ClientTimeouts;
}): SmtpClient {
  const { network, clock, timeouts = CLIENT_TIMEOUTS } = world;
  return {
    async open(endpoint, options) {
      const first = await openOnce({ network, clock, timeouts, endpoint, ...options });
      if (first.kind !== 'tls-failed') return first;
      // Encryption that nobody asked for must not keep mail from going (RFC 7435 §3).
      if (options.tls.kind === 'verified') return unavailable('tls', first.reason);
      const plain = await openOnce({ network, clock, timeouts, endpoint, ...options, withoutTls: true });
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
  readonly withoutTls?: boolean;
}

type OpenedOnce = OpenOutcome | { readonly kind: 'tls-failed'; readonly reason: string };
type Unavailable = Extract<TransmissionOutcome, { kind: 'unavailable' }>;

function unavailable(
  stage: Unavailable['stage'],
  reason: string,
  reply: SmtpReply | null = null,
): Unavailable {
  return { kind: 'unavailable', stage, reason, reply };
}

/** A conversation that ended where it must not have: lost, out of time, or not understood. */
class Lost extends Error {
  override readonly name = 'Lost';
}

async function openOnce(opening: Opening): Promise<OpenedOnce> {
  const { network, endpoint, timeouts, signal } = opening;
  const connected = await network.connect({
    address: endpoint.address,
    port: endpoint.port,
    timeoutMs: timeouts.connectMs,
    signal,
  });
  if (connected.kind === 'failed') return unavailable('connect', connected.reason);
  const line = new Line(connected.connection, opening.clock);
  const opened = await greet(line, opening).catch((error: unknown): OpenedOnce => {
    if (error instanceof Lost) return unavailable(line.stage, error.message);
    throw error;
  });
  if (opened.kind !== 'open') line.drop();
  return opened;
}

async function greet(line: Line, opening: Opening): Promise<OpenedOnce> {
  const { timeouts, credentials, tls: policy, helo } = opening;
  line.stage = 'greeting';
  const greeting = await line.reply(timeouts.greetingMs);
  if (greeting.code !== 220) return unavailable('greeting', 'it takes no mail now', greeting);
  line.stage = 'ehlo';
  let capabilities = await hello(line, helo, timeouts);
  if (capabilities === null) return unavailable('ehlo', 'it refuses our name', line.last);
  let tls: TlsStanding | null = null;
  if (capabilities.startTls && opening.withoutTls !== true) {
    line.stage = 'tls';
    const secured = await secure(line, opening);
    if (secured.kind !== 'secured') return secured;
    ({ tls } = secured);
    line.stage = 'ehlo';
    // What was said in the clear counts for nothing (RFC 3207 §4.2).
    capabilities = await hello(line, helo, timeouts);
    if (capabilities === null) return unavailable('ehlo', 'it refuses our name', line.last);
  }
  if (policy.kind === 'verified' && (tls === null || tls.problem !== null))
    return unavailable('tls', tls === null ? 'it offers no TLS' : `its certificate: ${tls.problem}`);
  if (credentials !== null) {
    line.stage = 'auth';
    const refused = await logIn(line, capabilities, credentials, timeouts);
    if (refused !== null) return refused;
  }
  return { kind: 'open', session: new OpenSession(line, opening, capabilities, tls) };
}

async function hello(line: Line, helo: string, timeouts: ClientTimeouts): Promise<Capabilities | null> {
  const extended = await line.command(`EHLO ${helo}`, timeouts.commandMs);
  if (extended.code === 250) return readCapabilities(extended);
  // A server of before RFC 1869.
  if (extended.code < 500) return null;
  const plain = await line.command(`HELO ${helo}`, timeouts.commandMs);
  return plain.code === 250 ? NO_CAPABILITIES : null;
}

type Secured =
  | { readonly kind: 'secured'; readonly tls: TlsStanding }
  | { readonly kind: 'tls-failed'; readonly reason: string };

async function secure(line: Line, { timeouts, endpoint, tls }: Opening): Promise<Secured> {
  const ready = await line.command('STARTTLS', timeouts.commandMs);
  if (ready.code !== 220) return { kind: 'tls-failed', reason: 'it offers TLS and refuses it' };
  try {
    const agreed = await line.startTls(
      tls.kind === 'verified' ? tls.name : endpoint.host,
      timeouts.handshakeMs,
    );
    return { kind: 'secured', tls: agreed };
  } catch (error) {
    return { kind: 'tls-failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function logIn(
  line: Line,
  { auth }: Capabilities,
  { user, password }: Credentials,
  timeouts: ClientTimeouts,
): Promise<Unavailable | null> {
  const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  let answer: SmtpReply;
  if (auth.includes('PLAIN'))
    answer = await line.command(`AUTH PLAIN ${encode(`\0${user}\0${password}`)}`, timeouts.commandMs);
  else if (auth.includes('LOGIN')) {
    answer = await line.command('AUTH LOGIN', timeouts.commandMs);
    if (answer.code === 334) answer = await line.command(encode(user), timeouts.commandMs);
    if (answer.code === 334) answer = await line.command(encode(password), timeouts.commandMs);
  } else return unavailable('auth', 'it offers no way to log in that is known here (PLAIN, LOGIN)');
  // Whoever is to mend it is the operator, so it is waited for.
  return answer.code === 235 ? null : unavailable('auth', 'it refuses our name or password', answer);
}

/** Commands and replies on one connection, each with its time limit. */
class Line {
  readonly #connection: OutgoingConnection;
  readonly #clock: Clock;
  readonly #reader = new ReplyReader();
  #replies: SmtpReply[] = [];
  #malformed: string | null = null;
  /** What is being done: where a conversation that is lost has ended. */
  stage: Unavailable['stage'] = 'connect';
  last: SmtpReply | null = null;
  isLost = false;

  constructor(connection: OutgoingConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async command(text: string, limitMs: number): Promise<SmtpReply> {
    await this.write(`${text}\r\n`, limitMs);
    return await this.reply(limitMs);
  }

  async write(octets: Uint8Array | string, limitMs: number): Promise<void> {
    await this.#within(limitMs, this.#connection.write(octets));
  }

  /** @throws Lost */
  async reply(limitMs: number): Promise<SmtpReply> {
    const next = await this.#within(limitMs, this.#next());
    this.last = next;
    // It says that it goes (RFC 5321 §3.8).
    if (next.code === 421) this.isLost = true;
    return next;
  }

  async startTls(name: string, limitMs: number): Promise<TlsStanding> {
    // What was sent in the clear behind its answer could be anybody's (CVE-2011-0411).
    if (this.#connection.hasUnread || this.#replies.length > 0)
      throw new Lost('it spoke before the handshake');
    return await this.#within(limitMs, this.#connection.startTls(name));
  }

  drop(): void {
    this.isLost = true;
    this.#connection.destroy();
  }

  async #next(): Promise<SmtpReply> {
    for (;;) {
      const ready = this.#replies.shift();
      if (ready !== undefined) return ready;
      if (this.#malformed !== null) throw new Lost(this.#malformed);
      const octets = await this.#connection.read();
      if (octets === null) throw new Lost('it closed the connection');
      for (const reading of this.#reader.take(octets))
        if (reading.kind === 'reply') this.#replies.push(reading.reply);
        else this.#malformed = reading.reason;
    }
  }

  async #within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    using _timer = this.#clock.after(limitMs, () => late.reject(new Lost('no answer within the time limit')));
    try {
      return await Promise.race([work, late.promise]);
    } catch (error) {
      this.drop();
      work.catch(() => undefined);
      throw error instanceof Lost ? error : new Lost(error instanceof Error ? error.message : String(error));
    }
  }
}

class OpenSession implements SmtpSession {
  readonly endpoint: Endpoint;
  readonly remote: string;
  readonly tls: TlsStanding | null;
  readonly #line: Line;
  readonly #capabilities: Capabilities;
  readonly #timeouts: ClientTimeouts;
  #transactions = 0;

  constructor(
    line: Line,
    { endpoint, timeouts }: Opening,
    capabilities: Capabilities,
    tls: TlsStanding | null,
  ) {
    this.endpoint = endpoint;
    this.remote = `${endpoint.host} [${endpoint.address}]:${endpoint.port}`;
    this.tls = tls;
    this.#line = line;
    this.#capabilities = capabilities;
    this.#timeouts = timeouts;
  }

  get isReusable(): boolean {
    return !this.#line.isLost;
  }

  async transmit(transmission: Transmission, signal: AbortSignal): Promise<TransmissionOutcome> {
    const progress: Progress = {
      results: transmission.envelope.recipients.map(() => null),
      isDotSent: false,
    };
    const abort = (): void => this.#line.drop();
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#transact(transmission, progress);
    } catch (error) {
      if (!(error instanceof Lost)) {
        this.#line.drop();
        throw error;
      }
      if (progress.isDotSent)
        return { kind: 'in-doubt', recipients: progress.results, reason: error.message };
      return unavailable(this.#line.stage, error.message);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #transact(
    { envelope, content, beforeFinalDot }: Transmission,
    progress: Progress,
  ): Promise<TransmissionOutcome> {
    const line = this.#line;
    const impossible = this.#impossible(envelope);
    if (impossible !== null) return impossible;
    line.stage = 'mail';
    if (this.#transactions > 0) {
      const reset = await line.command('RSET', this.#timeouts.commandMs);
      if (reset.code !== 250) {
        line.drop();
        return unavailable('mail', 'it takes no second message', reset);
      }
    }
    this.#transactions += 1;
    const refused = await this.#address(envelope, progress);
    if (refused !== null) return refused;
    line.stage = 'data';
    const go = await line.command('DATA', this.#timeouts.dataMs);
    if (go.code !== 354) return this.#closed(progress, go, 'data');
    const transparency = new Transparency();
    for await (const octets of content())
      await line.write(transparency.encode(octets), this.#timeouts.blockMs);
    await line.write(transparency.end(), this.#timeouts.blockMs);
    await beforeFinalDot({ remote: this.remote, tls: this.tls });
    progress.isDotSent = true;
    await line.write(FINAL_DOT, this.#timeouts.blockMs);
    const reply = await line.reply(this.#timeouts.finalDotMs);
    return this.#closed(progress, reply, 'dot');
  }

  #impossible({ smtputf8, sizeBytes }: Transmission['envelope']): TransmissionOutcome | null {
    const { sizeMax } = this.#capabilities;
    if (smtputf8 && !this.#capabilities.smtputf8)
      return {
        kind: 'impossible',
        status: '5.6.7',
        reason: 'it does not take addresses beyond ASCII (SMTPUTF8, RFC 6531)',
        reply: null,
      };
    if (sizeMax !== null && sizeMax > 0 && sizeBytes > sizeMax)
      return {
        kind: 'impossible',
        status: '5.3.4',
        reason: `it takes messages of up to ${sizeMax} bytes, and this one has ${sizeBytes}`,
        reply: null,
      };
    return null;
  }

  /** MAIL and RCPT, in one go where the server takes it (RFC 2920). Null where somebody takes the message. */
  async #address(
    { reversePath, recipients, smtputf8, sizeBytes }: Transmission['envelope'],
    progress: Progress,
  ): Promise<TransmissionOutcome | null> {
    const line = this.#line;
    const size = this.#capabilities.sizeMax === null ? '' : ` SIZE=${sizeBytes}`;
    const mail = `MAIL FROM:<${reversePath}>${size}${smtputf8 ? ' SMTPUTF8' : ''}`;
    const commands = [mail, ...recipients.map((recipient) => `RCPT TO:<${recipient}>`)];
    const { commandMs } = this.#timeouts;
    if (this.#capabilities.pipelining) await line.write(`${commands.join('\r\n')}\r\n`, commandMs);
    for (const [index, command] of commands.entries()) {
      const reply = this.#capabilities.pipelining
        ? await line.reply(commandMs)
        : await line.command(command, commandMs);
      const isTaken = reply.code >= 200 && reply.code < 300;
      if (index > 0) progress.results[index - 1] = isTaken ? null : refusal(reply);
      else {
        if (!isTaken) {
          // The answers to what was sent along say nothing more.
          if (this.#capabilities.pipelining) for (const _ of recipients) await line.reply(commandMs);
          return { kind: 'answered', recipients: recipients.map(() => refusal(reply)), stage: 'mail' };
        }
        line.stage = 'rcpt';
      }
    }
    const isRefused = (result: RecipientOutcome | null): result is RecipientOutcome => result !== null;
    return progress.results.every(isRefused)
      ? { kind: 'answered', recipients: progress.results.filter(isRefused), stage: 'rcpt' }
      : null;
  }

  #closed(progress: Progress, reply: SmtpReply, stage: 'data' | 'dot'): TransmissionOutcome {
    const isAccepted = stage === 'dot' && reply.code >= 200 && reply.code < 300;
    const rest: RecipientOutcome = isAccepted ? { kind: 'accepted', reply } : refusal(reply);
    return { kind: 'answered', recipients: progress.results.map((result) => result ?? rest), stage };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It may close without a word; nothing depends on its answer.
    if (!this.#line.isLost) await this.#line.command('QUIT', QUIT_MS_MAX).catch(() => undefined);
    this.#line.drop();
  }
}

const QUIT_MS_MAX = 2_000;

interface Progress {
  /** By recipient; null: taken by the server, or not asked yet. */
  readonly results: (RecipientOutcome | null)[];
  isDotSent: boolean;
}

function refusal(reply: SmtpReply): RecipientOutcome {
  return { kind: 'refused', permanent: reply.code >= 500, reply };
}

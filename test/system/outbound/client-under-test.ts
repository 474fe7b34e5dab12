/** The SMTP client with the system's own network, short time limits, and messages of one kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_TIMEOUTS, type ClientTimeouts } from '../../../src/outbound/client-timeouts.ts';
import { createSmtpClient } from '../../../src/outbound/smtp-client.ts';
import type {
  Credentials,
  OpenOutcome,
  SmtpSession,
  TlsPolicy,
  TransmissionOutcome,
} from '../../../src/outbound/transmission.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemOutgoingNetwork } from '../../../src/system/outgoing-connection.ts';
import { type PeerOptions, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

export const CONTENT = 'Subject: x\r\n\r\n.leading dot\r\n';
/** As long as making it durable takes; a server that speaks meanwhile is heard. */
const BEFORE_DOT_MS = 15;
const SHORT: ClientTimeouts = {
  ...CLIENT_TIMEOUTS,
  commandMs: 400,
  greetingMs: 400,
  finalDotMs: 400,
  blockMs: 400,
  handshakeMs: 1_000,
};

export interface OpenOptions {
  readonly tls?: TlsPolicy;
  readonly credentials?: Credentials;
  /** Whom the MX names. @default 'peer.example' */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

export async function openTo(
  { host = '127.0.0.1', port }: { readonly host?: string; readonly port: number },
  options: OpenOptions = {},
): Promise<OpenOutcome> {
  const { tls = { kind: 'opportunistic' }, credentials = null, name = 'peer.example', signal } = options;
  const client = createSmtpClient({ network: systemOutgoingNetwork, clock: systemClock, timeouts: SHORT });
  return await client.open(
    { host: name, address: host, port },
    { helo: 'us.example', tls, credentials, signal: signal ?? new AbortController().signal },
  );
}

/** @throws where it does not open. */
export async function sessionTo(...to: Parameters<typeof openTo>): Promise<SmtpSession> {
  const opened = await openTo(...to);
  if (opened.kind !== 'open') throw new Error(`Not open: ${JSON.stringify(opened)}`);
  return opened.session;
}

export interface MessageOptions {
  readonly to?: readonly string[];
  readonly smtputf8?: boolean;
  readonly sizeBytes?: number;
  readonly content?: readonly string[];
  readonly beforeFinalDot?: () => Promise<void>;
  readonly abort?: AbortSignal;
}

export async function transmit(
  session: SmtpSession,
  { to = ['bob@example.net'], smtputf8 = false, content = [CONTENT], ...more }: MessageOptions = {},
): Promise<TransmissionOutcome> {
  const sizeBytes = more.sizeBytes ?? content.join('').length;
  return await session.transmit(
    {
      envelope: { reversePath: 'agent@example.com', recipients: to, smtputf8, sizeBytes },
      async *content() {
        for (const piece of content) yield Buffer.from(piece);
      },
      beforeFinalDot: more.beforeFinalDot ?? (() => sleep(BEFORE_DOT_MS)),
    },
    more.abort ?? new AbortController().signal,
  );
}

/** `kind stage` of what comes of one message to a peer, and how many it has kept. */
export async function outcomeOf(
  options: PeerOptions,
  more: OpenOptions & MessageOptions = {},
): Promise<string> {
  await using peer = await startSmtpPeer(options);
  const opened = await openTo(peer, more);
  if (opened.kind !== 'open')
    return `${opened.kind} ${'stage' in opened ? opened.stage : opened.status}, ${peer.messages.length} kept`;
  await using session = opened.session;
  const outcome = await transmit(session, more);
  const words = 'stage' in outcome ? outcome.stage : outcome.kind === 'impossible' ? outcome.status : '';
  const said =
    outcome.kind === 'answered' ? ` ${outcome.recipients.map(({ reply }) => reply.code).join(' ')}` : '';
  return `${outcome.kind} ${words}${said}, ${peer.messages.length} kept`;
}

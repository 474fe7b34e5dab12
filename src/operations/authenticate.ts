/**
 * `authenticate`: what SPF, DKIM, DMARC and ARC say of a raw message, for who asks why something is not
 * trusted.
 *
 * Served by the command line alone, as `render` is: it needs no row and no right, and hashing a message
 * must not hold up the daemon's own thread.
 */
import { parseMailbox } from '../address/mailbox.ts';
import { authenticate as authenticateMessage } from '../authentication/authenticate.ts';
import { parseClientAddress } from '../authentication/ip-address.ts';
import { decideTrust } from '../authentication/trust.ts';
import type {
  Alignment,
  AuthenticationResult,
  DmarcCheck,
  IprevCheck,
  SignatureCheck,
  Verdict,
  VerdictDetails,
} from '../authentication/verdict.ts';
import type { Config } from '../config/config.ts';
import { assert } from '../system/assert.ts';
import { type Clock, type EpochMs, formatInstant } from '../system/clock.ts';
import type { Dns } from '../system/dns.ts';
import { AimxError } from '../system/errors.ts';
import { type CheckWords, describeChecks } from './check-words.ts';
import { withCrlf } from './content-intake.ts';

/** Somebody waits for the answer; a message on its way gets less. */
const BUDGET_MS = 20_000;
/** `[smtp] max_message_size` and `[dedup] window` where no config says otherwise. */
const MESSAGE_BYTES_MAX = 25 * 1024 * 1024;
const WINDOW_MS = 35 * 24 * 60 * 60 * 1000;
/** RFC 5321 §4.5.3.1.4: a command line, its name included. */
const HELO_CHARACTERS_MAX = 512;

export interface AuthenticateInput {
  /** Of the client that brought the message; without it SPF and iprev have nothing to ask about. */
  readonly ip?: string | undefined;
  readonly helo?: string | undefined;
  /** With or without angle brackets; empty or absent: the null reverse-path. */
  readonly mailFrom?: string | undefined;
}

interface SignatureView {
  readonly result: AuthenticationResult;
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  readonly signature_start: string;
  readonly alignment: Alignment;
  readonly uncovered: readonly string[];
  readonly signed_at: string | null;
  readonly reason: string | null;
}

/** Names are stable. Times are RFC 3339. */
export interface AuthenticateOutput {
  /** As frontmatter shows them; `rank` is how well the message is authenticated. */
  readonly verdict: {
    readonly spf: AuthenticationResult;
    readonly dkim: AuthenticationResult;
    readonly dmarc: AuthenticationResult;
    readonly auth_domain: string | null;
    readonly rank: Verdict['rank'];
    /** DNS did not answer something that matters: ask again later. */
    readonly provisional: boolean;
  };
  readonly author: VerdictDetails['author'];
  readonly fields: {
    readonly repeated: readonly string[];
    readonly date: string | null;
    readonly transfer_encoding: string | null;
  };
  readonly spf: {
    readonly result: AuthenticationResult;
    readonly identity: 'mailfrom' | 'helo';
    readonly domain: string | null;
    readonly alignment: Alignment;
    readonly reason: string | null;
  };
  readonly dkim: { readonly signatures: readonly SignatureView[]; readonly not_judged: number };
  readonly dmarc: Omit<DmarcCheck, 'recordDomain'> & { readonly record_domain: string | null };
  readonly arc: {
    readonly result: string;
    readonly sealers: readonly string[];
    readonly vouches: {
      readonly sealer: string;
      readonly auth_domain: string;
      readonly uncovered: readonly string[];
      readonly signed_at: string | null;
    } | null;
    readonly reason: string | null;
  };
  readonly iprev: IprevCheck;
  /** What a mailbox with `trust = "verified"` would say that lists every sender. */
  readonly trust: { readonly trusted: string; readonly reason: string | null };
  /** The same in words, one entry a method or signature. */
  readonly checks: readonly CheckWords[];
}

export interface AuthenticateWorld {
  readonly dns: Dns;
  readonly clock: Clock;
  /** Null where none can be read: then defaults count. */
  readonly config: Config | null;
}

function invalid(what: string, hint: string): AimxError {
  return new AimxError('request.invalid', what, { hint });
}

function clientAddress(ip: string | undefined): string | null {
  if (ip === undefined) return null;
  if (parseClientAddress(ip) === null)
    throw invalid(
      `${JSON.stringify(ip)} is no IP address`,
      'give --ip as 192.0.2.1 or 2001:db8::1, without brackets and port',
    );
  return ip;
}

function reversePath(mailFrom: string | undefined): string {
  const path = (mailFrom ?? '').trim().replace(/^<(.*)>$/, '$1');
  if (path !== '' && parseMailbox(path).kind !== 'parsed')
    throw invalid(
      `${JSON.stringify(path)} is no address`,
      'give --mail-from as bounce@example.com, or as <> for the null reverse-path',
    );
  return path;
}

function heloName(helo: string | undefined): string | null {
  if (helo === undefined || helo === '') return null;
  if (helo.length > HELO_CHARACTERS_MAX)
    throw invalid(
      `The name in --helo is longer than ${HELO_CHARACTERS_MAX} characters`,
      'give it as the client did',
    );
  return helo;
}

/** The whole message. @throws `request.too-large`, `request.invalid` for nothing at all. */
async function readContent(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let previous: number | undefined;
  for await (const chunk of source) {
    const taken = withCrlf(chunk, previous);
    previous = chunk.at(-1) ?? previous;
    chunks.push(taken);
    sizeBytes += taken.length;
    if (sizeBytes > maxBytes)
      throw new AimxError('request.too-large', `The message is larger than ${maxBytes} bytes`, {
        hint: 'a larger one would not have been taken; see [smtp] max_message_size',
      });
  }
  if (sizeBytes === 0)
    throw invalid('The message is empty', 'give a message on stdin: aimx authenticate < message.eml');
  return Buffer.concat(chunks, sizeBytes);
}

function trustOf(verdict: Verdict, receivedAt: EpochMs, config: Config | null): AuthenticateOutput['trust'] {
  const rules = {
    name: 'any',
    trust: 'verified' as const,
    trustedSenders: ['*', ...(verdict.details?.author.addresses ?? [])],
    trustSpf: false,
    requireAddressed: false,
    address: '',
    aliases: [],
  };
  return decideTrust(rules, verdict, {
    receivedAt,
    windowMs: config?.dedup.windowMs ?? WINDOW_MS,
    arcSealers: config?.arcSealers ?? [],
    deliveredTo: [],
  });
}

function instantOrNull(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}

function viewSignature(signature: SignatureCheck): SignatureView {
  const { signatureStart, signedAt, ...rest } = signature;
  return { ...rest, signature_start: signatureStart, signed_at: instantOrNull(signedAt) };
}

function view(verdict: Verdict, trust: AuthenticateOutput['trust']): AuthenticateOutput {
  const { details, authDomain, rank, provisional } = verdict;
  assert(details !== null, 'an authenticated message has details');
  const { fields, arc } = details;
  const { recordDomain, ...dmarc } = details.dmarc;
  return {
    verdict: {
      spf: verdict.spf,
      dkim: verdict.dkim,
      dmarc: verdict.dmarc,
      auth_domain: authDomain,
      rank,
      provisional,
    },
    author: details.author,
    fields: {
      repeated: fields.repeated,
      date: instantOrNull(fields.date),
      transfer_encoding: fields.transferEncoding,
    },
    spf: details.spf,
    dkim: {
      signatures: details.signatures.map(viewSignature),
      not_judged: details.signaturesNotJudged,
    },
    dmarc: { ...dmarc, record_domain: recordDomain },
    arc: {
      result: arc.result,
      sealers: arc.sealers,
      vouches:
        arc.vouches === null
          ? null
          : {
              sealer: arc.vouches.sealer,
              auth_domain: arc.vouches.authDomain,
              uncovered: arc.vouches.uncovered,
              signed_at: instantOrNull(arc.vouches.signedAt),
            },
      reason: arc.reason,
    },
    iprev: details.iprev,
    trust,
    checks: describeChecks(details),
  };
}

/**
 * @param source A raw message; LF line ends become CRLF, as `ingest` does it.
 * @throws `request.invalid` for an address that is none and for no message, `request.too-large`.
 */
export async function authenticate(
  input: AuthenticateInput,
  source: AsyncIterable<Uint8Array>,
  { dns, clock, config }: AuthenticateWorld,
): Promise<AuthenticateOutput> {
  const envelope = {
    clientAddress: clientAddress(input.ip),
    helo: heloName(input.helo),
    reversePath: reversePath(input.mailFrom),
  };
  const content = await readContent(source, config?.smtp.maxMessageBytes ?? MESSAGE_BYTES_MAX);
  const deadline = new AbortController();
  using _timer = clock.after(BUDGET_MS, () => deadline.abort());
  const receivedAt = clock.now();
  const verdict = await authenticateMessage(
    { ...envelope, receivedAt, content },
    { dns, signal: deadline.signal },
  );
  return view(verdict, trustOf(verdict, receivedAt, config));
}

/** From the greeting to a connection that takes messages, and QUIT. Pure. */
import { assert } from '../../system/assert.ts';
import { type Capabilities, NO_CAPABILITIES, readCapabilities } from './capabilities.ts';
import { ask, type Dialogue, hear, isPositive, Lost } from './dialogue.ts';
import { logIn } from './login.ts';
import { type Login, type TlsStanding, type Unavailable, unavailable } from './outcome.ts';

export interface OpeningOptions {
  /** Our name in EHLO. */
  readonly helo: string;
  /** `never` is for a second connection, where TLS has failed on the first. */
  readonly tls: 'where-offered' | 'verified' | 'never';
  readonly login: Login | null;
}

export type Opened =
  | { readonly kind: 'open'; readonly capabilities: Capabilities; readonly tls: TlsStanding | null }
  /** It offers TLS, and it does not come about. */
  | { readonly kind: 'tls-failed'; readonly reason: string }
  | Unavailable;

interface Progress {
  stage: Unavailable['stage'];
}

export function* open(options: OpeningOptions): Dialogue<Opened> {
  const progress: Progress = { stage: 'greeting' };
  try {
    return yield* walk(options, progress);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    // Some hang up at STARTTLS, or what stands before them does; 421 would say that they are busy.
    if (progress.stage === 'tls' && error.reply === null)
      return { kind: 'tls-failed', reason: error.message };
    return unavailable(progress.stage, error.message, error.reply);
  }
}

function* walk({ helo, tls: wanted, login }: OpeningOptions, progress: Progress): Dialogue<Opened> {
  const greeting = yield* hear('greeting');
  if (greeting.code !== 220) return unavailable('greeting', 'it takes no mail now', greeting);
  progress.stage = 'ehlo';
  let capabilities = yield* hello(helo);
  if (capabilities.kind === 'unavailable') return capabilities;
  let tls: TlsStanding | null = null;
  if (capabilities.startTls && wanted !== 'never') {
    progress.stage = 'tls';
    const secured = yield* secure();
    if (secured.kind === 'tls-failed') return secured;
    ({ tls } = secured);
    progress.stage = 'ehlo';
    // What was said in the clear counts for nothing (RFC 3207 §4.2).
    capabilities = yield* hello(helo);
    if (capabilities.kind === 'unavailable') return capabilities;
  }
  if (wanted === 'verified' && (tls === null || tls.problem !== null))
    return unavailable('tls', tls === null ? 'it offers no TLS' : `its certificate: ${tls.problem}`);
  if (login !== null) {
    progress.stage = 'auth';
    const refused = yield* logIn(capabilities, login);
    if (refused !== null) return refused;
  }
  return { kind: 'open', capabilities, tls };
}

function* hello(helo: string): Dialogue<(Capabilities & { readonly kind: 'greeted' }) | Unavailable> {
  const extended = yield* ask(`EHLO ${helo}`, 'command');
  if (isPositive(extended)) return { kind: 'greeted', ...readCapabilities(extended) };
  // A server of before RFC 1869 does not know the word (RFC 5321 §3.2).
  const last = extended.code >= 500 ? yield* ask(`HELO ${helo}`, 'command') : extended;
  return isPositive(last)
    ? { kind: 'greeted', ...NO_CAPABILITIES }
    : unavailable('ehlo', 'it refuses our name', last);
}

function* secure(): Dialogue<
  { readonly kind: 'secured'; readonly tls: TlsStanding } | Extract<Opened, { kind: 'tls-failed' }>
> {
  const ready = yield* ask('STARTTLS', 'command');
  if (ready.code !== 220)
    return { kind: 'tls-failed', reason: `it offers TLS and refuses it: ${ready.code} ${ready.text}` };
  const answer = yield { kind: 'start-tls' };
  if (answer.kind === 'not-secured') return { kind: 'tls-failed', reason: answer.reason };
  assert(answer.kind === 'secured', 'A handshake ends well or not');
  return { kind: 'secured', tls: answer.tls };
}

/** Ends it in good order; whether the server answers or is gone changes nothing. */
export function* quit(): Dialogue<void> {
  try {
    yield* ask('QUIT', 'command');
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
  }
}

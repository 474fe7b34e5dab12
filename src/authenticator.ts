/**
 * The authentication process: says who wrote a message, for many messages at once.
 *
 * It is a process of its own because hashing may take seconds and parsers meet hostile input; the
 * resolver and its cache live here. It talks to its parent and to DNS alone, and ends when its parent does.
 */
import { authenticate } from './authentication/authenticate.ts';
import { organizationalDomain } from './authentication/organizational-domain.ts';
import { SlowDomains } from './authentication/slow-domains.ts';
import { readRawBytes } from './journal/log/raw-bytes.ts';
import type { AuthenticationAnswer, AuthenticationRequest } from './pipeline/authenticator.ts';
import { systemClock } from './system/clock.ts';
import { createResolver, type Resolver } from './system/dns/resolver.ts';
import type { Log } from './system/log.ts';
import { systemRandom } from './system/random.ts';

function tell(answer: AuthenticationAnswer): void {
  process.send?.(answer);
}

/** Events go to the daemon's log. */
function teller(level: keyof Log): Log[keyof Log] {
  return (event, fields) => tell({ kind: 'event', level, event, fields });
}

const parentLog: Log = {
  debug: teller('debug'),
  info: teller('info'),
  warn: teller('warn'),
  error: teller('error'),
};

/** The resolver and its cache stay until the configuration names others; questions under way end with the old one. */
function keepResolver(): (dns: AuthenticationRequest['dns']) => Resolver {
  let current: { readonly key: string; readonly resolver: Resolver } | null = null;
  return (dns) => {
    const key = JSON.stringify(dns);
    if (current?.key !== key) {
      void current?.resolver[Symbol.asyncDispose]();
      const resolver = createResolver({ ...dns, clock: systemClock, random: systemRandom, log: parentLog });
      current = { key, resolver };
    }
    return current.resolver;
  };
}

const resolverFor = keepResolver();
const slowDomains = new SlowDomains({
  clock: systemClock,
  domainOf: (name) => organizationalDomain(name.toLowerCase()),
});

function tellDefect(method: string, error: unknown): void {
  parentLog.error('authenticator.defect', {
    method,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}

async function answer(request: AuthenticationRequest): Promise<AuthenticationAnswer> {
  const { id, source, input, budgetMs } = request;
  const stored = await readRawBytes(source);
  if (stored.kind === 'damaged') return { ...stored, id };
  const deadline = new AbortController();
  using _timer = systemClock.after(budgetMs, () => deadline.abort(new Error('DNS took too long')));
  using dns = slowDomains.guard(resolverFor(request.dns));
  const verdict = await authenticate(
    { ...input, content: stored.bytes },
    { dns, signal: deadline.signal, onDefect: tellDefect },
  );
  return { kind: 'verdict', id, verdict };
}

/** A file that could not be read is an answer; any other error is a defect and ends the process. */
async function answerOrFailure(request: AuthenticationRequest): Promise<AuthenticationAnswer> {
  try {
    return await answer(request);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && 'code' in error)
      return { kind: 'failed', id: request.id, code: String(error.code), message: error.message };
    throw error;
  }
}

// The parent's end of the channel is gone: it has ended, or wants this process to.
process.on('disconnect', () => process.exit(0));
// A terminal's interrupt is for the daemon, which ends this process when it is done with it.
process.on('SIGINT', () => undefined);
process.on('message', (request) => {
  void answerOrFailure(request as AuthenticationRequest).then(tell);
});

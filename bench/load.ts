/** Runs the load generator (native/smtpload.c): a closed loop of sessions that are kept. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DOMAIN } from './ground.ts';
import { MESSAGE_BYTES } from './plan.ts';

export interface LoadOptions {
  readonly port: number;
  readonly sessions: number;
  /** How long, or how many messages. */
  readonly amount: { readonly seconds: number } | { readonly messages: number };
  /** The local part of the recipient. */
  readonly mailbox?: string;
}

export interface LoadResult {
  readonly sessions: number;
  readonly messages: number;
  /** Accepted messages a second. */
  readonly rate: number;
  /** From the final dot to the `250`. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Past this the generator is ended: its own bound is its time and a minute. */
const LOAD_MS_MAX = 180_000;

const execute = promisify(execFile);

/** @throws where a session met anything but the reply it wanted: such a rate would say nothing. */
export async function runLoad(program: string, options: LoadOptions): Promise<LoadResult> {
  const { port, sessions, amount, mailbox = 'plain' } = options;
  const bound = 'seconds' in amount ? ['-D', String(amount.seconds)] : ['-m', String(amount.messages)];
  const args = ['-p', String(port), '-s', String(sessions), '-l', String(MESSAGE_BYTES), '-d', ...bound];
  const { stdout } = await execute(program, [...args, '-t', `${mailbox}@${DOMAIN}`], {
    timeout: LOAD_MS_MAX,
  });
  const result: Record<'n' | 'errs' | 'rate' | 'p50' | 'p99', number> = JSON.parse(stdout);
  if (result.errs > 0) throw new Error(`The load met ${result.errs} errors at ${sessions} sessions`);
  return {
    sessions,
    messages: result.n,
    rate: result.rate,
    p50Ms: result.p50 / 1_000,
    p99Ms: result.p99 / 1_000,
  };
}

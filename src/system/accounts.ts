/**
 * User accounts of the machine, as a port.
 *
 * Answers are kept for a short time: a look-up may ask a directory service, and a message asks for
 * its owner several times.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Clock } from './clock.ts';
import { type Account, findAccount } from './passwd.ts';

export interface Accounts {
  /** Null where there is no such account. @throws where the account database does not answer. */
  lookup(name: string): Promise<Account | null>;
  /** The account of that user id; null where there is none. */
  lookupUid(uid: number): Promise<Account | null>;
  /** The account that we run as. */
  current(): Account;
}

/** How long an answer is used again: short enough that a new account is seen while someone waits for it. */
const ANSWER_MS_MAX = 10_000;
/** getent asks a directory service, which may hang. */
const GETENT_TIMEOUT_MS = 5_000;
/** Exit code 2 of getent(1): one or more keys were not found. */
const GETENT_NOT_FOUND = 2;
/** Answers kept at once; names come from the config, so that more means a mistake. */
const ANSWERS_MAX = 1_000;

function getent(key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: GETENT_TIMEOUT_MS, env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } };
    execFile('getent', ['passwd', '--', key], options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      // Without getent (musl, minimal containers) the file is all there is.
      if (error.code === GETENT_NOT_FOUND || String(error.code) === 'ENOENT') return resolve('');
      reject(error);
    });
  });
}

async function readAccount(key: string | number): Promise<Account | null> {
  const local = findAccount(await readFile('/etc/passwd', 'utf8').catch(() => ''), key);
  return local ?? findAccount(await getent(String(key)), key);
}

/** Accounts of `/etc/passwd`, then of whatever the name service switch knows. */
export function systemAccounts(clock: Clock): Accounts {
  const answers = new Map<
    string | number,
    { readonly at: number; readonly account: Promise<Account | null> }
  >();
  const lookup = (key: string | number): Promise<Account | null> => {
    const known = answers.get(key);
    if (known !== undefined && clock.monotonicMs() - known.at < ANSWER_MS_MAX) return known.account;
    if (answers.size >= ANSWERS_MAX) answers.clear();
    const account = readAccount(key);
    answers.set(key, { at: clock.monotonicMs(), account });
    account.catch(() => answers.delete(key));
    return account;
  };
  const { username, uid, gid, homedir, shell } = userInfo();
  const self: Account = { name: username, uid, gid, home: homedir, shell: shell ?? '/bin/sh' };
  return {
    lookup: (name) => lookup(name),
    lookupUid: (uid) => lookup(uid),
    current: () => self,
  };
}

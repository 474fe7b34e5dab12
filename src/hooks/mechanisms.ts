/**
 * What this machine offers for confining a hook, found by trying it once at the start.
 * Every fallback says what it lacks.
 */
import type { Account } from '../system/passwd.ts';
import type { Processes } from '../system/processes.ts';

/** Where the programs of the chain are looked for; never a path that an owner could set. */
export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of helper and launchers. Messages of the shell are read, so they are not translated. */
export const HELPER_ENVIRONMENT: Readonly<Record<string, string>> = { PATH: PROGRAM_PATH, LC_ALL: 'C' };

export type Mechanism =
  | 'flock'
  | 'setsid'
  | 'tail'
  | 'no-new-privs'
  | 'privileges'
  | 'namespace'
  | 'namespace-proc';

const NAMESPACE = 'unshare --pid --fork --kill-child';
/** A /proc of its own shows the hook its own pids; mounts of the host still come through. */
const NAMESPACE_WITH_PROC = `${NAMESPACE} --mount-proc --propagation slave`;

const TRIALS: Readonly<Record<Mechanism, string>> = {
  // Shared: two daemons that try at once must not take it for missing.
  flock: 'flock -s -n / true',
  setsid: 'setsid true',
  tail: 'tail -c 1',
  'no-new-privs': 'setpriv --no-new-privs true',
  privileges: 'setpriv --reuid=0 --regid=0 --init-groups --no-new-privs true',
  namespace: `${NAMESPACE} true`,
  'namespace-proc': `${NAMESPACE_WITH_PROC} true`,
};

/** Without these a start could not be made once, or its end not be seen. */
const REQUIRED: readonly Mechanism[] = ['flock', 'setsid', 'tail'];

export type Confinement =
  | { readonly kind: 'unusable'; readonly missing: readonly Mechanism[] }
  | {
      readonly kind: 'usable';
      /** Words before the supervisor. */
      readonly isolation: string;
      /** Words before the owner's shell; null where we cannot become that account. */
      privileges(account: Account): string | null;
      /** What is weaker here than it could be; sentences for the log and for `doctor`. */
      readonly lacks: readonly string[];
    };

/** Tries everything that may be used. @param root Some mechanisms are for root alone. */
export async function probeMechanisms(
  processes: Processes,
  options: { readonly root: boolean },
): Promise<ReadonlySet<Mechanism>> {
  const trials = Object.entries(TRIALS).map(([name, command]) => `${command} && echo ${name} >&3`);
  const script = `exec 3>&1 </dev/null >/dev/null 2>&1\n${trials.join('\n')}\n`;
  const child = await processes.start('/bin/sh', ['-c', script], { env: HELPER_ENVIRONMENT, detached: true });
  const found = new Set<Mechanism>();
  child.onLine((line) => found.add(line as Mechanism));
  child.endInput();
  await child.exited;
  if (!options.root)
    for (const name of ['privileges', 'namespace', 'namespace-proc'] as const) found.delete(name);
  return found;
}

function isolationWords(found: ReadonlySet<Mechanism>): string {
  if (found.has('namespace-proc')) return NAMESPACE_WITH_PROC;
  return found.has('namespace') ? NAMESPACE : '';
}

/** Chooses the strongest of what was found. Pure. @param self The account that we run as. */
export function decideConfinement(
  found: ReadonlySet<Mechanism>,
  self: { readonly uid: number },
): Confinement {
  const missing = REQUIRED.filter((name) => !found.has(name));
  if (missing.length > 0) return { kind: 'unusable', missing };
  const root = self.uid === 0;
  const lacks: string[] = [];
  if (!found.has('no-new-privs'))
    lacks.push('Hooks could gain privileges through setuid programs: setpriv of util-linux is not there');
  if (root && !found.has('privileges'))
    lacks.push('Only hooks of root are started: setpriv of util-linux is not there to become another owner');
  if (isolationWords(found) === '')
    lacks.push(
      'A process that a hook starts in a session of its own is ended only while it keeps the handle of its run: ' +
        (root ? 'no pid namespace may be made here' : 'pid namespaces are for root'),
    );
  const plain = found.has('no-new-privs') ? 'setpriv --no-new-privs' : '';
  return {
    kind: 'usable',
    isolation: isolationWords(found),
    lacks,
    privileges({ uid, gid }) {
      if (root && found.has('privileges'))
        return `setpriv --reuid=${uid} --regid=${gid} --init-groups --no-new-privs`;
      return uid === self.uid ? plain : null;
    },
  };
}

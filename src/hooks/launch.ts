/** Orders the launch of a claimed attempt. */
import type { RunRow } from '../journal/journal.ts';
import type { Folder } from '../system/files.ts';
import type { Account } from '../system/passwd.ts';
import { readIfThere, writeLaunchFile } from './attempt-folder.ts';
import { makeEnvironment, VALUE_BYTES_MAX } from './environment.ts';
import { formatLaunchFile } from './launch-file.ts';
import { end, type RunEnd } from './run-end.ts';
import { DATA_BYTES_MAX, findHook, type RunnerWorld } from './runner-world.ts';

export type LaunchOutcome =
  /** The helper has it; what comes of it is told by its events and by the mark. */
  | { readonly kind: 'ordered'; readonly timeoutSeconds: number; readonly program: string }
  /** It will never be started; the mark must be taken before the run is ended so. */
  | { readonly kind: 'refused'; readonly end: RunEnd }
  /** Not now. */
  | { readonly kind: 'later'; readonly reason: string };

/** Some twenty values, each escaped by JSON at worst sixfold. */
const VARIABLES_BYTES_MAX = 20 * 6 * VALUE_BYTES_MAX;

const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';
const USUAL_PATH_ROOT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const USUAL_LANG = 'C.UTF-8';

/** The account that a mailbox's hooks run as; null where it does not exist. */
async function ownerOf(world: RunnerWorld, owner: string | null): Promise<Account | null> {
  return owner === null ? world.accounts.current() : await world.accounts.lookup(owner);
}

/** The `AIMX_*` of the message; null where the copies that belong to it are gone. */
async function readVariables(
  world: RunnerWorld,
  run: RunRow,
): Promise<Readonly<Record<string, string>> | null> {
  const bytes = await readIfThere(world.stdin, `${run.deliveryId}.json`, VARIABLES_BYTES_MAX);
  if (bytes === null || (await world.stdin.statEntry(`${run.deliveryId}.md`)) === null) return null;
  // Our own file, written whole and flushed before the run could be due.
  return (JSON.parse(Buffer.from(bytes).toString('utf8')) as { variables: Record<string, string> }).variables;
}

function pathAndLang(world: RunnerWorld, account: Account): { readonly path: string; readonly lang: string } {
  const isOurs = account.uid === world.accounts.current().uid;
  return {
    path: (isOurs ? world.environment.path : null) ?? (account.uid === 0 ? USUAL_PATH_ROOT : USUAL_PATH),
    lang: (isOurs ? world.environment.lang : null) ?? USUAL_LANG,
  };
}

/**
 * @param folder The run's own.
 * @throws the file system's errors; nothing has been started then.
 */
export async function launch(world: RunnerWorld, run: RunRow, folder: Folder): Promise<LaunchOutcome> {
  const refuse = (state: 'cancelled' | 'failed', reason: string): LaunchOutcome => ({
    kind: 'refused',
    end: end(state, reason),
  });
  const found = findHook(world, run);
  if (found === null)
    return refuse('cancelled', 'hook-removed: The hook, or its mailbox, was removed meanwhile');
  const { hook, mailbox } = found;
  const account = await ownerOf(world, mailbox.owner);
  if (account === null)
    return refuse('failed', `no-account: The owner "${mailbox.owner}" of the mailbox does not exist`);
  const privileges = world.confinement.privileges(account);
  if (privileges === null)
    return refuse('failed', `no-privileges: This daemon cannot start programs as "${account.name}"`);
  const variables = await readVariables(world, run);
  if (variables === null)
    return refuse('failed', 'no-input: The copy of the message that hooks read is not there any more');

  const env = makeEnvironment({
    run,
    hook,
    account,
    variables: { ...variables, ...world.environment.places },
    ...pathAndLang(world, account),
  });
  const text = formatLaunchFile(
    { cmd: hook.cmd, env, cwd: account.home },
    world.dataBytesMax ?? DATA_BYTES_MAX,
  );
  const isOurs = account.uid === world.accounts.current().uid;
  const launchFile = await writeLaunchFile(folder, run.attempt, {
    text,
    owner: isOurs ? null : { uid: account.uid, gid: account.gid },
    unique: world.random.hex(4),
  });
  world.faults.reach('hooks.launch-written');
  const isOrdered = await world.helper.launch({
    runId: run.runId,
    attempt: run.attempt,
    launchFile,
    timeoutSeconds: hook.timeoutSeconds,
    stdinName: `${run.deliveryId}.md`,
    ownerUid: isOurs ? null : account.uid,
    privileges,
  });
  if (!isOrdered) return { kind: 'later', reason: 'The process that starts hooks is being started again' };
  world.faults.reach('hooks.launched');
  return { kind: 'ordered', timeoutSeconds: hook.timeoutSeconds, program: hook.cmd[0] };
}

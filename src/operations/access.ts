/**
 * Who may see what: a mailbox's owner and root, nobody else (reliability §4).
 *
 * A refusal is the same answer as "there is none", so that nobody learns from it which mailboxes
 * exist.
 */
import type { Config, MailboxConfig } from '../config/config.ts';
import type { Journal, MailboxId } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import type { Caller, OperationContext, OperationWorld } from './operation.ts';

const ROOT_UID = 0;

/** True where the caller may do everything: root, or this process's own user acting for itself. */
export function mayAll({ caller }: Pick<OperationContext, 'caller'>): boolean {
  return caller.kind === 'local' || caller.uid === ROOT_UID;
}

/** @throws `request.forbidden` unless the caller is root or the process's own user. */
export function assertRoot(context: Pick<OperationContext, 'caller' | 'processUid'>): void {
  if (mayAll(context) || context.caller.uid === context.processUid) return;
  throw new AimxError('request.forbidden', 'Only root may do this', {
    hint: 'run the command with sudo',
  });
}

/** Who asked, for traces: `root`, or `uid 1000`. */
export function callerName({ caller }: Pick<OperationContext, 'caller'>): string {
  return caller.uid === ROOT_UID ? 'root' : `uid ${caller.uid}`;
}

/** @throws `config.missing`, or `daemon.unreachable` where the caller may not read it and nobody reads it for him. */
export function requireConfig(context: Pick<OperationContext, 'config' | 'configProblem'>): Config {
  if (context.config !== null) return context.config;
  throw context.configProblem ?? new AimxError('config.missing', 'There is no config.toml');
}

/** @throws `daemon.unreachable` outside of the daemon. */
export function requireJournal(context: OperationContext): NonNullable<OperationContext['journal']> {
  if (context.journal !== null) return context.journal;
  throw new AimxError('daemon.unreachable', 'This changes the journal, which only the daemon may do', {
    hint: 'start it with aimx serve',
  });
}

/** @throws `daemon.unreachable` where the journal's rows cannot be read. */
export function requireRows(context: OperationContext): Pick<Journal, 'query'> {
  if (context.rows !== null) return context.rows;
  // Absent or not for the caller: which of both it is, SQLite does not say.
  throw new AimxError(
    'daemon.unreachable',
    `No daemon answers, and no journal can be read in ${context.dataDir}`,
    {
      hint: 'start the daemon with aimx serve; where one has run before, the command may need sudo',
    },
  );
}

/**
 * Finds out what is the caller's, once for a request.
 *
 * An account that cannot be looked up owns nothing until it can: rights are never given by a failure.
 */
export async function contextFor(
  world: OperationWorld,
  caller: Caller,
  signal: AbortSignal,
): Promise<OperationContext> {
  if (mayAll({ caller })) return { ...world, caller, owned: 'all', signal };
  const uids = new Map<string | null, number | null>([[null, world.processUid]]);
  const owned = new Set<string>();
  for (const { name, owner } of world.config?.mailboxes ?? []) {
    if (owner !== null && !uids.has(owner)) {
      const account = await world.accounts.lookup(owner).catch(() => null);
      uids.set(owner, account?.uid ?? null);
    }
    if (uids.get(owner) === caller.uid) owned.add(name);
  }
  return { ...world, caller, owned, signal };
}

/** The configured mailboxes that the caller may use, in the config's order. */
export function ownMailboxes(context: OperationContext): readonly MailboxConfig[] {
  const { owned } = context;
  const { mailboxes } = requireConfig(context);
  return owned === 'all' ? mailboxes : mailboxes.filter(({ name }) => owned.has(name));
}

/** The one answer to "not there" and "not yours". */
export function noSuchMailbox(name: string): AimxError {
  return new AimxError('request.not-found', `There is no mailbox ${JSON.stringify(name)} that you may use`, {
    hint: 'aimx mailboxes list shows yours',
  });
}

/** The one answer for a run that is not there and one that is not the caller's. */
export function noSuchRun(runId: string): AimxError {
  return new AimxError('request.not-found', `There is no run ${JSON.stringify(runId)} that you may see`, {
    hint: 'aimx runs list shows yours',
  });
}

/** @throws `request.not-found` for a mailbox that is absent or not the caller's. */
export function ownMailbox(context: OperationContext, name: string): MailboxConfig {
  const found = ownMailboxes(context).find((mailbox) => mailbox.name === name);
  if (found === undefined) throw noSuchMailbox(name);
  return found;
}

/**
 * The names to ask the journal for.
 *
 * @param wanted One mailbox's name; undefined asks for all that the caller may see.
 * @returns Undefined: every mailbox, those that have left the config too (root alone).
 */
export function mailboxScope(
  context: OperationContext,
  wanted: string | undefined,
): readonly string[] | undefined {
  if (mayAll(context)) return wanted === undefined ? undefined : [wanted];
  if (wanted !== undefined) return [ownMailbox(context, wanted).name];
  return ownMailboxes(context).map((mailbox) => mailbox.name);
}

/**
 * An empty answer about a mailbox that is not there is a slip of whoever named it. Rows of a mailbox that
 * has left the configuration are an answer.
 *
 * @throws `request.not-found`.
 */
export function refuseUnknownMailbox(
  context: OperationContext,
  wanted: string | undefined,
  found: readonly unknown[],
): void {
  if (found.length === 0 && wanted !== undefined && context.config !== null) ownMailbox(context, wanted);
}

/**
 * Whether a row belongs to the caller. Names may be given to somebody else after a mailbox was
 * deleted; the id may not, so it decides wherever it is known.
 */
export function maySee(
  context: OperationContext,
  row: { readonly mailbox: string; readonly mailboxId: MailboxId },
): boolean {
  if (context.owned === 'all') return true;
  if (!context.owned.has(row.mailbox)) return false;
  return context.mailboxIds === null || context.mailboxIds[row.mailbox] === row.mailboxId;
}

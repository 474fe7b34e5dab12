/**
 * What a caller inside a run may not do (contract §10): a program that reads a stranger's mail must not
 * be talked into deciding what starts, nor into letting go what the loop breaker has stopped.
 */
import { AimxError } from '../system/errors.ts';
import type { OperationContext } from './operation.ts';
import type { OperationName } from './operations.ts';

const DECISIONS: ReadonlySet<OperationName> = new Set<OperationName>([
  'runs.release',
  'runs.replay',
  'runs.cancel',
  'dedup.forget',
  'queue.retry',
  'queue.cancel',
  'queue.hold',
  'queue.release',
  'queue.approve',
]);

/** True where the operation is refused inside a run: it decides about runs, or about mail on its way out. */
export function decidesAboutRuns(name: string): boolean {
  return (DECISIONS as ReadonlySet<string>).has(name);
}

/** @throws `request.forbidden` where the operation is such a decision and the caller is inside one. */
export async function assertOutsideRuns(
  name: OperationName,
  { caller, callerRun }: Pick<OperationContext, 'caller' | 'callerRun'>,
): Promise<void> {
  if (caller.kind !== 'peer' || !DECISIONS.has(name) || (await callerRun(caller.pid)).kind === 'outside')
    return;
  const what = name.startsWith('queue.') ? 'mail that is on its way out' : 'runs';
  throw new AimxError('request.forbidden', `A hook may not decide about ${what}`, {
    hint: 'Do it from a session of your own; a hook may read, answer and send',
  });
}

/**
 * Every operation by its name: the one table that the surfaces serve.
 *
 * Terms: an *operation* is a verb (operation.ts); a *surface* is a way to reach it (the command line,
 * the control socket). What one surface can do, all can.
 */
import { configCheck } from './config-check.ts';
import { dedupForget, dedupList } from './dedup.ts';
import { dkimKeygen } from './dkim-keygen.ts';
import { forward } from './forward.ts';
import { hooksList } from './hooks.ts';
import { ingest } from './ingest.ts';
import { list } from './list.ts';
import { attention, mailboxesList, mailboxesShow } from './mailboxes.ts';
import type { CallOperation, DownloadOperation, UploadOperation } from './operation.ts';
import { queueList, queueShow } from './queue.ts';
import { queueApprove, queueCancel, queueHold, queueRelease, queueRetry } from './queue-decisions.ts';
import { raw } from './raw.ts';
import { read } from './read.ts';
import { reply } from './reply.ts';
import { runsCancel, runsRelease, runsReplay } from './run-decisions.ts';
import { runsList, runsOutput, runsShow } from './runs.ts';
import { send } from './send.ts';
import { trace } from './trace.ts';

/** Name → operation; the names are paths of the control socket and stay as they are. */
export const OPERATIONS: {
  readonly list: typeof list;
  readonly read: typeof read;
  readonly raw: typeof raw;
  readonly trace: typeof trace;
  readonly ingest: typeof ingest;
  readonly 'runs.list': typeof runsList;
  readonly 'runs.show': typeof runsShow;
  readonly 'runs.output': typeof runsOutput;
  readonly 'runs.release': typeof runsRelease;
  readonly 'runs.replay': typeof runsReplay;
  readonly 'runs.cancel': typeof runsCancel;
  readonly 'dedup.list': typeof dedupList;
  readonly 'dedup.forget': typeof dedupForget;
  readonly 'mailboxes.list': typeof mailboxesList;
  readonly 'mailboxes.show': typeof mailboxesShow;
  readonly 'hooks.list': typeof hooksList;
  readonly 'config.check': typeof configCheck;
  readonly 'dkim.keygen': typeof dkimKeygen;
  readonly send: typeof send;
  readonly reply: typeof reply;
  readonly forward: typeof forward;
  readonly 'queue.list': typeof queueList;
  readonly 'queue.show': typeof queueShow;
  readonly 'queue.retry': typeof queueRetry;
  readonly 'queue.cancel': typeof queueCancel;
  readonly 'queue.hold': typeof queueHold;
  readonly 'queue.release': typeof queueRelease;
  readonly 'queue.approve': typeof queueApprove;
  readonly attention: typeof attention;
} = {
  list,
  read,
  raw,
  trace,
  ingest,
  'runs.list': runsList,
  'runs.show': runsShow,
  'runs.output': runsOutput,
  'runs.release': runsRelease,
  'runs.replay': runsReplay,
  'runs.cancel': runsCancel,
  'dedup.list': dedupList,
  'dedup.forget': dedupForget,
  'mailboxes.list': mailboxesList,
  'mailboxes.show': mailboxesShow,
  'hooks.list': hooksList,
  'config.check': configCheck,
  'dkim.keygen': dkimKeygen,
  send,
  reply,
  forward,
  'queue.list': queueList,
  'queue.show': queueShow,
  'queue.retry': queueRetry,
  'queue.cancel': queueCancel,
  'queue.hold': queueHold,
  'queue.release': queueRelease,
  'queue.approve': queueApprove,
  attention,
};

export type OperationName = keyof typeof OPERATIONS;

type RunOf<Name extends OperationName> = (typeof OPERATIONS)[Name]['run'];

export type InputOf<Name extends OperationName> = Parameters<RunOf<Name>>[0];
export type OutputOf<Name extends OperationName> = Awaited<ReturnType<RunOf<Name>>>;

/** An operation whose input has been validated by its own schema. */
export type AnyOperation =
  | CallOperation<unknown, unknown>
  | DownloadOperation<unknown>
  | UploadOperation<unknown, unknown>;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}

/** Only what `parseInput` has returned for the same name may be given to its `run`. */
export function operationOf(name: OperationName): AnyOperation {
  return OPERATIONS[name] as unknown as AnyOperation;
}

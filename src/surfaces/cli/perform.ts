/**
 * Does an operation: through the daemon where it must or can, else in this process.
 *
 * Which way is not a matter of speed but of rights: the journal is the daemon's, mailbox files are
 * their owner's.
 */
import type { CallOperation, DownloadOperation } from '../../operations/operation.ts';
import type { InputOf, OperationName, OutputOf } from '../../operations/operations.ts';
import { AimxError } from '../../system/errors.ts';
import type { Invocation } from './invocation.ts';
import { openLocalContext } from './local-world.ts';

type LoadCall<Input, Output> = () => Promise<CallOperation<Input, Output>>;

function isUnreachable(error: unknown): boolean {
  return error instanceof AimxError && error.code === 'daemon.unreachable';
}

async function daemon(invocation: Invocation): Promise<import('../socket/client.ts').DaemonClient> {
  const { createDaemonClient } = await import('../socket/client.ts');
  return createDaemonClient(invocation.places.socketPath);
}

/** Through the daemon and nowhere else: it changes rows. @throws `daemon.unreachable`. */
export async function performInDaemon<Name extends OperationName>(
  invocation: Invocation,
  name: Name,
  input: InputOf<Name>,
): Promise<OutputOf<Name>> {
  return (await (await daemon(invocation)).call(name, input)) as OutputOf<Name>;
}

/** In this process, on config and keys alone: before the first start too, and where the config is wrong. */
export async function performOnConfig<Input, Output>(
  invocation: Invocation,
  input: Input,
  load: LoadCall<Input, Output>,
): Promise<Output> {
  await using local = await openLocalContext(invocation, { withRows: false, withData: false });
  return await (await load()).run(input, local.context);
}

/** In this process, on the files of mailboxes. */
export async function performOnFiles<Input, Output>(
  invocation: Invocation,
  input: Input,
  load: LoadCall<Input, Output>,
): Promise<Output> {
  await using local = await openLocalContext(invocation, { withRows: false });
  return await (await load()).run(input, local.context);
}

/** Through the daemon; without one, in this process on a journal opened for reading. */
export async function performOnRows<Name extends OperationName, Input extends InputOf<Name>>(
  invocation: Invocation,
  name: Name,
  input: Input,
  load: LoadCall<Input, OutputOf<Name>>,
): Promise<OutputOf<Name>> {
  try {
    return await performInDaemon(invocation, name, input);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
  await using local = await openLocalContext(invocation, { withRows: true });
  return await (await load()).run(input, local.context);
}

/** As {@link performOnRows}, for bytes; hands them to `use` as they come. */
export async function downloadOnRows<Name extends OperationName, Input extends InputOf<Name>>(
  invocation: Invocation,
  name: Name,
  input: Input,
  load: () => Promise<DownloadOperation<Input>>,
  use: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  let bytes: AsyncIterable<Uint8Array>;
  try {
    bytes = await (await daemon(invocation)).download(name, input);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    await using local = await openLocalContext(invocation, { withRows: true });
    return await use(await (await load()).run(input, local.context));
  }
  return await use(bytes);
}

/** Streams `content` to the daemon. @throws `daemon.unreachable` before anything is read from it. */
export async function uploadToDaemon<Name extends OperationName>(
  invocation: Invocation,
  name: Name,
  query: Readonly<Record<string, string>>,
  content: AsyncIterable<Uint8Array>,
): Promise<OutputOf<Name>> {
  const client = await daemon(invocation);
  await client.ping();
  return (await client.upload(name, query, content)) as OutputOf<Name>;
}

/**
 * The HTTP side of the control socket: which path does what.
 *
 *     GET  /health            {"status":"ok"}
 *     GET  /v1                every operation with its summary, rights and error codes
 *     POST /v1/<operation>    input as JSON object, output as JSON
 *     POST /v1/raw            output as message/rfc822
 *     POST /v1/ingest?recipient=<address>[&wait=false]   input is the message itself
 *
 * Transport and wording only: rights are decided by the operations from who the kernel says calls.
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { contextFor } from '../../operations/access.ts';
import type { Caller, OperationContext, OperationWorld } from '../../operations/operation.ts';
import { isOperationName, OPERATIONS, operationOf } from '../../operations/operations.ts';
import { assertOutsideRuns, decidesAboutRuns } from '../../operations/outside-runs.ts';
import { parseInput } from '../../operations/schemas.ts';
import { assertNever } from '../../system/assert.ts';
import { AimxError } from '../../system/errors.ts';
import type { Log } from '../../system/log.ts';
import { errorBody, errorStatus } from './error-answer.ts';
import { LargeRequests } from './large-requests.ts';
import type { ControlLimits } from './limits.ts';
import { readJsonBody } from './request-body.ts';

export interface ControlAppOptions {
  /** The world as it is now; a reload changes it. */
  readonly world: () => OperationWorld;
  /** Who is at the other end; null where the kernel does not say. */
  readonly callerOf: (incoming: HttpBindings['incoming']) => Caller | null;
  readonly log: Log;
  readonly limits: ControlLimits;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' } as const;

function json(value: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(value)}\n`, { status, headers: JSON_TYPE });
}

function failure(error: unknown): Response {
  return json(errorBody(error), errorStatus(error));
}

function catalogue(): unknown {
  return {
    operations: Object.entries(OPERATIONS).map(([name, operation]) => ({
      name,
      method: 'POST',
      path: `/v1/${name}`,
      summary: operation.summary,
      who: operation.who,
      changes: operation.changes,
      input: operation.kind === 'upload' ? 'query and message/rfc822' : 'application/json',
      output: operation.kind === 'download' ? operation.contentType : 'application/json',
      errors: [
        'request.invalid',
        ...(decidesAboutRuns(name) ? ['request.forbidden'] : []),
        ...operation.errors,
      ],
    })),
  };
}

async function perform(
  name: string,
  request: Request,
  context: OperationContext,
  { limits, large }: { readonly limits: ControlLimits; readonly large: LargeRequests },
): Promise<Response> {
  if (!isOperationName(name))
    throw new AimxError('request.not-found', `There is no operation ${JSON.stringify(name)}`, {
      hint: 'GET /v1 lists them',
    });
  await assertOutsideRuns(name, context);
  const operation = operationOf(name);
  const body = request.body as AsyncIterable<Uint8Array> | null;
  // The turn of a large request ends when it is done, not when it is read.
  using turn = new DisposableStack();
  const bounds = {
    bytesMax: limits.jsonBytesMax,
    usualBytes: limits.jsonBytesMax,
    enter: async () => void turn.use(await large.enter(context.caller.uid)),
  };
  switch (operation.kind) {
    case 'call':
      return json(
        await operation.run(
          parseInput(
            name,
            await readJsonBody(body, { ...bounds, bytesMax: operation.inputBytesMax ?? limits.jsonBytesMax }),
          ),
          context,
        ),
      );
    case 'download': {
      const input = parseInput(name, await readJsonBody(body, bounds));
      const bytes = await operation.run(input, context);
      return new Response(ReadableStream.from(bytes) as ReadableStream<Uint8Array>, {
        headers: { 'content-type': operation.contentType },
      });
    }
    case 'upload': {
      const query = Object.fromEntries(new URL(request.url).searchParams);
      return json(
        await takeUpload(request.body, limits, (content) =>
          operation.run(parseInput(name, query), content, context),
        ),
      );
    }
    default:
      return assertNever(operation);
  }
}

/** Ends with its reader, not with its consumer: who stops early leaves the rest to be read. */
async function* chunksOf(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'> | null,
): AsyncGenerator<Uint8Array> {
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) yield next.value;
}

/**
 * Does an upload. What a refusal has left unread is read and thrown away before it is answered: closing
 * over unread bytes makes the kernel reset the connection, and the caller would not see why.
 */
async function takeUpload<Output>(
  body: ReadableStream<Uint8Array> | null,
  limits: ControlLimits,
  run: (content: AsyncIterable<Uint8Array>) => Promise<Output>,
): Promise<Output> {
  const reader = body?.getReader() ?? null;
  try {
    return await run(chunksOf(reader));
  } catch (error) {
    let unreadBytes = 0;
    for await (const chunk of chunksOf(reader)) {
      unreadBytes += chunk.length;
      if (unreadBytes > limits.unreadBytesMax) break;
    }
    throw error;
  }
}

export function createControlApp(options: ControlAppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const { limits } = options;
  const large = new LargeRequests(limits.largePerUid);
  app.get('/health', () => json({ status: 'ok' }));
  app.get('/v1', () => json(catalogue()));
  app.post('/v1/:operation', async (c) => {
    const caller = options.callerOf(c.env.incoming);
    if (caller === null)
      throw new AimxError('request.forbidden', 'The kernel does not say who you are', {
        hint: 'connect to the socket from this machine, and not through a proxy',
      });
    const context = await contextFor(options.world(), caller, c.req.raw.signal);
    return perform(c.req.param('operation'), c.req.raw, context, { limits, large });
  });
  app.notFound((c) =>
    failure(
      new AimxError('request.not-found', `There is nothing at ${c.req.method} ${c.req.path}`, {
        hint: 'POST /v1/<operation>; GET /v1 lists the operations',
      }),
    ),
  );
  app.onError((error, c) => {
    if (!(error instanceof AimxError) && !c.req.raw.signal.aborted)
      options.log.error('control.failed', {
        path: c.req.path,
        error: error.message,
        ...(error.stack === undefined ? {} : { stack: error.stack }),
      });
    return failure(error);
  });
  return app;
}

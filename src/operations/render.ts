/**
 * `render`: a raw message, and the file that it would become.
 *
 * Served by the command line alone: it needs no row and no right, and reading MIME must not hold up
 * the daemon's own thread.
 */
import { type RenderedMessage, renderMessage } from '../message/render.ts';
import type { Clock } from '../system/clock.ts';
import { withCrlf } from './content-intake.ts';

export interface RenderInput {
  /** A forward-path to show in `delivered_to`. */
  readonly recipient?: string | undefined;
  readonly mailbox?: string | undefined;
}

export interface RenderOutput {
  readonly id: string;
  /** The whole `.md`. */
  readonly document: string;
  readonly attachments: readonly { readonly filename: string; readonly size_bytes: number }[];
}

/** @param raw LF line ends become CRLF, as `ingest` does it. Total: broken input gives warnings in the file. */
export function render(raw: Uint8Array, input: RenderInput, clock: Pick<Clock, 'now'>): RenderOutput {
  const recipient = input.recipient ?? `${input.mailbox ?? 'you'}@localhost`;
  const rendered: RenderedMessage = renderMessage(withCrlf(raw, undefined), {
    mailbox: input.mailbox ?? 'you',
    deliveredTo: [recipient],
    tag: null,
    receivedAt: clock.now(),
    receivedFromIp: null,
    envelopeFrom: '',
  });
  return {
    id: rendered.id,
    document: rendered.document,
    attachments: rendered.attachments.map(({ filename, bytes }) => ({ filename, size_bytes: bytes.length })),
  };
}

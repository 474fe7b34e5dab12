/** Drafts and composed octets for tests. */
import { Buffer } from 'node:buffer';
import { epochMs } from '../../system/clock.ts';
import { composeMessage } from './compose.ts';
import type { Draft, DraftAttachment } from './draft.ts';

export const ROOMY: number = 64 * 1024 * 1024;

export function draftOf(fields: Partial<Draft> = {}): Draft {
  return {
    from: { name: 'Ann', address: 'ann@agents.example' },
    to: [{ name: '', address: 'joe@example.org' }],
    cc: [],
    replyTo: null,
    subject: 'Hello',
    date: epochMs(Date.UTC(2026, 10, 25, 5, 43, 25)),
    messageId: '0011223344556677.8899aabbccddeeff@agents.example',
    inReplyTo: null,
    references: [],
    autoSubmitted: null,
    body: { format: 'text', text: 'Hello' },
    attachments: [],
    ...fields,
  };
}

export function attachmentOf(bytes: Uint8Array, fields: Partial<DraftAttachment> = {}): DraftAttachment {
  return {
    filename: 'data.bin',
    contentType: 'application/octet-stream',
    sizeBytes: bytes.length,
    open: async function* () {
      yield bytes;
    },
    inlineAs: null,
    ...fields,
  };
}

export async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The octets of a draft that can be sent; throws its problems otherwise. */
export async function composed(draft: Draft): Promise<Buffer> {
  const outcome = composeMessage(draft, { maxBytes: ROOMY });
  if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.problems));
  return collected(outcome.message.content());
}

/** `field: message` of each problem; none where the draft can be sent. */
export function problemsOf(draft: Draft, maxBytes: number = ROOMY): readonly string[] {
  const outcome = composeMessage(draft, { maxBytes });
  return outcome.kind === 'composed'
    ? []
    : outcome.problems.map(({ field, message }) => `${field}: ${message}`);
}

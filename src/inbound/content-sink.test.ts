import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Spool } from '../journal/journal.ts';
import { contentMemory } from './content-memory.ts';
import { ContentSink } from './content-sink.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface KeptSpool extends Spool {
  readonly written: Uint8Array[];
}

function keptSpool(): KeptSpool {
  const written: Uint8Array[] = [];
  return {
    written,
    sizeBytes: 0,
    write: async (chunk) => void written.push(chunk),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

test('ContentSink keeps bytes and hash however the content is cut, and wherever it is spilled', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });
  const spillAt = fc.option(fc.nat({ max: 20 }));
  const inlineBytes = fc.integer({ min: 1, max: 40_000 });
  await fc.assert(
    fc.asyncProperty(pieces, spillAt, inlineBytes, async (given, spillIndex, limit) => {
      const memory = contentMemory(Number.POSITIVE_INFINITY);
      const sink = new ContentSink({
        memory,
        inlineBytes: limit,
        openSpool: async () => keptSpool(),
        onProgress: () => undefined,
      });
      const whole = Buffer.concat(given);
      for (const [index, piece] of given.entries()) {
        if (index === spillIndex) sink.spill();
        sink.add(piece);
        // The session's bytes are the socket's: they may be used again.
        piece.fill(0);
      }
      const { content, exactFingerprint } = await sink.finish();
      const chunks = content.kind === 'inline' ? content.chunks : (content.spool as KeptSpool).written;
      assert.ok(Buffer.concat(chunks).equals(whole));
      assert.equal(content.sizeBytes, whole.length);
      assert.equal(exactFingerprint, sha256(whole));
      if (whole.length > limit) assert.equal(content.kind, 'spooled');
      sink.release();
      assert.equal(memory.totalBytes, 0);
    }),
  );
});

test('ContentSink does not cost an object for each byte of a client that sends them one by one', async () => {
  const sink = new ContentSink({
    memory: contentMemory(Number.POSITIVE_INFINITY),
    inlineBytes: 256 * 1024,
    openSpool: async () => keptSpool(),
    onProgress: () => undefined,
  });
  for (let n = 0; n < 10_000; n += 1) sink.add(Uint8Array.of(n & 0xff));
  const { content } = await sink.finish();
  assert.ok(content.kind === 'inline' && content.chunks.length <= 3);
});

test('ContentSink gives its memory back when it is discarded while the disk is busy', async () => {
  const memory = contentMemory(Number.POSITIVE_INFINITY);
  let isRemoved = false;
  const sink = new ContentSink({
    memory,
    inlineBytes: 10,
    openSpool: async () => ({
      ...keptSpool(),
      write: () => new Promise((resolve) => setImmediate(resolve)),
      [Symbol.asyncDispose]: async () => {
        isRemoved = true;
      },
    }),
    onProgress: () => undefined,
  });
  for (let n = 0; n < 10; n += 1) sink.add(new Uint8Array(1000));
  assert.equal(memory.totalBytes, 10_000);
  await sink.discard();
  assert.equal(memory.totalBytes, 0);
  assert.equal(isRemoved, true);
});

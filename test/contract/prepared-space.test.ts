/**
 * Space that is prepared ahead in the log: what a crash leaves in it, what a full disk does, and that
 * records and zeros never meet.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Journal } from '../../src/journal/journal.ts';
import { PreparedSpace } from '../../src/journal/log/prepared-space.ts';
import { recoverLog } from '../../src/journal/log/recovery.ts';
import { Room } from '../../src/journal/log/room.ts';
import { segmentNamed } from '../../src/journal/log/segments.ts';
import { LogWriter, type NewRecord } from '../../src/journal/log/writer.ts';
import { openJournal } from '../../src/journal/open.ts';
import { simulatedClock } from '../../src/system/clock.sim.ts';
import { systemClock } from '../../src/system/clock.ts';
import { noFaults } from '../../src/system/faults.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';
import { Desk } from './journal-fixture.ts';

const START = { file: null, offset: 0, journalId: 0 } as const;
const SEGMENT = 'log/0000000000000001.log';

function tempFolder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'aimx-prepared-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function journalIn(folder: string, warned: string[] = []): Promise<Journal> {
  return openJournal({
    folder,
    clock: simulatedClock(),
    random: systemRandom,
    log: { ...silentLog, warn: (event) => void warned.push(event) },
    faults: noFaults,
    allowMemory: true,
  });
}

function deskIn(folder: string, warned: string[] = []): Promise<Desk> {
  return Desk.open({
    clock: simulatedClock(),
    open: () => journalIn(folder, warned),
    readRaw: () => Promise.reject(new Error('not needed')),
    [Symbol.asyncDispose]: async () => undefined,
  });
}

interface Writing {
  readonly writer: LogWriter;
  readonly broken: Error[];
}

async function writerIn(
  folder: string,
  more: { endOffset?: number; nextId?: number; freeBytesMin?: number } = {},
): Promise<Writing> {
  mkdirSync(join(folder, 'log'), { recursive: true });
  const broken: Error[] = [];
  const writer = await LogWriter.open({
    folder,
    segment: segmentNamed(1),
    endOffset: 0,
    nextId: 1,
    faults: noFaults,
    onDurable: () => undefined,
    onNoRoom: () => undefined,
    onBroken: (error) => void broken.push(error),
    ...more,
  });
  return { writer, broken };
}

function record(content: Buffer): NewRecord {
  return {
    kind: 'message',
    envelope: '{}',
    chunks: [content],
    contentBytes: content.length,
    contentSha256: createHash('sha256').update(content).digest('hex'),
  };
}

/** Until the background has prepared what it is going to. */
async function prepared(writer: LogWriter): Promise<void> {
  const until = systemClock.monotonicMs() + 30_000;
  while (writer.preparedBytes === 0) {
    assert.ok(systemClock.monotonicMs() < until, 'nothing is prepared');
    await turn();
  }
}

test('LogWriter writes records into space that the segment has already, and cuts the rest at its end', async (t) => {
  const folder = tempFolder(t);
  const { writer } = await writerIn(folder);
  await prepared(writer);
  const { size, blocks } = statSync(join(folder, SEGMENT));
  const { endOffset } = await writer.append(record(Buffer.alloc(2000, 'a')));
  const after = statSync(join(folder, SEGMENT));
  assert.ok(size > endOffset);
  assert.ok(after.size === size && after.blocks === blocks, 'neither longer nor with more blocks');
  await writer.end();
  assert.equal(statSync(join(folder, SEGMENT)).size, endOffset);
});

test('LogWriter never lets prepared zeros and records meet', async (t) => {
  const folder = tempFolder(t);
  const { writer } = await writerIn(folder);
  const contents = Array.from({ length: 300 }, (_value, n) =>
    Buffer.alloc(1000 + ((n * 7919) % 200_000), `${n} `),
  );
  for (let from = 0; from < contents.length; from += 60)
    await Promise.all(contents.slice(from, from + 60).map((content) => writer.append(record(content))));
  await writer.end();
  const { tail } = await recoverLog(folder, START, silentLog);
  assert.deepEqual(
    tail.map((found) => found.contentSha256),
    contents.map((content) => record(content).contentSha256),
  );
});

test('openJournal() takes zeros behind the last record for the end, and not for a torn record', async (t) => {
  const folder = tempFolder(t);
  const first = await deskIn(folder);
  await first.accept({ text: 'one' });
  await first.journal[Symbol.asyncDispose]();
  const segment = join(folder, SEGMENT);
  const whole = readFileSync(segment);
  for (const zeros of [1, 50, 5000, 3_000_000]) {
    writeFileSync(segment, Buffer.concat([whole, Buffer.alloc(zeros)]));
    const warned: string[] = [];
    const journal = await journalIn(folder, warned);
    await journal[Symbol.asyncDispose]();
    assert.deepEqual(warned, []);
    assert.deepEqual(readdirSync(join(folder, 'log')).length, 1);
    assert.ok(readFileSync(segment).equals(whole));
  }
  writeFileSync(segment, Buffer.concat([whole, Buffer.alloc(5000)]));
  const again = await deskIn(folder);
  assert.equal(await again.accept({ text: 'two' }), 2);
  await again.journal[Symbol.asyncDispose]();
});

test('openJournal() refuses a log in which acknowledged records have become zeros', async (t) => {
  const folder = tempFolder(t);
  const desk = await deskIn(folder);
  for (const text of ['one', 'two', 'three']) await desk.accept({ text });
  await desk.journal[Symbol.asyncDispose]();
  const segment = join(folder, SEGMENT);
  const whole = readFileSync(segment);
  for (const from of [0, whole.indexOf('two'), whole.lastIndexOf('AIMXLOG1')]) {
    const damaged = Buffer.from(whole).fill(0, from);
    writeFileSync(segment, damaged);
    await assert.rejects(journalIn(folder), { code: 'journal.damaged' });
    assert.ok(readFileSync(segment).equals(damaged), 'a refused journal is left as it is');
  }
});

/** Where each record of a log begins, and its end. */
async function recordOffsets(folder: string): Promise<readonly number[]> {
  const { tail } = await recoverLog(folder, START, silentLog);
  return [0, ...tail.map((found) => found.endOffset)];
}

/** A log whose last batch of three records was torn: `tear` changes bytes of its first record. */
async function tornLog(
  folder: string,
  tear: (bytes: Buffer, from: number, to: number) => void,
): Promise<{ readonly end: number; readonly bytes: Buffer }> {
  const { writer } = await writerIn(folder);
  await writer.append(record(Buffer.from('kept')));
  await Promise.all(
    ['torn', 'second', 'third'].map((text) => writer.append(record(Buffer.alloc(9000, text)))),
  );
  await writer.end();
  const [, end = 0, next = 0] = await recordOffsets(folder);
  const bytes = readFileSync(join(folder, SEGMENT));
  tear(bytes, end, next);
  writeFileSync(join(folder, SEGMENT), Buffer.concat([bytes, Buffer.alloc(100_000)]));
  return { end, bytes };
}

for (const [what, tear] of [
  ['whose first record never came to the disk', (bytes, from, to) => void bytes.fill(0, from, to)],
  ['whose first block never came to the disk', (bytes, from) => void bytes.fill(0, from, from + 4096)],
  ['with a hole in a content', (bytes, _from, to) => void bytes.fill(0, to - 4096, to)],
] as readonly [string, (bytes: Buffer, from: number, to: number) => void][])
  test(`recoverLog() moves aside a torn batch ${what}`, async (t) => {
    const folder = tempFolder(t);
    const { end, bytes } = await tornLog(folder, tear);
    const recovered = await recoverLog(folder, START, silentLog);
    assert.equal(recovered.endOffset, end);
    assert.equal(recovered.nextId, 2);
    assert.equal(statSync(join(folder, SEGMENT)).size, end, 'cut, so that nothing of it can be read again');
    assert.ok(readFileSync(join(folder, `${SEGMENT}.torn-${end}`)).equals(bytes.subarray(end)));
  });

for (const [what, length] of [
  ['a shorter batch', 300],
  // What stands behind it would be the next record, by its id, its place and its hash.
  ['one that ends where its first record did', 9000],
  ['a longer batch', 20_000],
] as const)
  test(`nothing of a torn batch is read behind ${what} in its place`, async (t) => {
    const folder = tempFolder(t);
    await tornLog(folder, (bytes, from) => void bytes.fill(0, from + 4096, from + 5000));
    const { endOffset, nextId } = await recoverLog(folder, START, silentLog);
    // Nothing is prepared, so that only what recovery has cut is gone.
    const { writer } = await writerIn(folder, { endOffset, nextId, freeBytesMin: Number.POSITIVE_INFINITY });
    const written = await writer.append(record(Buffer.alloc(length, 'new')));
    // The folder as a power loss leaves it: nothing is closed, nothing is cut.
    const lost = tempFolder(t);
    cpSync(folder, lost, { recursive: true });
    const found = await recoverLog(lost, START, silentLog);
    assert.deepEqual(
      found.tail.map(({ journalId, contentSha256 }) => [journalId, contentSha256]),
      [
        [1, record(Buffer.from('kept')).contentSha256],
        [2, written.contentSha256],
      ],
    );
    await writer.end();
  });

test('LogWriter: a disk that is full while space is prepared refuses a record only when it does not fit', async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('needs root: it mounts a small file system');
    return;
  }
  const root = mkdtempSync(join(tmpdir(), 'aimx-prepared-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root], { stdio: 'ignore' });
  } catch {
    rmSync(root, { recursive: true });
    t.skip('cannot mount a file system here');
    return;
  }
  t.after(() => {
    execFileSync('umount', ['-l', root]);
    rmSync(root, { recursive: true });
  });
  const ballast = join(root, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1536 * 1024));
  const freeBytesMin = Number.NEGATIVE_INFINITY;
  const { writer, broken } = await writerIn(root, { freeBytesMin });
  const sizes: number[] = [];
  const content = Buffer.alloc(60_000, 'full');
  const refused = await (async () => {
    for (;;)
      try {
        sizes.push((await writer.append(record(content))).endOffset);
      } catch (error) {
        return error;
      }
  })();
  assert.equal((refused as { code?: string }).code, 'journal.no-room');
  assert.equal(broken.length, 0);
  assert.ok(sizes.length > 5, `only ${sizes.length} records found room: zeros had taken it`);
  assert.equal(statSync(join(root, SEGMENT)).size, sizes.at(-1), 'what did not fit is cut off');
  writeFileSync(join(root, 'log', 'other.log'), '');
  const space = await PreparedSpace.open({
    folder: root,
    file: 'log/other.log',
    endBytes: 2 ** 26,
    writtenBytes: 0,
    onFailed: (error) => void broken.push(error as Error),
    freeBytesMin,
  });
  await space.close();
  assert.equal(statSync(join(root, 'log', 'other.log')).size, 0, 'zeros that do not all fit are cut off');
  assert.equal(broken.length, 0);
  rmSync(ballast);
  await writer.append(record(content));
  await writer.append(record(content));
  await prepared(writer);
  await writer.end();
  const { tail } = await recoverLog(root, START, silentLog);
  assert.equal(tail.length, sizes.length + 2);
});

test('Room counts what is prepared as free', async () => {
  const room = await Room.read(tmpdir(), systemClock, () => 2 ** 50);
  assert.notEqual(room.reserve(2 ** 48), null);
  const without = await Room.read(tmpdir(), systemClock);
  assert.equal(without.reserve(2 ** 48), null);
});

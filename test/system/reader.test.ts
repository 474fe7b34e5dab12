/** The real reader processes: what they give back, what they survive, and what happens when they do not. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { RawSource } from '../../src/journal/journal.ts';
import type { Reader } from '../../src/pipeline/reader.ts';
import { createReaderPool, READER_LIMITS, type ReaderLimits } from '../../src/pipeline/reader-pool.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { Log } from '../../src/system/log.ts';
import { type Processes, systemProcesses } from '../../src/system/processes.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let files = 0;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-reader-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function sourceOf(raw: Uint8Array | string, encoding: RawSource['encoding'] = 'plain'): RawSource {
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw;
  files += 1;
  const path = join(folder, `raw-${files}`);
  const stored = encoding === 'zstd' ? zstdCompressSync(bytes) : bytes;
  // Other records lie before and behind it in a segment.
  writeFileSync(path, Buffer.concat([Buffer.from('before'), stored, Buffer.from('behind')]));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, offset: 6, sizeBytes: bytes.length, sha256, encoding };
}

function newFolder(): string {
  files += 1;
  return join(folder, `staged-${files}`);
}

function startPool(limits: Partial<ReaderLimits> = {}): Reader {
  return createReaderPool({ processes: systemProcesses, clock: systemClock, log: silent, limits });
}

const MAIL = [
  'From: Ann <ann@a.test>',
  'Subject: Lunch',
  'Message-ID: <1@a.test>',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'Shall we?',
  '--b',
  'Content-Type: application/pdf; name=menu.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0=',
  '--b--',
  '',
].join('\r\n');

test('Reader reads plain and packed sources and writes attachments into a new folder', async () => {
  await using reader = startPool();
  for (const encoding of ['plain', 'zstd'] as const) {
    const source = sourceOf(MAIL, encoding);
    const summary = await reader.summarize(source);
    assert.equal(summary.messageId, '1@a.test');
    assert.equal(summary.header.subject, 'Lunch');
    const staged = newFolder();
    const outcome = await reader.read(source, staged);
    assert.equal(outcome.body, 'Shall we?');
    assert.deepEqual(outcome.attachments, [
      { filename: 'menu.pdf', contentType: 'application/pdf', sizeBytes: 5 },
    ]);
    assert.equal(readFileSync(join(staged, 'menu.pdf'), 'latin1'), '%PDF-');
    assert.equal(statSync(staged).mode & 0o777, 0o700);
    assert.equal(statSync(join(staged, 'menu.pdf')).mode & 0o777, 0o600);
  }
});

test('Reader makes no folder for a message without attachments', async () => {
  await using reader = startPool();
  const staged = newFolder();
  const outcome = await reader.read(sourceOf('Subject: x\r\n\r\nhello\r\n'), staged);
  assert.deepEqual(outcome.attachments, []);
  assert.throws(() => statSync(staged), { code: 'ENOENT' });
});

test('Reader refuses octets that are not those that were accepted, and goes on', async () => {
  await using reader = startPool();
  const source = sourceOf(MAIL);
  await assert.rejects(reader.summarize({ ...source, sha256: '0'.repeat(64) }), { code: 'journal.damaged' });
  await assert.rejects(reader.summarize({ ...source, sizeBytes: source.sizeBytes + 1_000 }), {
    code: 'journal.damaged',
  });
  // Nothing lies at address 0 of a process: the kernel answers EIO, as a disk does for a bad sector.
  await assert.rejects(reader.summarize({ ...source, path: '/proc/self/mem', offset: 0 }), {
    code: 'journal.damaged',
  });
  await assert.rejects(reader.summarize({ ...source, path: join(folder, 'absent') }), { code: 'ENOENT' });
  const staged = newFolder();
  writeFileSync(staged, 'in the way');
  await assert.rejects(reader.read(source, staged), { code: 'EEXIST' });
  assert.equal((await reader.summarize(source)).messageId, '1@a.test');
});

test('Reader attaches the raw message of one that cannot be read', async () => {
  await using reader = startPool();
  const source = sourceOf(MAIL);
  const staged = newFolder();
  const outcome = await reader.readUnread(source, await reader.summarize(source), staged);
  assert.deepEqual(readdirSync(staged), ['message.eml']);
  assert.equal(readFileSync(join(staged, 'message.eml'), 'latin1'), MAIL);
  assert.equal(outcome.header.subject, 'Lunch');
  assert.match(outcome.body, /aimx raw <id>/);
  assert.match(outcome.warnings.join(), /^unreadable: /);
});

test('Reader tells a death from an answer, and the next request finds a new process', async () => {
  const limits = { dataBytes: 620 * 1024 * 1024, processesMax: 1 };
  await using reader = startPool(limits);
  const poison = sourceOf(Buffer.alloc(100 * 1024 * 1024, 'x'));
  await assert.rejects(reader.read(poison, newFolder()), { code: 'reader.died' });
  assert.equal((await reader.summarize(sourceOf(MAIL))).messageId, '1@a.test');
});

test('Reader ends a process that takes too long, and the next request finds a new one', async () => {
  // A time limit that reading cannot keep and that summarizing, with the start of a process, can.
  await using reader = startPool({ readMs: 1, processesMax: 1 });
  await assert.rejects(reader.read(sourceOf(Buffer.alloc(25 * 1024 * 1024, '<p>')), newFolder()), {
    code: 'reader.timeout',
  });
  assert.equal((await reader.summarize(sourceOf(MAIL))).messageId, '1@a.test');
});

test('Reader gives up for its signal, what waits and what is being read', async () => {
  await using reader = startPool({ processesMax: 1 });
  const reason = new Error('no longer wanted');
  const abort = new AbortController();
  const large = sourceOf(Buffer.alloc(25 * 1024 * 1024, '<p>'));
  const results = Promise.allSettled([
    reader.read(large, newFolder(), { signal: abort.signal }),
    reader.read(large, newFolder(), { signal: abort.signal }),
  ]);
  abort.abort(reason);
  const rejected = { status: 'rejected', reason };
  assert.deepEqual(await results, [rejected, rejected]);
  assert.equal((await reader.summarize(sourceOf(MAIL))).messageId, '1@a.test');
});

test('Reader answers many at once, each with its own', async () => {
  await using reader = startPool();
  const subjects = Array.from({ length: 40 }, (_, index) => `Letter ${index}`);
  const summaries = await Promise.all(
    subjects.map((subject) => reader.summarize(sourceOf(`Subject: ${subject}\r\n\r\nx\r\n`))),
  );
  assert.deepEqual(
    summaries.map(({ header }) => header.subject),
    subjects,
  );
});

test('Reader replaces a process that has read a large message, once it is idle', async () => {
  let started = 0;
  const { promise: replaced, resolve } = Promise.withResolvers<void>();
  const processes: Processes = {
    start(...args) {
      started += 1;
      if (started === 2) resolve();
      return systemProcesses.start(...args);
    },
  };
  await using reader = createReaderPool({
    processes,
    clock: systemClock,
    log: silent,
    limits: { processesMax: 1, idleMs: 20 },
  });
  await reader.summarize(sourceOf(`Subject: small\r\n\r\n`));
  assert.equal(started, 1);
  await reader.summarize(sourceOf(`Subject: large\r\n\r\n${'x'.repeat(2_000_000)}`));
  await replaced;
  assert.equal((await reader.summarize(sourceOf(MAIL))).messageId, '1@a.test');
  assert.equal(started, 2);
});

test('Reader is ended with what waits for it', async () => {
  const reader = startPool({ processesMax: 1 });
  const waiting = [reader.summarize(sourceOf(MAIL)), reader.summarize(sourceOf(MAIL))];
  const settled = Promise.allSettled(waiting);
  await reader[Symbol.asyncDispose]();
  for (const result of await settled) {
    assert.equal(result.status === 'rejected' && result.reason.code, 'reader.died');
  }
  await assert.rejects(reader.summarize(sourceOf(MAIL)), { code: 'reader.died' });
});

/** Bad mail of reliability.md §3, each with what must be true of its reading. */
const HOSTILE: readonly { readonly what: string; readonly raw: () => string; readonly says: RegExp }[] = [
  {
    what: '10,000 nested parts',
    raw: () =>
      Array.from(
        { length: 10_000 },
        (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
      ).join(''),
    says: /too-deep/,
  },
  { what: '100,000 headers', raw: () => `${'A: b\r\n'.repeat(100_000)}\r\nbody`, says: /header-too-large/ },
  { what: 'a header of 1 MB', raw: () => `Subject: ${'x'.repeat(1_200_000)}\r\n\r\nbody`, says: /field-cut/ },
  {
    what: 'a header of a million encoded words',
    raw: () => `Subject: ${'=?utf-8?q?=C3?= '.repeat(1_000_000)}\r\n\r\nbody`,
    says: /field-cut/,
  },
  {
    what: 'a field of a million folds',
    raw: () => `Subject: x${'\r\n y'.repeat(1_000_000)}\r\n\r\nbody`,
    says: /field-cut/,
  },
  {
    what: '100,000 addresses',
    raw: () => `To: ${'"a, b" <a@b.test>,\r\n '.repeat(100_000)}\r\n\r\nbody`,
    says: /field-cut/,
  },
  {
    what: 'HTML of 100,000 nested elements, 10 MB',
    raw: () => `Content-Type: text/html\r\n\r\n${`<div><b>${'x'.repeat(80)}`.repeat(100_000)}`,
    says: /text-cut/,
  },
  {
    what: 'HTML of end tags without elements',
    raw: () => `Content-Type: text/html\r\n\r\n${'<div>'.repeat(200_000)}${'</p></b>'.repeat(200_000)}end`,
    says: /^$/,
  },
  { what: 'no boundary', raw: () => 'Content-Type: multipart/mixed\r\n\r\nbody', says: /boundary-missing/ },
  {
    what: 'a boundary that repeats',
    raw: () => `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(100_000)}`,
    says: /too-many-parts/,
  },
  {
    what: 'lines that are almost delimiters',
    raw: () =>
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'--\r\n--bb\r\n'.repeat(500_000)}`,
    says: /text-cut/,
  },
  {
    what: 'wrong base64',
    raw: () => `Content-Transfer-Encoding: base64\r\n\r\n${'@not base64@ '.repeat(300_000)}`,
    says: /encoding-damaged/,
  },
  {
    what: 'wrong quoted-printable',
    raw: () => `Content-Transfer-Encoding: quoted-printable\r\n\r\n${'=Z= \t'.repeat(500_000)}x`,
    says: /encoding-damaged/,
  },
  {
    what: 'an unknown charset',
    raw: () => 'Content-Type: text/plain; charset=x-martian\r\n\r\nbody',
    says: /unknown-charset/,
  },
  {
    what: 'a wrong charset',
    raw: () => 'Content-Type: text/plain; charset=utf-8\r\n\r\nGr\u00fc\u00dfe',
    says: /invalid-octets/,
  },
  {
    what: 'parameters of 100,000 continuations',
    raw: () =>
      `Content-Type: text/plain${Array.from({ length: 100_000 }, (_, n) => `;\r\n a*${n}*=%41`).join('')}\r\n\r\nbody`,
    says: /header-too-large/,
  },
  { what: 'nothing but NUL', raw: () => '\0'.repeat(2_000_000), says: /^$|body-cut/ },
  { what: 'nothing but line ends', raw: () => '\r\n'.repeat(2_000_000), says: /^$/ },
];

/** Generous for a slow machine with others at work; what is not linear takes minutes. */
const HOSTILE_MS_MAX = 15_000;

test('Reader reads every hostile message within bounded time and memory', async (context) => {
  await using reader = startPool({ processesMax: 1, dataBytes: READER_LIMITS.dataBytes });
  for (const { what, raw, says } of HOSTILE) {
    const source = sourceOf(raw());
    const startedAt = performance.now();
    const summary = await reader.summarize(source);
    const outcome = await reader.read(source, newFolder());
    const elapsedMs = performance.now() - startedAt;
    context.diagnostic(`${what}: ${Math.round(elapsedMs)} ms`);
    assert.match(outcome.warnings.join(), says, what);
    assert.ok(elapsedMs < HOSTILE_MS_MAX, `${what}: ${elapsedMs} ms`);
    assert.deepEqual(outcome.header, summary.header, what);
    assert.ok(Buffer.byteLength(outcome.body) < 5 * 1024 * 1024, what);
    rmSync(source.path);
  }
});

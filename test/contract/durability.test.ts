/**
 * What the folder journal survives: kill -9 at named points and at any moment, a torn tail, damage, a
 * newer version, a second daemon, a full disk.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toJournalId } from '../../src/journal/journal.ts';
import { type JournalOptions, openJournal } from '../../src/journal/open.ts';
import { openJournalReader } from '../../src/journal/reader.ts';
import { type SimulatedClock, simulatedClock } from '../../src/system/clock.sim.ts';
import { type EpochMs, epochMs, systemClock } from '../../src/system/clock.ts';
import { noFaults } from '../../src/system/faults.ts';
import { silentLog } from '../../src/system/log.ts';
import { systemRandom } from '../../src/system/random.ts';
import { DAY_MS, Desk, hook, type Store } from './journal-fixture.ts';

const CHILD = fileURLToPath(new URL('./accepting-child.ts', import.meta.url));

function tempFolder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'aimx-durable-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'journal');
}

function options(folder: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return {
    folder,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
    ...more,
  };
}

function storeIn(
  folder: string,
  more: Partial<JournalOptions> = {},
): Store & { readonly clock: SimulatedClock } {
  const clock = simulatedClock();
  return {
    clock,
    open: (restored = {}) => openJournal(options(folder, { clock, ...more, ...restored })),
    readRaw: (raw) => readRaw(raw),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function readRaw(raw: { path: string; offset: number; sizeBytes: number }): Promise<Uint8Array> {
  await using handle = await open(raw.path, 'r');
  const bytes = Buffer.alloc(raw.sizeBytes);
  await handle.read(bytes, 0, bytes.length, raw.offset);
  return bytes;
}

interface Acknowledged {
  readonly journalId: number;
  readonly sha256: string;
}

/** Runs the child until it has acknowledged `lines` messages or has killed itself. */
async function acceptUntilKilled(
  folder: string,
  lines: number,
  args: readonly string[],
): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, [CHILD, folder, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .map(([journalId, sha256]) => ({ journalId: Number(journalId), sha256: sha256 ?? '' }));
}

async function assertAllThere(folder: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  await using journal = await openJournal(options(folder));
  for (const { journalId, sha256 } of acknowledged) {
    const message = await journal.query('message', { journalId: toJournalId(journalId) });
    assert.ok(message, `message ${journalId} was acknowledged and is gone`);
    assert.equal(message.exactFingerprint, sha256);
    assert.equal(
      createHash('sha256')
        .update(await readRaw(message.raw))
        .digest('hex'),
      sha256,
    );
  }
}

test('accept(): what was acknowledged survives kill -9 at any moment, again and again', async (t) => {
  const folder = tempFolder(t);
  const seed = systemRandom.hex(4);
  t.diagnostic(`seed ${seed}`);
  const acknowledged: Acknowledged[] = [];
  for (const lines of [1, 100, 700]) {
    acknowledged.push(...(await acceptUntilKilled(folder, lines, [seed])));
    await assertAllThere(folder, acknowledged);
  }
  assert.equal(new Set(acknowledged.map((one) => one.journalId)).size, acknowledged.length);
});

for (const point of ['journal.flushed', 'journal.committed', 'journal.advanced.register-mailboxes'])
  test(`accept(): kill -9 at ${point}`, async (t) => {
    const folder = tempFolder(t);
    const passes = point === 'journal.advanced.register-mailboxes' ? '0' : '15';
    const acknowledged = await acceptUntilKilled(folder, 100_000, ['seed', point, passes]);
    await assertAllThere(folder, acknowledged);
  });

test('accept(): nothing is acknowledged before its flush has returned', async (t) => {
  const folder = tempFolder(t);
  const order: string[] = [];
  const store = storeIn(folder, { faults: { reach: (point) => void order.push(point) } });
  const desk = await Desk.open(store);
  await using _journal = desk.journal;
  order.length = 0;
  const accepted = ['1', '2', '3'].map((text) =>
    desk.accept({ text }).then(() => order.push(`acknowledged ${text}`)),
  );
  await Promise.all(accepted);
  assert.deepEqual(order.slice(0, 5), [
    'journal.flushed',
    'journal.committed',
    'acknowledged 1',
    'acknowledged 2',
    'acknowledged 3',
  ]);
});

test('accept(): the kernel has flushed what is written before it is answered', async (t) => {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
  } catch {
    t.skip('strace is not installed');
    return;
  }
  const folder = tempFolder(t);
  const trace = join(folder, '..', 'trace');
  const child = spawn(
    'strace',
    [
      '-f',
      '-qq',
      '-e',
      'trace=open,openat,pwritev,pwrite64,write',
      '-s',
      '32',
      '-o',
      trace,
      process.execPath,
      CHILD,
      folder,
      'seed',
      'journal.committed',
      '30',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child.stdout.resume();
  await new Promise((resolve) => child.once('close', resolve));
  const lines = readFileSync(trace, 'latin1').split('\n');
  // A write to a descriptor that was opened with O_DSYNC has returned when it is flushed (open(2)).
  const flushing = new Set<string>();
  const opening = new Set<string>();
  const writing = new Set<string>();
  let writes = 0;
  let answers = 0;
  for (const line of lines) {
    const thread = line.split(' ', 1)[0] ?? '';
    if (line.includes('.log", ') && line.includes('O_DSYNC')) opening.add(thread);
    const opened = /open(?:at)?\b.* = (\d+)$/.exec(line)?.[1];
    if (opened !== undefined && opening.delete(thread)) flushing.add(opened);
    if (/pwritev?(?:64)? resumed/.test(line)) writing.delete(thread);
    if (line.includes('AIMXLOG1')) {
      const fd = /pwritev?(?:64)?\((\d+),/.exec(line)?.[1] ?? '';
      assert.ok(flushing.has(fd), `written and not flushed: ${line}`);
      writes += 1;
      if (line.includes('<unfinished')) writing.add(thread);
    }
    if (!/ write\(1, "\d+ /.test(line)) continue;
    answers += 1;
    assert.ok(writing.size <= 1, `an answer with ${writing.size} batches on their way`);
  }
  assert.ok(writes > 0 && answers > 0);
});

async function journalWith(folder: string, texts: readonly string[]): Promise<void> {
  const desk = await Desk.open(storeIn(folder));
  for (const text of texts) await desk.accept({ text });
  await desk.journal[Symbol.asyncDispose]();
}

function onlySegment(folder: string): string {
  const names = readdirSync(join(folder, 'log')).filter((name) => name.endsWith('.log'));
  assert.equal(names.length, 1);
  return join(folder, 'log', names[0] ?? '');
}

test('openJournal() cuts a torn tail, keeps it aside, and goes on behind it', async (t) => {
  const folder = tempFolder(t);
  await journalWith(folder, ['one', 'two']);
  const segment = onlySegment(folder);
  const whole = readFileSync(segment);
  for (const torn of [whole.subarray(0, 50), whole.subarray(0, 200), Buffer.alloc(5000, 1)]) {
    writeFileSync(segment, Buffer.concat([whole, torn]));
    const warned: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void warned.push(event) };
    const journal = await openJournal(options(folder, { log }));
    assert.deepEqual(warned, ['journal.torn-tail']);
    await journal[Symbol.asyncDispose]();
    assert.equal(statSync(segment).size, whole.length);
    const aside = `${segment}.torn-${whole.length}`;
    assert.ok(readFileSync(aside).equals(torn));
  }
  const desk = await Desk.open(storeIn(folder));
  await using journal = desk.journal;
  assert.equal(await desk.accept({ text: 'three' }), 3);
  assert.equal((await journal.claimMessages(9, desk.now)).messages.length, 3);
});

/** Undoes what the rows know of the log, as a crash right after the `250` leaves it. */
function forgetApplied(folder: string): void {
  const db = new DatabaseSync(join(folder, 'rows.db'));
  db.exec(
    "DELETE FROM meta WHERE key LIKE 'applied%'; DELETE FROM messages; DELETE FROM deliveries; DELETE FROM trace",
  );
  db.close();
}

test('openJournal() rebuilds rows from the tail of the log', async (t) => {
  const folder = tempFolder(t);
  await journalWith(folder, ['one', 'two', 'three']);
  forgetApplied(folder);
  await using journal = await openJournal(options(folder));
  const { messages } = await journal.claimMessages(9, systemClock.now());
  assert.deepEqual(
    messages.map((message) => message.journalId),
    [1, 2, 3],
  );
});

for (const applied of [true, false])
  test(`openJournal() refuses a damaged record that was acknowledged, ${applied ? 'by the rows' : 'by a later record'}`, async (t) => {
    const folder = tempFolder(t);
    await journalWith(folder, ['one', 'two', 'three']);
    if (!applied) forgetApplied(folder);
    const segment = onlySegment(folder);
    const whole = readFileSync(segment);
    for (const at of [
      20,
      whole.indexOf('one'),
      whole.indexOf('two'),
      110,
      ...(applied ? [whole.indexOf('three')] : []),
    ]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(segment, damaged);
      await assert.rejects(openJournal(options(folder)), { code: 'journal.damaged' });
      assert.ok(readFileSync(segment).equals(damaged), 'a refused journal is left as it is');
    }
    truncateSync(segment, applied ? whole.length - 1 : whole.length);
    writeFileSync(segment, whole);
    const journal = await openJournal(options(folder));
    await journal[Symbol.asyncDispose]();
  });

test('openJournal() refuses a log that was cut below what was acknowledged, or is gone', async (t) => {
  const folder = tempFolder(t);
  await journalWith(folder, ['one', 'two']);
  const segment = onlySegment(folder);
  truncateSync(segment, statSync(segment).size - 1);
  await assert.rejects(openJournal(options(folder)), { code: 'journal.damaged' });
  rmSync(segment);
  await assert.rejects(openJournal(options(folder)), { code: 'journal.damaged' });
});

test('openJournal() refuses rows that are damaged, missing or newer, and starts none anew', async (t) => {
  const folder = tempFolder(t);
  const texts = Array.from({ length: 200 }, (_value, n) => `message ${n}`);
  await journalWith(folder, texts);
  const path = join(folder, 'rows.db');
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  const check = async (code: string, damage: () => void): Promise<void> => {
    copyFileSync(copy, path);
    damage();
    await assert.rejects(openJournal(options(folder)), { code });
  };
  const overwrite = (offset: number, length: number): void => {
    const bytes = readFileSync(path);
    bytes.fill(0xa5, offset, offset + length);
    writeFileSync(path, bytes);
  };
  await check('journal.damaged', () => overwrite(0, 100));
  const pages = statSync(path).size / 4096;
  for (const share of [0.2, 0.4, 0.5, 0.6, 0.8])
    await check('journal.damaged', () => overwrite(4096 * Math.floor(pages * share), 4096));
  await check('journal.damaged', () =>
    writeFileSync(path, 'not a database, and long enough to be none'.repeat(100)),
  );
  await check('journal.damaged', () => rmSync(path));
  await check('journal.damaged', () => {
    const db = new DatabaseSync(path);
    db.exec('DROP TABLE fingerprints');
    db.close();
  });
  await check('journal.newer', () => {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
  });
});

test('openJournal() is refused while another holds the folder, and says who', async (t) => {
  const folder = tempFolder(t);
  const first = await openJournal(options(folder));
  await assert.rejects(openJournal(options(folder)), (error: Error & { code: string; hint: string }) => {
    assert.equal(error.code, 'journal.locked');
    assert.match(error.hint, new RegExp(`pid ${process.pid}`));
    return true;
  });
  await first[Symbol.asyncDispose]();
  const second = await openJournal(options(folder));
  await second[Symbol.asyncDispose]();
});

test('openJournal() begins an epoch when the runs are of another one', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder));
  await desk.send('x', { hooks: [hook('h')] });
  const { epoch } = desk.journal;
  await desk.journal[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'runs', 'epoch'), 'another\n');
  await using journal = await openJournal(options(folder));
  assert.notEqual(journal.epoch, epoch);
  assert.equal(readFileSync(join(folder, 'epoch'), 'utf8').trim(), journal.epoch);
  assert.equal(readFileSync(join(folder, 'runs', 'epoch'), 'utf8').trim(), journal.epoch);
  const { rows } = await journal.query('runs', { filter: {}, limit: 5 });
  assert.deepEqual(
    rows.map((row) => row.state),
    ['held'],
  );
});

test('openJournal() sweeps staged files and spool files that no row needs', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder));
  const [decision] = await desk.identify(await desk.accept({ text: 'x' }));
  assert.ok(decision?.kind === 'deliver');
  const { deliveryId } = decision.delivery;
  writeFileSync(join(folder, 'staging', `${deliveryId}.md`), 'needed');
  writeFileSync(join(folder, 'staging', '999.md'), 'left over');
  mkdirSync(join(folder, 'staging', '998'));
  writeFileSync(join(folder, 'spool', 'feed.eml'), 'left over');
  await desk.journal[Symbol.asyncDispose]();
  await using _journal = await openJournal(options(folder));
  assert.deepEqual(readdirSync(join(folder, 'staging')), [`${deliveryId}.md`]);
  assert.deepEqual(readdirSync(join(folder, 'spool')), []);
});

test('openJournalReader() answers beside a daemon', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder));
  await using journal = desk.journal;
  const [decision] = await desk.send('x', { messageId: 'm@x' });
  await using reader = await openJournalReader(folder);
  const [found] = await reader.query('find', { reference: 'm@x' });
  assert.ok(decision?.kind === 'deliver');
  assert.equal(found?.delivery.deliveryId, decision.delivery.deliveryId);
  assert.deepEqual(await reader.query('mailboxes', {}), await journal.query('mailboxes', {}));
});

test('retain() removes segments past keep_raw, and copies out what is not done', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder, { segmentBytes: 2000 }));
  await using journal = desk.journal;
  for (let n = 0; n < 10; n += 1) if (n !== 4) await desk.send(`message ${n} ${'x'.repeat(500)}`);
  const open = await desk.accept({ text: 'not done' });
  for (let n = 0; n < 10; n += 1) await desk.send(`later ${n} ${'x'.repeat(500)}`);
  const before = readdirSync(join(folder, 'log')).length;
  assert.ok(before > 3);
  for (let day = 0; day < 31; day += 0.5) {
    desk.clock.advance(DAY_MS / 2);
    await journal.retain({ keepRawMs: 30 * DAY_MS, at: desk.now });
  }
  assert.equal(readdirSync(join(folder, 'log')).length, 1);
  const kept = await journal.query('message', { journalId: open });
  assert.ok(kept?.rawKept);
  assert.match(kept.raw.path, /spool/);
  assert.equal(Buffer.from(await readRaw(kept.raw)).toString(), 'not done');
  assert.equal((await journal.query('message', { journalId: toJournalId(1) }))?.rawKept, false);
  await journal[Symbol.asyncDispose]();
  const again = await openJournal(options(folder));
  assert.ok((await again.query('message', { journalId: open }))?.rawKept);
  await again[Symbol.asyncDispose]();
});

test('accept(): a full disk refuses, keeps nothing half, and goes on when there is room', async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('needs root: it mounts a small file system');
    return;
  }
  const root = mkdtempSync(join(tmpdir(), 'aimx-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', root], { stdio: 'ignore' });
  } catch {
    rmSync(root, { recursive: true });
    t.skip('cannot mount a file system here');
    return;
  }
  t.after(() => {
    execFileSync('umount', ['-l', root]);
    rmSync(root, { recursive: true });
  });
  const folder = join(root, 'journal');
  await assert.rejects(openJournal(options(folder, { allowMemory: false })), {
    code: 'journal.unsupported-file-system',
  });
  const desk = await Desk.open(storeIn(folder));
  const acknowledged: number[] = [];
  const refused: unknown[] = [];
  const ballast = join(root, 'ballast');
  writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
  const text = 'x'.repeat(60_000);
  let sizeBefore = 0;
  for (let n = 0; refused.length === 0; n += 1) {
    sizeBefore = statSync(onlySegment(folder)).size;
    await desk.accept({ text: `${n} ${text}` }).then(
      (id) => acknowledged.push(id),
      (error) => refused.push(error),
    );
  }
  assert.equal((refused[0] as { code: string }).code, 'journal.no-room');
  await assert.rejects(desk.accept({ text }), { code: 'journal.no-room' });
  assert.equal(statSync(onlySegment(folder)).size, sizeBefore, 'what did not fit is cut off');
  assert.equal(desk.journal.reserve(1000), null);
  rmSync(ballast);
  acknowledged.push(await desk.accept({ text: 'there is room again' }));
  await desk.journal[Symbol.asyncDispose]();
  await using again = await openJournal(options(folder));
  for (const id of acknowledged) assert.ok(await again.query('message', { journalId: toJournalId(id) }));
  assert.deepEqual(
    acknowledged,
    acknowledged.map((_id, index) => index + 1),
  );
});

test('accept(): a log that was deleted under it is broken, not acknowledged', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder));
  await desk.accept({ text: 'kept' });
  rmSync(onlySegment(folder));
  await assert.rejects(desk.accept({ text: 'lost' }), { code: 'journal.broken' });
  await assert.rejects(desk.journal.broken, { code: 'journal.broken' });
  await desk.journal[Symbol.asyncDispose]();
});

test('accept(): after a failed write nothing is taken, and the journal says that it is broken', async (t) => {
  const folder = tempFolder(t);
  const desk = await Desk.open(storeIn(folder));
  await desk.accept({ text: 'kept' });
  // Its descriptors are taken away behind the journal's back, so that the next write fails.
  const segment = onlySegment(folder);
  for (const fd of readdirSync('/proc/self/fd')) if (linkOf(fd) === segment) closeSync(Number(fd));
  const waiting = ['1', '2', '3'].map((text) =>
    assert.rejects(desk.accept({ text }), { code: 'journal.broken' }),
  );
  await Promise.all(waiting);
  await assert.rejects(desk.journal.broken, { code: 'journal.broken' });
  await assert.rejects(desk.accept({ text: 'later' }), { code: 'journal.broken' });
  await assert.rejects(desk.journal.advance('sweep', sweepNothing(desk)), { code: 'journal.broken' });
  await desk.journal[Symbol.asyncDispose]();
  await using again = await openJournal(options(folder));
  assert.equal((await again.claimMessages(9, systemClock.now())).messages.length, 1);
});

function linkOf(fd: string): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the descriptor of the listing itself.
    return null;
  }
}

function sweepNothing(desk: Desk): {
  fingerprintsBefore: EpochMs;
  heldBefore: EpochMs;
  limit: number;
  at: EpochMs;
} {
  return { fingerprintsBefore: epochMs(0), heldBefore: epochMs(0), limit: 1, at: desk.now };
}

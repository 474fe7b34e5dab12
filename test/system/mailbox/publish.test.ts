import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type PublishOutcome, publishAll } from '../../../src/mailbox/publish.ts';
import { noFaults } from '../../../src/system/faults.ts';
import type { Folder } from '../../../src/system/files.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { crashAt, Ground, mountMemory, owner, ROOT_ONLY, stranger } from './ground.ts';

const place = { mailbox: 'bob', owner };

async function publish(
  ground: Ground,
  id: string,
  form: 'file' | 'bundle' = 'file',
): Promise<PublishOutcome> {
  const stagedName = form === 'file' ? `staged-${id}.md` : `staged-${id}`;
  if ((await ground.staging.statEntry(stagedName)) === null)
    await ground.stage(stagedName, id, `text of ${id}`, form);
  return await ground.store.publish(place, { stagedName, id, form });
}

function problemKind(outcome: PublishOutcome): string {
  return outcome.kind === 'problem' ? outcome.problem.kind : outcome.kind;
}

test('publish() makes file and bundle appear with owner and modes, once', async () => {
  await using ground = await Ground.open();
  assert.deepEqual(await publish(ground, 'm1'), { kind: 'published' });
  assert.deepEqual(await publish(ground, 'm2', 'bundle'), { kind: 'published' });
  const shape = (path: string): readonly number[] => {
    const { mode, uid, gid } = statSync(path);
    return [mode & 0o7777, uid, gid];
  };
  const { uid, gid } = owner;
  assert.deepEqual(shape(ground.inbox()).slice(0, 1), [0o755]);
  assert.deepEqual(shape(ground.inbox('bob')), [0o700, uid, gid]);
  assert.deepEqual(shape(ground.inbox('bob', 'm1.md')), [0o600, uid, gid]);
  assert.deepEqual(shape(ground.inbox('bob', 'm2')), [0o700, uid, gid]);
  for (const name of ['m2.md', 'note.txt'])
    assert.deepEqual(shape(ground.inbox('bob', 'm2', name)), [0o600, uid, gid]);
  assert.equal(readFileSync(ground.inbox('bob', 'm1.md'), 'utf8'), 'text of m1');
  assert.deepEqual(await ground.staging.list(), []);
});

test('publish() of what has left staging is `missing`, whatever its owner did with it', async () => {
  await using ground = await Ground.open();
  await publish(ground, 'm1');
  const again = { stagedName: 'staged-m1.md', id: 'm1', form: 'file' } as const;
  assert.deepEqual(await ground.store.publish(place, again), { kind: 'missing' });
  rmSync(ground.inbox('bob', 'm1.md'));
  mkdirSync(ground.inbox('bob', 'm1'));
  assert.deepEqual(await ground.store.publish(place, again), { kind: 'missing' });
  assert.deepEqual(readdirSync(ground.inbox('bob')), ['m1']);
});

test('publish() writes over nothing: either form of the id is taken', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  writeFileSync(join(path, 'f.md'), 'kept');
  mkdirSync(join(path, 'b'));
  symlinkSync('/nowhere', join(path, 'l.md'));
  for (const id of ['f', 'b', 'l'])
    for (const form of ['file', 'bundle'] as const)
      assert.deepEqual(await publish(ground, id, form), { kind: 'taken' }, `${id} as ${form}`);
  assert.equal(readFileSync(join(path, 'f.md'), 'utf8'), 'kept');
  assert.equal((await ground.staging.list()).length, 6);
});

test('publish() of many at once delivers each to its name', async () => {
  await using ground = await Ground.open();
  const ids = Array.from({ length: 200 }, (_, index) => `m${index}`);
  const outcomes = await Promise.all(ids.map((id) => publish(ground, id)));
  assert.deepEqual([...new Set(outcomes.map(problemKind))], ['published']);
  for (const id of ids) assert.equal(readFileSync(ground.inbox('bob', `${id}.md`), 'utf8'), `text of ${id}`);
});

test('publish() waits with a problem where the folder is not what it must be, and goes on by itself', async (t) => {
  await using ground = await Ground.open();
  const victim = join(ground.dir, 'victim');
  mkdirSync(victim);
  const path = ground.inbox('bob');

  symlinkSync(victim, path);
  assert.equal(problemKind(await publish(ground, 'm1')), 'mailbox-unsafe');
  rmSync(path);
  writeFileSync(path, '');
  assert.equal(problemKind(await publish(ground, 'm1')), 'mailbox-unsafe');
  assert.match((await ground.store.check(place))?.reason ?? '', /no folder/);
  rmSync(path);
  assert.equal(
    problemKind(
      await ground.store.publish(
        { mailbox: 'bob', owner: 'missing' },
        { stagedName: 'staged-m1.md', id: 'm1', form: 'file' },
      ),
    ),
    'owner-missing',
  );
  assert.deepEqual(await publish(ground, 'm1'), { kind: 'published' });
  assert.equal(await ground.store.check(place), null);
  assert.deepEqual(readdirSync(victim), []);

  if (ROOT_ONLY.skip) return t.diagnostic(ROOT_ONLY.skip);
  chownSync(path, stranger.uid, stranger.gid);
  assert.equal(problemKind(await publish(ground, 'm2')), 'mailbox-unsafe');
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, 0o777);
  assert.equal(problemKind(await publish(ground, 'm2')), 'published');
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

test('publish() never delivers into a folder that was moved away', async () => {
  await using ground = await Ground.open();
  await publish(ground, 'm1');
  renameSync(ground.inbox('bob'), ground.inbox('aside'));
  assert.deepEqual(await publish(ground, 'm2'), { kind: 'published' });
  assert.deepEqual(readdirSync(ground.inbox('aside')), ['m1.md']);
  assert.deepEqual(readdirSync(ground.inbox('bob')), ['m2.md']);
  rmSync(ground.inbox('bob'), { recursive: true });
  assert.deepEqual(await publish(ground, 'm3'), { kind: 'published' });
  assert.deepEqual(readdirSync(ground.inbox('bob')), ['m3.md']);
});

test('publish() gives a message that was staged without its owner to the owner', ROOT_ONLY, async () => {
  await using ground = await Ground.open();
  await ground.staging.writeFile('s.md', new Uint8Array(), { mode: 0o600, durable: true });
  await using bundle = await ground.staging.makeFolder('s', { mode: 0o700 });
  await bundle.writeFile('b.md', new Uint8Array(), { mode: 0o600, durable: true });
  await ground.store.publish(place, { stagedName: 's.md', id: 'a', form: 'file' });
  await ground.store.publish(place, { stagedName: 's', id: 'b', form: 'bundle' });
  for (const name of ['a.md', 'b', 'b/b.md'])
    assert.equal(statSync(ground.inbox('bob', name)).uid, owner.uid, name);
});

test('publish() waits for other file systems and read-only ones', ROOT_ONLY, async (t) => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  {
    using mount = mountMemory(path, '1m');
    if (mount === null) return t.skip('may not mount');
    chownSync(path, owner.uid, owner.gid);
    assert.equal(problemKind(await publish(ground, 'm1')), 'other-file-system');
  }
  assert.equal(spawnSync('mount', ['--bind', path, path]).status, 0);
  try {
    spawnSync('mount', ['-o', 'remount,bind,ro', path]);
    // A bind mount is another mount of the same file system: renameat2 says EXDEV or EROFS.
    assert.match(problemKind(await publish(ground, 'm1')), /^(other-file-system|mailbox-read-only)$/);
  } finally {
    spawnSync('umount', ['-l', path]);
  }
  assert.deepEqual(await publish(ground, 'm1'), { kind: 'published' });
  assert.deepEqual(readdirSync(path), ['m1.md']);
});

test(
  'openMailboxStore() refuses an inbox of somebody else and closes one that others may write to',
  ROOT_ONLY,
  async () => {
    const { dir } = await closedGround();
    chownSync(join(dir, 'inbox'), stranger.uid, stranger.gid);
    await assert.rejects(Ground.open({ dir }), { code: 'files.unsafe' });
    chownSync(join(dir, 'inbox'), 0, 0);
    chmodSync(join(dir, 'inbox'), 0o777);
    await using ground = await Ground.open({ dir });
    assert.equal(statSync(ground.inbox()).mode & 0o777, 0o755);
  },
);

async function closedGround(): Promise<{ readonly dir: string }> {
  const ground = await Ground.open();
  await ground.store[Symbol.asyncDispose]();
  await ground.staging[Symbol.asyncDispose]();
  return { dir: ground.dir };
}

/** Swaps the mailbox's folder with a link to a folder that must not be touched, as fast as it can. */
const SWAPPER = `
const fs = require('node:fs');
const [path, victim] = process.argv.slice(1);
process.stdout.write('ready\\n');
for (;;) {
  try { fs.renameSync(path, path + '.aside'); } catch {}
  try { fs.symlinkSync(victim, path); } catch {}
  try { fs.unlinkSync(path); } catch {}
  try { fs.renameSync(path + '.aside', path); } catch {}
}`;

test('publish() and reading: nothing escapes while the mailbox folder is swapped with a link', async () => {
  await using ground = await Ground.open();
  const victim = join(ground.dir, 'victim');
  mkdirSync(victim, { mode: 0o777 });
  ground.makeMailbox('bob');
  const swapper = spawn(process.execPath, ['-e', SWAPPER, ground.inbox('bob'), victim], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(swapper.stdout, 'data');
    await using inbox = await linuxFiles.openRoot(ground.inbox());
    const counts = { published: 0, other: 0 };
    for (let index = 0; index < 500; index += 1) {
      const outcome = await publish(ground, `m${index}`);
      counts[outcome.kind === 'published' ? 'published' : 'other'] += 1;
      // The raw port too, which opens the name anew each time.
      const folder = await inbox.openFolder('bob').catch(() => null);
      await folder?.writeFile(`raw${index}`, new Uint8Array(), { mode: 0o600, durable: false });
      await folder?.[Symbol.asyncDispose]();
    }
    assert.ok(counts.published > 0, 'the race was won at times');
  } finally {
    swapper.kill('SIGKILL');
    await once(swapper, 'exit');
  }
  assert.deepEqual(readdirSync(victim), []);
});

test('publishAll() flushes the mailbox folder after the last rename and before it answers, for `missing` too', async () => {
  await using ground = await Ground.open();
  await using mailbox = await linuxFiles.openRoot(ground.makeMailbox('bob'));
  await ground.stage('a.md', 'a', 'a');
  await ground.stage('b.md', 'b', 'b');
  const log: string[] = [];
  const statEntry: Folder['statEntry'] = (name) => mailbox.statEntry(name);
  const watched = { path: mailbox.path, statEntry, sync: async () => void log.push('sync') } as Folder;
  const staging = {
    path: ground.staging.path,
    statEntry: (name) => ground.staging.statEntry(name),
    moveTo: (name, _target, targetName) => {
      log.push(`rename ${name}`);
      return ground.staging.moveTo(name, mailbox, targetName);
    },
  } as Folder;
  const messages = ['a', 'b'].map((id) => ({ stagedName: `${id}.md`, id, form: 'file' as const }));
  const options = { staging, mailbox: watched, messages, account: owner, faults: noFaults };
  await publishAll(options);
  assert.deepEqual(log.splice(0), ['rename a.md', 'rename b.md', 'sync']);
  // What a crash between rename and flush leaves; the answer is what the row `delivered` stands on.
  await publishAll(options);
  assert.deepEqual(log, ['sync']);
  const failing = {
    ...watched,
    sync: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })),
  } as Folder;
  const outcomes = await publishAll({ ...options, mailbox: failing });
  assert.deepEqual(outcomes.map(problemKind), ['mailbox-io', 'mailbox-io']);
});

test('publish(): a crash after any step leaves one whole message, and the next call goes on', async () => {
  for (const form of ['file', 'bundle'] as const) {
    for (const point of ['mailbox.renaming', 'mailbox.renamed', 'mailbox.synced']) {
      await using ground = await Ground.open();
      const stagedName = form === 'file' ? 's.md' : 's';
      await ground.stage(stagedName, 'm1', 'text of m1', form);
      const { signal } = crashAt(point, {
        dir: ground.dir,
        operation: 'publish',
        stagedName,
        id: 'm1',
        form,
      });
      assert.equal(signal, 'SIGKILL', `${point} was reached`);
      const before = (await ground.staging.list()).length;
      assert.equal(before + readdirSync(ground.inbox('bob')).length, 1, `one of the two after ${point}`);
      const outcome = await ground.store.publish(place, { stagedName, id: 'm1', form });
      assert.equal(outcome.kind, before === 1 ? 'published' : 'missing');
      const file = form === 'file' ? ground.inbox('bob', 'm1.md') : ground.inbox('bob', 'm1', 'm1.md');
      assert.equal(readFileSync(file, 'utf8'), 'text of m1');
      assert.deepEqual(await ground.staging.list(), []);
      assert.equal(existsSync(ground.inbox('bob', 'm1-2.md')), false);
    }
  }
});

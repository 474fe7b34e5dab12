import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { Ground, isRoot, makeFifo, mountMemory, owner, ROOT_ONLY, runProgram, stranger } from './ground.ts';

const LIMIT = { maxBytes: 1000 };
const UNSAFE = { code: 'files.unsafe' };

test('Folder: a name with more than one component, or none, is refused', async () => {
  await using ground = await Ground.open();
  await using folder = await linuxFiles.openRoot(ground.dir);
  for (const name of ['', '.', '..', 'a/b', '/etc/passwd', 'a\0b', '../x']) {
    await assert.rejects(folder.readFile(name, LIMIT), UNSAFE, JSON.stringify(name));
    await assert.rejects(folder.writeFile(name, new Uint8Array(), { mode: 0o600, durable: false }), UNSAFE);
    await assert.rejects(folder.openFolder(name), UNSAFE);
    await assert.rejects(folder.removeTree(name), UNSAFE);
    await assert.rejects(folder.moveTo('inbox', folder, name), UNSAFE);
  }
});

test('Folder.readFile() refuses what is no regular file with one link of the owner', async (t) => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  await using folder = await linuxFiles.openRoot(path);
  const secret = join(ground.dir, 'secret');
  writeFileSync(secret, 'secret', { mode: 0o600 });
  writeFileSync(join(ground.dir, 'other'), 'secret');
  symlinkSync(join(ground.dir, 'other'), join(path, 'link'));
  symlinkSync(ground.dir, join(path, 'folder-link'));
  linkSync(secret, join(path, 'hard'));
  mkdirSync(join(path, 'folder'));
  using _fifo = makeFifo(join(path, 'fifo'));
  const began = performance.now();
  for (const name of ['link', 'hard', 'folder', 'fifo'])
    await assert.rejects(folder.readFile(name, LIMIT), UNSAFE, name);
  assert.ok(performance.now() - began < 2500, 'a FIFO holds nobody up');
  for (const name of ['link', 'folder-link', 'fifo'])
    await assert.rejects(folder.openFolder(name), UNSAFE, name);
  await assert.rejects(folder.sealFile('hard', { mode: 0o644, durable: false }), UNSAFE);
  assert.equal(statSync(secret).mode & 0o777, 0o600);
  writeFileSync(join(path, 'long'), 'x'.repeat(1001));
  await assert.rejects(folder.readFile('long', LIMIT), { code: 'files.too-large' });
  if (!isRoot) return t.diagnostic('devices and other owners need root');
  runProgram('mknod', join(path, 'device'), 'c', '1', '5');
  await assert.rejects(folder.readFile('device', LIMIT), UNSAFE);
  writeFileSync(join(path, 'foreign'), 'x');
  chownSync(join(path, 'foreign'), stranger.uid, stranger.gid);
  await assert.rejects(folder.readFile('foreign', { ...LIMIT, owner }), UNSAFE);
  await assert.rejects(folder.sealFile('foreign', { mode: 0o600, durable: false, from: owner }), UNSAFE);
});

test('Folder.writeFile() makes a new file with its mode and owner, and writes over nothing', async () => {
  await using ground = await Ground.open();
  await using folder = await linuxFiles.openRoot(ground.dir);
  const chunks = Array.from({ length: 3000 }, (_, index) => new TextEncoder().encode(`${index},`));
  await folder.writeFile('new', chunks, { mode: 0o640, owner, durable: true });
  const stat = statSync(join(ground.dir, 'new'));
  assert.deepEqual([stat.mode & 0o777, stat.uid, stat.gid], [0o640, owner.uid, owner.gid]);
  assert.equal(
    readFileSync(join(ground.dir, 'new'), 'utf8'),
    Array.from({ length: 3000 }, (_, i) => `${i},`).join(''),
  );
  symlinkSync(join(ground.dir, 'elsewhere'), join(ground.dir, 'dangling'));
  for (const name of ['new', 'dangling'])
    await assert.rejects(folder.writeFile(name, new Uint8Array(), { mode: 0o600, durable: false }), {
      code: 'EEXIST',
    });
  assert.equal(existsSync(join(ground.dir, 'elsewhere')), false);
});

test('Folder.writeFile() leaves no half file on a full disk', ROOT_ONLY, async (t) => {
  await using ground = await Ground.open();
  const path = join(ground.dir, 'small');
  using mount = mountMemory(path, '64k');
  if (mount === null) return t.skip('may not mount');
  await using folder = await linuxFiles.openRoot(path);
  const options = { mode: 0o600, durable: true };
  await assert.rejects(folder.writeFile('big', new Uint8Array(1_000_000), options), { code: 'ENOSPC' });
  assert.deepEqual(await folder.list(), []);
  await folder.writeFile('fits', new Uint8Array(1000), options);
});

test('Folder: what was opened stays what it was, whatever is put in its place', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const victim = join(ground.dir, 'victim');
  mkdirSync(victim);
  await using folder = await linuxFiles.openRoot(path);
  renameSync(path, `${path}.aside`);
  symlinkSync(victim, path);
  await folder.writeFile('a', new Uint8Array(), { mode: 0o600, durable: true });
  assert.equal(existsSync(join(victim, 'a')), false);
  assert.equal(existsSync(join(`${path}.aside`, 'a')), true);
});

test('Folder.moveTo() answers for each side that is not as it should be', async (t) => {
  await using ground = await Ground.open();
  await using root = await linuxFiles.openRoot(ground.dir);
  await using target = await root.makeFolder('target', { mode: 0o700 });
  const write = (name: string): Promise<void> =>
    root.writeFile(name, new Uint8Array(), { mode: 0o600, durable: false });
  await write('a');
  assert.equal(await root.moveTo('a', target, 'b'), 'moved');
  assert.equal(await root.moveTo('a', target, 'c'), 'missing');
  await write('a');
  assert.equal(await root.moveTo('a', target, 'b'), 'taken');
  assert.equal(await root.exchangeWith('a', target, 'none'), 'missing');
  assert.equal(await root.exchangeWith('a', target, 'b'), 'moved');
  await root.removeTree('target');
  assert.equal(await root.moveTo('a', target, 'b'), 'target-gone');
  assert.equal(await root.exchangeWith('a', target, 'b'), 'target-gone');
  const other = join(ground.dir, 'other');
  using mount = isRoot ? mountMemory(other, '64k') : null;
  if (mount === null) return t.diagnostic('may not mount');
  await using otherFolder = await linuxFiles.openRoot(other);
  assert.equal(await root.moveTo('a', otherFolder, 'a'), 'other-file-system');
});

test('Folder.removeTree() removes links and not what they lead to', async () => {
  await using ground = await Ground.open();
  await using root = await linuxFiles.openRoot(ground.dir);
  mkdirSync(join(ground.dir, 'kept'));
  writeFileSync(join(ground.dir, 'kept/file'), 'x');
  mkdirSync(join(ground.dir, 'tree/deep'), { recursive: true });
  symlinkSync(join(ground.dir, 'kept'), join(ground.dir, 'tree/deep/link'));
  symlinkSync(join(ground.dir, 'kept'), join(ground.dir, 'toplink'));
  await root.removeTree('tree');
  await root.removeTree('toplink');
  await root.removeTree('absent');
  assert.equal(existsSync(join(ground.dir, 'tree')), false);
  assert.equal(existsSync(join(ground.dir, 'kept/file')), true);
});

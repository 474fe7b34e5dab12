import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LegacyEntry } from '../../../src/mailbox/legacy.ts';
import { legacyFingerprint } from '../../../src/message/fingerprint.ts';
import { epochMs } from '../../../src/system/clock.ts';
import { documentText, Ground, isRoot, owner, self } from './ground.ts';

const SINCE = epochMs(Date.UTC(2026, 0, 1));
/** What files of this version carry. */
const CONTENT = 'ab'.repeat(32);
const LATER = '2026-01-02T00:00:00.000Z';

async function takeOver(
  ground: Ground,
): Promise<{ readonly entries: readonly LegacyEntry[]; readonly skipped: readonly string[] }> {
  const entries: LegacyEntry[] = [];
  const skipped: string[] = [];
  for await (const slice of ground.store.takeOver({ mailbox: 'bob', owner }, SINCE)) {
    assert(slice.kind === 'slice');
    entries.push(...slice.entries);
    skipped.push(...slice.skipped.map(({ name }) => name));
  }
  return { entries, skipped };
}

test('takeOver() says what a retry of each message of the window would look like', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const write = (name: string, text: string): void => {
    writeFileSync(join(path, name), text);
    if (isRoot) chownSync(join(path, name), owner.uid, owner.gid);
  };
  for (let index = 0; index < 300; index += 1)
    write(
      `old-${index}.md`,
      documentText({ id: `old-${index}`, receivedAt: LATER, extra: 'thread_id = "0011223344556677"\n' }),
    );
  write('ours.md', documentText({ id: 'ours', receivedAt: LATER, extra: `fingerprint = "${CONTENT}"\n` }));
  write('before.md', documentText({ id: 'before', receivedAt: '2025-12-01T00:00:00.000Z' }));
  write('2025-12-01-000000-named.md', 'not even read');
  write('broken.md', 'nonsense');
  write('notes.txt', 'no message');
  symlinkSync('/etc/passwd', join(path, 'link.md'));
  mkdirSync(join(path, 'bundle'));
  write('bundle/bundle.md', documentText({ id: 'bundle', receivedAt: LATER }));
  if (isRoot) chownSync(join(path, 'bundle'), owner.uid, owner.gid);
  const { entries, skipped } = await takeOver(ground);
  assert.deepEqual(skipped.toSorted(), ['broken.md', 'link.md']);
  assert.deepEqual(
    new Set(entries.map(({ id }) => id)),
    new Set(['bundle', 'ours', ...Array.from({ length: 300 }, (_, i) => `old-${i}`)]),
  );
  assert.deepEqual(entries.find(({ id }) => id === 'ours')?.fingerprint, { kind: 'content', hash: CONTENT });
  const first = entries.find(({ id }) => id === 'old-0');
  assert.deepEqual(first, {
    fingerprint: {
      kind: 'legacy',
      hash: legacyFingerprint({
        messageId: 'old-0@example.com',
        from: 'Ann <ann@example.com>',
        date: LATER,
        subject: 'Hello',
      }),
    },
    messageId: 'old-0@example.com',
    threadId: '0011223344556677',
    id: 'old-0',
    receivedAt: Date.parse(LATER),
  });
});

test('takeOver() closes folders and files to others, and gives no file another owner', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const text = documentText({ id: 'x', receivedAt: LATER });
  mkdirSync(join(path, 'b'));
  for (const name of ['a.md', 'b/b.md', 'b/note.txt', 'roots.md']) writeFileSync(join(path, name), text);
  const secret = join(ground.dir, 'secret');
  writeFileSync(secret, text);
  chmodSync(secret, 0o644);
  symlinkSync(secret, join(path, 'link.md'));
  linkSync(secret, join(path, 'hard.md'));
  if (isRoot)
    for (const name of ['a.md', 'b', 'b/b.md', 'b/note.txt'])
      chownSync(join(path, name), owner.uid, owner.gid);
  if (isRoot) chownSync(secret, owner.uid, owner.gid);
  chmodSync(join(path, 'a.md'), 0o644);
  chmodSync(join(path, 'b'), 0o755);
  chmodSync(path, 0o755);
  await takeOver(ground);
  const mode = (name: string): number => statSync(join(path, name)).mode & 0o777;
  assert.deepEqual(
    [mode('.'), mode('a.md'), mode('b'), mode('b/b.md'), mode('b/note.txt')],
    [0o700, 0o600, 0o700, 0o600, 0o600],
  );
  assert.equal(statSync(secret).mode & 0o777, 0o644);
  assert.equal(statSync(join(path, 'roots.md')).uid, self.uid);
});

test('openMailboxStore() writes the README where it is absent or old, and leaves a newer one', async () => {
  await using ground = await Ground.open();
  const readme = join(ground.dir, 'README.md');
  const ours = readFileSync(readme, 'utf8');
  assert.match(ours, /^<!-- aimx data folder, text \d+ -->\n/);
  const after = async (text: string): Promise<string> => {
    writeFileSync(readme, text);
    const again = await Ground.open({ dir: ground.dir });
    await again.store[Symbol.asyncDispose]();
    await again.staging[Symbol.asyncDispose]();
    return readFileSync(readme, 'utf8');
  };
  assert.equal(await after('of the earlier version'), ours);
  assert.equal(await after(ours.replace(/text \d+/, 'text 0')), ours);
  const newer = ours.replace(/text \d+/, 'text 999');
  assert.equal(await after(newer), newer);
});

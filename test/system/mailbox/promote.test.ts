import assert from 'node:assert/strict';
import {
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
import { test } from 'node:test';
import type { MessageForm } from '../../../src/mailbox/layout.ts';
import { crashAt, documentText, Ground, owner } from './ground.ts';

const place = { mailbox: 'bob', owner };
const FORMS = ['file', 'bundle'] as const;

function stagedName(form: MessageForm): string {
  return form === 'file' ? '7.md' : '7';
}

/** A mailbox with a stored message `m1`, and a better copy in staging. */
async function prepare(ground: Ground, stored: MessageForm, better: MessageForm): Promise<string> {
  await ground.stage(
    stagedName(stored),
    'm1',
    documentText({ id: 'm1', receivedAt: '2026-11-24T20:00:00.000Z' }),
    stored,
  );
  await ground.store.publish(place, { stagedName: stagedName(stored), id: 'm1', form: stored });
  await ground.stage(stagedName(better), 'm1', 'better', better);
  return String((await ground.staging.statEntry(stagedName(better)))?.inode);
}

function storedText(ground: Ground, form: MessageForm): string {
  return readFileSync(
    form === 'file' ? ground.inbox('bob', 'm1.md') : ground.inbox('bob', 'm1', 'm1.md'),
    'utf8',
  );
}

async function assertReplaced(ground: Ground, better: MessageForm): Promise<void> {
  assert.equal(storedText(ground, better), 'better');
  assert.deepEqual(readdirSync(ground.inbox('bob')), [better === 'file' ? 'm1.md' : 'm1']);
  assert.deepEqual(await ground.staging.list(), []);
}

test('promote() replaces the stored message in every pair of forms; again is harmless', async () => {
  for (const stored of FORMS)
    for (const form of FORMS) {
      await using ground = await Ground.open();
      const inode = await prepare(ground, stored, form);
      const message = { stagedName: stagedName(form), id: 'm1', form };
      assert.deepEqual(await ground.store.promote(place, message, inode), { kind: 'replaced' });
      await assertReplaced(ground, form);
      assert.equal((await ground.store.promote(place, message, inode)).kind, 'replaced');
      await assertReplaced(ground, form);
    }
});

test('promote(): a crash after any step, and the next call ends with the better copy once', async () => {
  const points = {
    same: ['mailbox.exchanged', 'mailbox.synced'],
    other: ['mailbox.promoted', 'mailbox.set-aside', 'mailbox.synced'],
  };
  for (const stored of FORMS)
    for (const form of FORMS)
      for (const point of stored === form ? points.same : points.other) {
        await using ground = await Ground.open();
        const inode = await prepare(ground, stored, form);
        const message = { stagedName: stagedName(form), id: 'm1', form };
        const { signal } = crashAt(point, { dir: ground.dir, operation: 'promote', ...message, inode });
        assert.equal(signal, 'SIGKILL', `${point} was reached`);
        assert.equal(storedText(ground, form), 'better');
        assert.deepEqual(
          await ground.store.promote(place, message, inode),
          { kind: 'replaced' },
          `${stored} ${form} ${point}`,
        );
        await assertReplaced(ground, form);
      }
});

test('promote() does not bring back what its owner moved or deleted', async () => {
  const takeAway: readonly ((path: string) => void)[] = [
    (path) => rmSync(path, { recursive: true }),
    (path) => renameSync(path, `${path}.kept`),
    (path) => {
      renameSync(path, `${path}.kept`);
      symlinkSync(`${path}.kept`, path);
    },
  ];
  for (const form of FORMS)
    for (const take of takeAway) {
      await using ground = await Ground.open();
      const inode = await prepare(ground, form, form);
      take(ground.inbox('bob', form === 'file' ? 'm1.md' : 'm1'));
      const before = readdirSync(ground.inbox('bob'));
      assert.deepEqual(await ground.store.storedMarks(place, 'm1'), { kind: 'gone' });
      const message = { stagedName: stagedName(form), id: 'm1', form };
      assert.deepEqual(await ground.store.promote(place, message, inode), { kind: 'gone' });
      assert.deepEqual(readdirSync(ground.inbox('bob')), before);
      assert.deepEqual(await ground.staging.list(), []);
    }
});

test('promote() touches neither an empty folder of the name nor what another file form holds', async () => {
  await using ground = await Ground.open();
  const inode = await prepare(ground, 'file', 'file');
  mkdirSync(ground.inbox('bob', 'm1'));
  assert.equal(
    (await ground.store.promote(place, { stagedName: '7.md', id: 'm1', form: 'file' }, inode)).kind,
    'replaced',
  );
  assert.equal(existsSync(ground.inbox('bob', 'm1')), true);
});

test('storedMarks() reads what the owner has set, and takes what cannot be read as never set', async () => {
  for (const form of FORMS) {
    await using ground = await Ground.open();
    await prepare(ground, form, form);
    const path = form === 'file' ? ground.inbox('bob', 'm1.md') : ground.inbox('bob', 'm1', 'm1.md');
    const none = { read: false, read_at: null, labels: [] };
    assert.deepEqual(await ground.store.storedMarks(place, 'm1'), { kind: 'stored', form, marks: none });
    const extra = 'read_at = "2026-11-25T00:00:00Z"\nlabels = ["a",\n  "b"]\n';
    const text = documentText({ id: 'm1', receivedAt: '2026-11-24T20:00:00.000Z', extra });
    writeFileSync(path, text.replace('read = false', 'read = true'));
    assert.deepEqual(await ground.store.storedMarks(place, 'm1'), {
      kind: 'stored',
      form,
      marks: { read: true, read_at: '2026-11-25T00:00:00Z', labels: ['a', 'b'] },
    });
    writeFileSync(path, '+++\nnot toml\n+++\n');
    assert.deepEqual(await ground.store.storedMarks(place, 'm1'), { kind: 'stored', form, marks: none });
    assert.equal(statSync(path).uid, owner.uid);
  }
});

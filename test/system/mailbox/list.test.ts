import assert from 'node:assert/strict';
import {
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findMessage, readMessage } from '../../../src/mailbox/find.ts';
import { type ListPage, listMessages } from '../../../src/mailbox/list.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { documentText, Ground, isRoot, makeFifo, owner } from './ground.ts';

function idAt(timeMs: number, slug: string): string {
  const [date = '', time = ''] = new Date(timeMs).toISOString().split('T');
  return `${date}-${time.slice(0, 8).replaceAll(':', '')}-${slug}`;
}

const START = Date.UTC(2026, 0, 1);

/** Writes a message as its owner would have it. */
function put(folder: string, id: string, receivedAtMs: number, extra = ''): void {
  const path = join(folder, `${id}.md`);
  writeFileSync(path, documentText({ id, receivedAt: new Date(receivedAtMs).toISOString(), extra }), {
    mode: 0o600,
  });
  if (isRoot) chownSync(path, owner.uid, owner.gid);
}

function list(
  ground: Ground,
  options: {
    readonly limit?: number;
    readonly cursor?: string | null;
    readonly mailboxes?: readonly string[];
  } = {},
): Promise<ListPage> {
  const { limit = 50, cursor = null, mailboxes = ['bob'] } = options;
  return listMessages({
    files: linuxFiles,
    dataDir: ground.dir,
    mailboxes: mailboxes.map((mailbox) => ({ mailbox })),
    folder: 'inbox',
    limit,
    cursor,
  });
}

async function allPages(
  ground: Ground,
  limit: number,
  between: () => void = () => undefined,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: ListPage = await list(ground, { limit, cursor });
    ids.push(...page.messages.map(({ id }) => id));
    cursor = page.nextCursor;
    between();
  } while (cursor !== null);
  return ids;
}

test('listMessages() orders by received_at and then id, newest first, over pages', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const times = [5, 3, 3, 9, 1, 7].map((second) => START + second * 1000);
  const ids = times.map((time, index) => `note-${index}-${time}`);
  for (const [index, time] of times.entries()) put(path, ids[index] ?? '', time);
  const wanted = [3, 5, 0, 2, 1, 4].map((index) => ids[index]);
  for (const limit of [1, 2, 3, 6, 50])
    assert.deepEqual(await allPages(ground, limit), wanted, `limit ${limit}`);
  assert.equal((await list(ground, { limit: 6 })).nextCursor, null);
  assert.deepEqual((await list(ground, { mailboxes: ['nobody-here'] })).messages, []);
  await assert.rejects(list(ground, { cursor: 'nonsense' }), { code: 'request.invalid' });
});

test('listMessages(): what comes and goes between pages neither repeats nor hides others', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const ids = Array.from({ length: 20 }, (_, index) => idAt(START + index * 1000, `m${index}`));
  for (const [index, id] of ids.entries()) put(path, id, START + index * 1000);
  let arrived = 0;
  const seen = await allPages(ground, 5, () => {
    put(path, idAt(START + 100_000 + arrived * 1000, 'late'), START + 100_000 + arrived * 1000);
    arrived += 1;
    // The last one of the page just shown goes away, and with it the cursor's own message.
    if (arrived === 1) rmSync(join(path, `${ids[15]}.md`));
  });
  assert.deepEqual(seen, ids.toReversed());
});

test('listMessages() skips and reports what cannot be read, and shows what the earlier version wrote', async () => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  put(path, 'good', START);
  const secret = join(ground.dir, 'secret.md');
  writeFileSync(
    secret,
    documentText({ id: 'secret', receivedAt: '2026-01-01T00:00:00Z', extra: 'labels = ["secret"]\n' }),
  );
  symlinkSync(secret, join(path, 'link.md'));
  linkSync(secret, join(path, 'hard.md'));
  symlinkSync(ground.dir, join(path, 'link-folder'));
  using _fifo = makeFifo(join(path, 'fifo.md'));
  mkdirSync(join(path, 'empty-bundle'));
  writeFileSync(join(path, 'broken.md'), '+++\nid = \n+++\n');
  writeFileSync(join(path, 'text.md'), 'no frontmatter');
  writeFileSync(join(path, 'endless.md'), `+++\n${'a'.repeat(40_000)}`);
  writeFileSync(join(path, 'notes.txt'), 'the owner keeps notes here');
  writeFileSync(join(path, '.hidden.md'), '');
  writeFileSync(
    join(path, 'old.md'),
    '+++\r\nid = "old"\r\nfrom = "a@b.example"\r\nreceived_at = "2025-01-01T00:00:00Z"\r\n+++\r\n\r\nBody\r\n',
  );
  put(path, 'long', START - 1000, `references = "${'<x@example.com> '.repeat(5000)}"\n`);
  if (isRoot) {
    for (const name of ['broken.md', 'text.md', 'endless.md', 'old.md'])
      chownSync(join(path, name), owner.uid, owner.gid);
    writeFileSync(
      join(path, 'foreign.md'),
      documentText({ id: 'foreign', receivedAt: '2026-01-01T00:00:00Z' }),
    );
  }
  const page = await list(ground);
  assert.deepEqual(
    page.messages.map(({ id }) => id),
    ['good', 'long', 'old'],
  );
  assert.equal(page.messages[2]?.subject, '');
  const skipped = ['broken.md', 'empty-bundle', 'endless.md', 'fifo.md', 'hard.md', 'link.md', 'text.md'];
  assert.deepEqual(
    page.skipped.map(({ name }) => name).sort(),
    isRoot ? [...skipped, 'foreign.md'].sort() : skipped,
  );
  assert.equal(JSON.stringify(page).includes('secret"'), false);
});

test('listMessages() and findMessage() show a bundle by its folder', async () => {
  await using ground = await Ground.open();
  await ground.stage(
    's',
    'b1',
    documentText({
      id: 'b1',
      receivedAt: '2026-01-01T00:00:00Z',
      extra: '[[attachments]]\nfilename = "note.txt"\n',
    }),
    'bundle',
  );
  await ground.store.publish({ mailbox: 'bob', owner }, { stagedName: 's', id: 'b1', form: 'bundle' });
  const [message] = (await list(ground)).messages;
  assert.equal(message?.path, ground.inbox('bob', 'b1', 'b1.md'));
  assert.equal(message?.hasAttachments, true);
  const found = await findMessage({
    files: linuxFiles,
    dataDir: ground.dir,
    mailboxes: [{ mailbox: 'bob' }],
    reference: 'bob/b1',
  });
  assert.equal(found.kind === 'found' && found.path, message?.path);
});

test('findMessage() names the candidates of an id that is not unique', async () => {
  await using ground = await Ground.open();
  for (const mailbox of ['bob', 'eve']) put(ground.makeMailbox(mailbox), 'same', START);
  put(ground.inbox('eve'), 'hers', START);
  mkdirSync(join(ground.dir, 'archive/eve'), { recursive: true });
  if (isRoot) chownSync(join(ground.dir, 'archive/eve'), owner.uid, owner.gid);
  renameSync(ground.inbox('eve', 'hers.md'), join(ground.dir, 'archive/eve/hers.md'));
  const mailboxes = [{ mailbox: 'bob' }, { mailbox: 'eve' }];
  const find = (reference: string, only = mailboxes): ReturnType<typeof findMessage> =>
    findMessage({ files: linuxFiles, dataDir: ground.dir, mailboxes: only, reference });
  const ambiguous = await find('same');
  assert.deepEqual(ambiguous.kind === 'ambiguous' && ambiguous.candidates.map(({ mailbox }) => mailbox), [
    'bob',
    'eve',
  ]);
  const found = await find('eve/same.md');
  assert.equal(found.kind === 'found' && found.place.mailbox, 'eve');
  assert.equal((await find('eve/same', [{ mailbox: 'bob' }])).kind, 'absent');
  const archived = await find('hers');
  assert.equal(archived.kind === 'found' && archived.place.folder, 'archive');
  for (const reference of ['', '..', '../eve/same', 'bob/../eve/same', 'bob/', '/same', 'a\0b'])
    assert.equal((await find(reference)).kind, 'absent', JSON.stringify(reference));
  assert(found.kind === 'found');
  const bytes = await readMessage({ files: linuxFiles, dataDir: ground.dir }, found.place);
  assert.match(new TextDecoder().decode(bytes ?? new Uint8Array()), /^\+\+\+\nid = "same"/);
  unlinkSync(found.path);
  assert.equal(await readMessage({ files: linuxFiles, dataDir: ground.dir }, found.place), null);
});

test('listMessages() reads a page of 10,000 messages without reading them all', async (t) => {
  await using ground = await Ground.open();
  const path = ground.makeMailbox('bob');
  const count = 10_000;
  for (let index = 0; index < count; index += 1)
    put(path, idAt(START + index * 60_000, 'm'), START + index * 60_000);
  put(path, 'named-by-hand', START + 5000 * 60_000 + 1);
  // Forty minutes between the time in the name and the time of receipt: within what is allowed.
  const late = START + count * 60_000;
  put(path, idAt(late - 40 * 60_000, 'skewed'), late);
  const began = performance.now();
  const first = await list(ground, { limit: 5 });
  const firstMs = performance.now() - began;
  assert.deepEqual(
    first.messages.slice(0, 2).map(({ id }) => id),
    [idAt(late - 40 * 60_000, 'skewed'), idAt(late - 60_000, 'm')],
  );
  const ids = await allPages(ground, 2500);
  assert.equal(ids.length, count + 2);
  assert.equal(ids.indexOf('named-by-hand'), 5000);
  t.diagnostic(`first page of 5 in ${firstMs.toFixed(0)} ms`);
  // Reading all 10,000 heads takes a second and more; a page takes a tenth of it.
  assert.ok(firstMs < 1500, `${firstMs} ms`);
});

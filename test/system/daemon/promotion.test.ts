/**
 * A better authenticated copy takes the place of a worse one, whichever comes first, and whatever is
 * killed on the way (design §3.3).
 */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

const WORSE = 'none@example.net';
const BETTER = 'aligned-dkim@example.net';

const content = mail('letter');
const worse = { from: WORSE, content: `X-List: broken\r\n${content}` };
const better = { from: BETTER, content };

test('worse first: the better copy takes its place under the same id, with the flags of the owner', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { rankByReversePath: true });
  await send(daemon.port, worse);
  await daemon.settled();
  const [name = ''] = ground.files();
  const path = join(ground.inbox, 'agent', name);
  writeFileSync(path, readFileSync(path, 'utf8').replace('read = false', 'read = true\nlabels = ["kept"]'));
  await send(daemon.port, better);
  await daemon.settled();
  assert.deepEqual(ground.files(), [name]);
  const text = ground.text(name);
  assert.match(text, /envelope_from = "aligned-dkim@example.net"/);
  assert.match(text, /read = true/);
  assert.match(text, /labels = \["kept"\]/);
  assert.equal(ground.starts().length, 1, 'a hook that has started does not start again');
});

test('better first: the worse copy is absorbed', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { rankByReversePath: true });
  await send(daemon.port, better);
  await send(daemon.port, worse);
  await daemon.settled();
  assert.equal(ground.files().length, 1);
  assert.match(ground.text(ground.files()[0] ?? ''), /envelope_from = "aligned-dkim@example.net"/);
});

test('a file that its owner has moved away is not brought back', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { rankByReversePath: true });
  await send(daemon.port, worse);
  await daemon.settled();
  const [name = ''] = ground.files();
  renameSync(join(ground.inbox, 'agent', name), join(ground.folder, name));
  await send(daemon.port, better);
  await daemon.settled();
  assert.deepEqual(ground.files(), []);
  rmSync(join(ground.folder, name));
});

for (const point of ['pipeline.exchanging', 'mailbox.exchanged', 'mailbox.synced', 'pipeline.exchanged'])
  test(`kill -9 at ${point} of a promotion: one file, the better one`, async () => {
    using ground = new Ground();
    {
      await using first = await DaemonUnderTest.start(ground, { rankByReversePath: true });
      await send(first.port, worse);
      await first.settled();
    }
    {
      await using doomed = await DaemonUnderTest.start(ground, {
        rankByReversePath: true,
        stopAt: { point, nth: 1 },
      });
      await send(doomed.port, better);
      assert.equal((await doomed.ended()).signal, 'SIGKILL');
    }
    await using daemon = await DaemonUnderTest.start(ground, { rankByReversePath: true });
    await daemon.settled();
    assert.equal(ground.files().length, 1, ground.files().join());
    assert.match(ground.text(ground.files()[0] ?? ''), /envelope_from = "aligned-dkim@example.net"/);
    assert.equal(ground.starts().length, 1);
  });

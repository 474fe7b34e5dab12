/**
 * `kill -9` between any two steps on the way of a message (reliability F2): after a new start there is
 * one file, as it was sent, and one start of the hook.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

/** Every point of the way, in its order. */
const POINTS = [
  'inbound.received',
  'journal.flushed',
  'journal.committed',
  'inbound.committed',
  'inbound.answered',
  'pipeline.authenticated',
  'pipeline.identified',
  'pipeline.reading',
  'pipeline.staging',
  'pipeline.staged',
  'mailbox.renaming',
  'mailbox.renamed',
  'mailbox.synced',
  'pipeline.published',
  'pipeline.delivered',
  'hooks.claimed',
  'hooks.launch-written',
  'hooks.launched',
  'hooks.marked',
  'hooks.running',
  'hooks.before-end',
  'hooks.ended',
] as const;

for (const point of POINTS)
  test(`kill -9 at ${point}: one file, one start`, async () => {
    using ground = new Ground();
    const content = mail('once');
    {
      await using doomed = await DaemonUnderTest.start(ground, { stopAt: { point, nth: 1 } });
      await send(doomed.port, { content });
      const { signal } = await doomed.ended();
      assert.equal(signal, 'SIGKILL', `the daemon reached ${point}\n${doomed.log}`);
    }
    await using daemon = await DaemonUnderTest.start(ground);
    // The sender was cut, or believes so: it comes again.
    assert.match((await send(daemon.port, { content })) ?? '', /^250 /);
    await daemon.settled();
    assert.equal(ground.files().length, 1, ground.files().join());
    assert.match(ground.text(ground.files()[0] ?? ''), /\nText of once\.\n$/);
    assert.equal(ground.starts().length, 1, ground.starts().join('\n'));
  });

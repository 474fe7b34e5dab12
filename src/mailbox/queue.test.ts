import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { simulatedClock } from '../system/clock.sim.ts';
import { MailboxQueue } from './queue.ts';

test('MailboxQueue: one operation of a mailbox at a time, in order; mailboxes side by side', async () => {
  const queue = new MailboxQueue({ clock: simulatedClock() });
  const log: string[] = [];
  const operation = (name: string) => async (): Promise<string> => {
    log.push(`+${name}`);
    await setImmediate();
    log.push(`-${name}`);
    return name;
  };
  const results = await Promise.all([
    queue.run('a', operation('a1')),
    queue.run('a', operation('a2')),
    queue.run('b', operation('b1')),
  ]);
  assert.deepEqual(results, ['a1', 'a2', 'b1']);
  assert.deepEqual(
    log.filter((entry) => entry.includes('a')),
    ['+a1', '-a1', '+a2', '-a2'],
  );
  assert.ok(log.indexOf('+b1') < log.indexOf('-a1'));
});

test('MailboxQueue: a failed operation stops nothing', async () => {
  const queue = new MailboxQueue({ clock: simulatedClock() });
  await assert.rejects(
    queue.run('a', () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await queue.run('a', async () => 1), 1);
});

test('MailboxQueue: one that hangs stops its own mailbox until it ends, and no other', async () => {
  const clock = simulatedClock();
  const queue = new MailboxQueue({ clock, limitMs: 1000 });
  let end: () => void = () => undefined;
  const hung = queue.run('a', () => new Promise<void>((resolve) => (end = resolve)));
  let isBegun = false;
  const next = queue.run('a', async () => {
    isBegun = true;
  });
  const failures = Promise.allSettled([hung, next]);
  await setImmediate();
  clock.advance(1000);
  for (const failure of await failures)
    assert.equal(failure.status === 'rejected' && failure.reason.code, 'files.timeout');
  await assert.rejects(
    queue.run('a', async () => 1),
    { code: 'files.timeout' },
  );
  assert.equal(isBegun, false);
  assert.equal(await queue.run('b', async () => 2), 2);
  end();
  await setImmediate();
  assert.equal(await queue.run('a', async () => 3), 3);
});

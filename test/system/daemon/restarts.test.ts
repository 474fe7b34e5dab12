/** What a new daemon makes of what the last one left: running hooks, another epoch, damage, earlier folders. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

const SLOW_HOOK = `cmd = ["/bin/sh", "-c", 'echo "$AIMX_RUN_ID begins" >> "$STARTS"; sleep 2; echo "$AIMX_RUN_ID ends" >> "$STARTS"']`;

interface RunView {
  readonly state: string;
  readonly reason: string | null;
  readonly exit_code: number | null;
}

async function runs(daemon: DaemonUnderTest): Promise<readonly RunView[]> {
  return (await daemon.ask<{ runs: readonly RunView[] }>('runs.list', {})).runs;
}

async function begun(ground: Ground): Promise<void> {
  for (let round = 0; ground.starts().length === 0; round += 1) {
    assert.ok(round < 200, 'the hook begins');
    await sleep(50);
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const)
  test(`a hook lives on through ${signal} of the daemon, and the next one sees its end`, async () => {
    using ground = new Ground({ hook: SLOW_HOOK });
    {
      await using first = await DaemonUnderTest.start(ground);
      await send(first.port, { content: mail('slow') });
      await begun(ground);
      first.signal(signal);
      await first.ended();
    }
    await using daemon = await DaemonUnderTest.start(ground);
    await daemon.settled();
    assert.deepEqual(
      (await runs(daemon)).map(({ state, exit_code }) => [state, exit_code]),
      [['succeeded', 0]],
    );
    assert.equal(ground.starts().length, 2, 'one begin and one end');
  });

test('restored: what is not final is held and starts only when it is released', async () => {
  using ground = new Ground({ hook: SLOW_HOOK });
  {
    await using first = await DaemonUnderTest.start(ground, { stopAt: { point: 'hooks.claimed', nth: 1 } });
    await send(first.port, { content: mail('held') });
    await first.ended();
  }
  await using daemon = await DaemonUnderTest.start(ground, { restored: true });
  await daemon.settled();
  const [run] = await runs(daemon);
  assert.equal(run?.state, 'held');
  assert.match(run?.reason ?? '', /^restored/);
  assert.equal(ground.starts().length, 0);
  await daemon.ask('runs.release', { all: true });
  await daemon.settled();
  assert.equal((await runs(daemon))[0]?.state, 'succeeded');
});

test('a data folder copied back by hand is another epoch: nothing starts by itself', async () => {
  using ground = new Ground({ hook: SLOW_HOOK });
  const journal = join(ground.folder, 'data', 'journal');
  const copy = join(ground.folder, 'copy');
  {
    await using first = await DaemonUnderTest.start(ground, { stopAt: { point: 'hooks.claimed', nth: 1 } });
    await send(first.port, { content: mail('copied') });
    await first.ended();
  }
  cpSync(journal, copy, { recursive: true });
  {
    await using second = await DaemonUnderTest.start(ground, { restored: true });
    await second.settled();
    await second.ask('runs.release', { all: true });
    await second.settled();
  }
  assert.equal(ground.starts().length, 2);
  // Everything but the runs' folder comes from the copy, as a restore of the rows does.
  for (const name of ['log', 'rows.db', 'rows.db-wal', 'rows.db-shm', 'epoch', 'staging', 'stdin', 'spool']) {
    rmSync(join(journal, name), { recursive: true, force: true });
    cpSync(join(copy, name), join(journal, name), { recursive: true, force: true, errorOnExist: false });
  }
  await using daemon = await DaemonUnderTest.start(ground);
  await daemon.settled();
  assert.equal((await runs(daemon))[0]?.state, 'held');
  assert.equal(ground.starts().length, 2, 'it has not started again');
});

test('after a restore the files that are newer than the backup are known: a retry of one is absorbed', async () => {
  using ground = new Ground();
  const journal = join(ground.folder, 'data', 'journal');
  const backup = join(ground.folder, 'backup');
  {
    await using first = await DaemonUnderTest.start(ground);
    await send(first.port, { content: mail('before') });
    await first.settled();
  }
  cpSync(journal, backup, { recursive: true });
  {
    await using second = await DaemonUnderTest.start(ground);
    await send(second.port, { content: mail('after') });
    await second.settled();
  }
  rmSync(journal, { recursive: true });
  cpSync(backup, journal, { recursive: true });
  await using daemon = await DaemonUnderTest.start(ground, { restored: true });
  await send(daemon.port, { content: mail('after') });
  await daemon.settled();
  assert.equal(ground.files().length, 2, ground.files().join());
  assert.equal(ground.starts().length, 2);
  const { absorbed } = await daemon.ask<{ absorbed: readonly { by: string }[] }>('dedup.list', {});
  assert.deepEqual(
    absorbed.map(({ by }) => by),
    ['content'],
  );
});

test('a page of the rows that was overwritten: the daemon refuses to start and says how to go on', async () => {
  using ground = new Ground();
  {
    await using first = await DaemonUnderTest.start(ground);
    for (let index = 0; index < 20; index += 1) await send(first.port, { content: mail(`m${index}`) });
    await first.settled();
  }
  const rows = openSync(join(ground.folder, 'data', 'journal', 'rows.db'), 'r+');
  writeSync(rows, Buffer.alloc(4096, 0xab), 0, 4096, 8192);
  await assert.rejects(DaemonUnderTest.start(ground), /journal\.damaged/);
});

test('what the earlier version has delivered is known: its retry is absorbed and starts nothing', async () => {
  using ground = new Ground();
  const folder = join(ground.inbox, 'agent');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const received = new Date(Date.now() - 3_600_000).toISOString();
  writeFileSync(
    join(folder, '2026-11-24-080000-legacy.md'),
    [
      '+++',
      'id = "2026-11-24-080000-legacy"',
      'message_id = "legacy@example.net"',
      'thread_id = "0123456789abcdef"',
      'from = "Ada <ada@example.net>"',
      'to = "agent@example.com"',
      'delivered_to = "agent@example.com"',
      'subject = "legacy"',
      'date = "2026-11-24T09:12:44+01:00"',
      `received_at = "${received}"`,
      'size_bytes = 100',
      'dkim = "none"',
      'spf = "none"',
      'dmarc = "none"',
      'trusted = "none"',
      'mailbox = "agent"',
      'read = false',
      '+++',
      '',
      'Text of legacy.',
      '',
    ].join('\n'),
    { mode: 0o644 },
  );
  await using daemon = await DaemonUnderTest.start(ground);
  await send(daemon.port, { content: mail('legacy') });
  await send(daemon.port, { content: mail('fresh') });
  await daemon.settled();
  assert.equal(ground.files().length, 2, ground.files().join());
  assert.equal(ground.starts().length, 1);
  const { absorbed } = await daemon.ask<{ absorbed: readonly { by: string }[] }>('dedup.list', {});
  assert.deepEqual(
    absorbed.map(({ by }) => by),
    ['legacy'],
  );
});

/**
 * A mailbox that cannot be written to makes its own mail wait, says why, and goes on by itself
 * (reliability F7); a disk without room refuses before anything is lost (F6).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { wireClient } from '../inbound/wire-client.ts';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const rootOnly = { skip: isRoot ? false : 'needs root' };

interface Obstacle {
  readonly what: string;
  /** Puts it in the way of `<inbox>/agent`, which exists. */
  readonly put: (folder: string) => void;
  readonly remove: (folder: string) => void;
  readonly code: string;
}

const OBSTACLES: readonly Obstacle[] = [
  {
    what: 'the folder belongs to somebody else',
    put: (folder) => chownSync(folder, NOBODY, NOBODY),
    remove: (folder) => chownSync(folder, 0, 0),
    code: 'mailbox-unsafe',
  },
  {
    what: 'a symbolic link stands in its place',
    put: (folder) => {
      renameSync(folder, `${folder}-elsewhere`);
      symlinkSync(`${folder}-elsewhere`, folder);
    },
    remove: (folder) => {
      rmSync(folder);
      renameSync(`${folder}-elsewhere`, folder);
    },
    code: 'mailbox-unsafe',
  },
  {
    what: 'a FIFO stands in its place',
    put: (folder) => {
      renameSync(folder, `${folder}-elsewhere`);
      execFileSync('mkfifo', [folder]);
    },
    remove: (folder) => {
      rmSync(folder);
      renameSync(`${folder}-elsewhere`, folder);
    },
    code: 'mailbox-unsafe',
  },
  {
    what: 'nobody may write to it, not even root',
    put: (folder) => execFileSync('chattr', ['+i', folder]),
    remove: (folder) => execFileSync('chattr', ['-i', folder]),
    code: 'no-permission',
  },
];

interface MailboxAnswer {
  readonly waiting: readonly { readonly code: string; readonly reason: string; readonly hint: string }[];
}

async function waitingCode(
  daemon: DaemonUnderTest,
  mailbox = 'agent',
): Promise<MailboxAnswer['waiting'][number]> {
  for (let round = 0; round < 100; round += 1) {
    const { waiting } = await daemon.ask<MailboxAnswer>('mailboxes.show', { mailbox });
    if (waiting[0] !== undefined) return waiting[0];
    await sleep(50);
  }
  throw new Error(`Nothing waits:\n${daemon.log}`);
}

for (const { what, put, remove, code } of OBSTACLES)
  test(
    `${what}: its mail waits with "${code}", other mailboxes go on, and it goes on by itself`,
    rootOnly,
    async () => {
      using ground = new Ground();
      await using daemon = await DaemonUnderTest.start(ground);
      await send(daemon.port, { content: mail('first') });
      await daemon.settled();
      const folder = join(ground.inbox, 'agent');
      put(folder);
      try {
        assert.match((await send(daemon.port, { content: mail('second') })) ?? '', /^250 /);
        const waiting = await waitingCode(daemon);
        assert.equal(waiting.code, code);
        assert.notEqual(waiting.hint, '');
        assert.ok(daemon.events.some(({ event }) => event === 'delivery.waiting'));
        await send(daemon.port, { to: 'other@example.com', content: mail('third') });
        while (ground.files('other').length === 0) await sleep(50);
      } finally {
        remove(folder);
      }
      await daemon.settled();
      assert.equal(ground.files().length, 2);
      assert.equal(ground.starts().length, 2);
    },
  );

test(
  'an owner who does not exist: that mailbox waits and says so, the other recipient has the message',
  rootOnly,
  async () => {
    using ground = new Ground({
      bottom: '[mailboxes.gone]\naddress = "gone@example.com"\nowner = "no-such-user"\n',
    });
    await using daemon = await DaemonUnderTest.start(ground);
    using client = await wireClient(daemon.port);
    await client.reply();
    await client.command('EHLO c.example.net');
    await client.command('MAIL FROM:<ada@example.net>');
    for (const to of ['gone@example.com', 'agent@example.com'])
      assert.match(await client.command(`RCPT TO:<${to}>`), /^250 /);
    await client.command('DATA');
    client.send(`${mail('both')}.\r\n`);
    assert.match(await client.reply(), /^250 /);
    while (ground.starts().length === 0) await sleep(50);
    assert.equal(ground.files().length, 1);
    let waiting = await waitingCode(daemon, 'gone');
    for (; waiting.code === 'legacy-scan'; await sleep(100)) waiting = await waitingCode(daemon, 'gone');
    assert.equal(waiting.code, 'owner-missing');
  },
);

test('a file in the way of a name: the next name is taken', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  mkdirSync(join(ground.inbox, 'agent'), { recursive: true, mode: 0o700 });
  const now = Date.now();
  // Whatever second it is received in, its first name is taken.
  for (let second = 0; second < 20; second += 1) {
    const stamp = new Date(now + second * 1000).toISOString().slice(0, 19);
    const id = `${stamp.slice(0, 10)}-${stamp.slice(11).replaceAll(':', '')}-taken`;
    writeFileSync(join(ground.inbox, 'agent', `${id}.md`), 'mine\n', { mode: 0o600 });
  }
  await send(daemon.port, { content: mail('taken') });
  await daemon.settled();
  const delivered = ground.files().filter((name) => name.endsWith('-taken-2.md'));
  assert.equal(delivered.length, 1, ground.files().join());
  assert.match(ground.text(delivered[0] ?? ''), /^\+\+\+\nid = "[^"]*-taken-2"/);
  assert.equal(ground.files().length, 21);
});

test('a disk without room: 452 before anything is lost; with room again all goes on', rootOnly, async () => {
  const small = mkdtempSync(join(tmpdir(), 'aimx-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', small]);
  // Not the mount itself, which cannot be removed while it is one.
  const folder = join(small, 'ground');
  try {
    mkdirSync(folder);
    chmodSync(small, 0o755);
    using ground = new Ground({ folder });
    await using daemon = await DaemonUnderTest.start(ground);
    await send(daemon.port, { content: mail('before') });
    await daemon.settled();
    const filler = join(folder, 'filler');
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 200 * 1024));
    const replies: (string | null)[] = [];
    for (let index = 0; index < 6; index += 1)
      replies.push(await send(daemon.port, { content: mail(`full-${index}`, 'x'.repeat(60_000)) }));
    const refused = replies.filter((reply) => reply === null || /^4(52|51|21) /.test(reply));
    assert.ok(refused.length > 0, `some are refused: ${replies.join('; ')}`);
    truncateSync(filler, 0);
    // The sender keeps what was refused and comes again.
    await sleep(1_500);
    for (let index = 0; index < 6; index += 1) {
      const content = mail(`full-${index}`, 'x'.repeat(60_000));
      let reply = await send(daemon.port, { content });
      for (let tries = 0; tries < 40 && !/^250 /.test(reply ?? ''); tries += 1) {
        await sleep(250);
        reply = await send(daemon.port, { content });
      }
      assert.match(reply ?? '', /^250 /, daemon.log);
    }
    await daemon.settled();
    assert.equal(ground.files().length, 7);
    assert.equal(ground.starts().length, 7);
  } finally {
    execFileSync('umount', ['-l', small]);
    rmSync(small, { recursive: true, force: true });
  }
});

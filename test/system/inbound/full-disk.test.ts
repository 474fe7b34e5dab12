import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AimxError } from '../../../src/system/errors.ts';
import { startReceiver } from './receiver-under-test.ts';
import { storedMessages } from './stored-messages.ts';
import { type WireClient, wireClient } from './wire-client.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 128 * MIB;
/** What is taken before the first message, so that few messages fill the rest. */
const FILLER_BYTES = 40 * MIB;

/** A small file system of its own, or null where this process may not make one. */
async function smallDisk(): Promise<(AsyncDisposable & { readonly path: string }) | null> {
  const path = await mkdtemp(join(tmpdir(), 'aimx-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    // Not root, or a container without the right to mount.
    await rm(path, { recursive: true });
    return null;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

/** Sends one message; the last reply says what became of it. */
async function send(client: WireClient, id: number, sizeBytes: number, declared: boolean): Promise<string> {
  const line = 'x'.repeat(98).concat('\r\n');
  const text = `Message-ID: <${id}@example.net>\r\n\r\n${line.repeat(Math.ceil(sizeBytes / line.length))}`;
  const answer = await client.command(`MAIL FROM:<a@example.net>${declared ? ` SIZE=${text.length}` : ''}`);
  if (!answer.startsWith('250')) return answer;
  await client.command('RCPT TO:<agent@example.com>');
  assert.match(await client.command('DATA'), /^354/);
  client.send(`${text}.\r\n`);
  return client.reply();
}

async function whenThereIsRoom<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AimxError && error.code === 'journal.no-room')) throw error;
      await sleep(100);
    }
  }
}

for (const declared of [true, false])
  test(`inbound and journal: a full disk is 452 4.3.1 ${declared ? 'at MAIL' : 'after the data'}, and room lets mail in again`, async (t) => {
    await using disk = await smallDisk();
    if (disk === null) return t.skip('needs the right to mount a small file system');
    const filler = join(disk.path, 'filler');
    await writeFile(filler, Buffer.alloc(FILLER_BYTES));
    await using receiver = await startReceiver(join(disk.path, 'journal'));
    using client = await wireClient(receiver.port);
    await client.reply();
    await client.command('EHLO client.example.net');
    let accepted = 0;
    let answer = '';
    // Small and large ones in turn: log and spool both meet the end of the disk.
    for (let id = 0; id < 400; id += 1) {
      answer = await send(client, id, id % 2 === 0 ? 200_000 : MIB, declared);
      if (!answer.startsWith('250')) break;
      accepted += 1;
    }
    assert.match(answer, /^452 4\.3\.1/);
    assert.ok(accepted > 0);
    assert.match(await client.command('NOOP'), /^250/);
    await rm(filler);
    // Rows that found no room are made as soon as there is some.
    const before = await whenThereIsRoom(() => storedMessages(receiver.journal));
    assert.equal(before.length, accepted);

    // The journal reads the file system's room anew within a second or two.
    do {
      // A client that asks without a pause is taken for one that floods.
      await sleep(50);
      answer = await send(client, 1000, MIB, declared);
    } while (answer.startsWith('452'));
    assert.match(answer, /^250/);
    assert.equal((await storedMessages(receiver.journal)).length, 1);
  });

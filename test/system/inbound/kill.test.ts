/**
 * `kill -9` of the receiver under load (F1, as far as the journal): every message whose `250` reached
 * the client is there after the restart, byte for byte; none is there half.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openJournal } from '../../../src/journal/open.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { storedMessages } from './stored-messages.ts';
import { wireClient } from './wire-client.ts';

const RECEIVER = fileURLToPath(new URL('receiver-process.ts', import.meta.url));
const SESSIONS = 8;
const LARGE_BYTES = 300_000;

async function startProcess(
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, [RECEIVER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  return { child, port: Number(line.replace('port ', '')) };
}

/** Sends messages on one session until the connection dies; notes what was sent and what got its `250`. */
async function sendUntilDead(
  port: number,
  session: number,
  sent: Map<string, string>,
  answered: Set<string>,
): Promise<void> {
  const client = await wireClient(port);
  try {
    await client.reply();
    await client.command('EHLO client.example.net');
    for (let n = 0; ; n += 1) {
      const id = `${session}.${n}`;
      // Every seventh goes through the spool.
      const filler = 'x'
        .repeat(98)
        .concat('\r\n')
        .repeat(n % 7 === 6 ? LARGE_BYTES / 100 : 3);
      const text = `Message-ID: <${id}@example.net>\r\n\r\n${filler}`;
      sent.set(id, text);
      client.send('MAIL FROM:<a@example.net>\r\nRCPT TO:<agent@example.com>\r\nDATA\r\n');
      for (const expected of [/^250/, /^250/, /^354/]) assert.match(await client.reply(), expected);
      client.send(`${text}.\r\n`);
      assert.match(await client.reply(), /^250 2\.0\.0/);
      answered.add(id);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  } finally {
    client[Symbol.dispose]();
  }
}

async function check(point: string, count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aimx-kill-'));
  const { child, port } = await startProcess([folder, point, String(count)]);
  const gone = once(child, 'exit');
  const sent = new Map<string, string>();
  const answered = new Set<string>();
  await Promise.all(
    Array.from({ length: SESSIONS }, (_, session) => sendUntilDead(port, session, sent, answered)),
  );
  const [, signal] = await gone;
  assert.equal(signal, 'SIGKILL');

  const journal = await openJournal({
    folder,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
  });
  try {
    const stored = new Map<string, number>();
    for (const { bytes } of await storedMessages(journal)) {
      const text = bytes.toString('latin1');
      const id = /^Message-ID: <([^@]+)@/.exec(text)?.[1] ?? '';
      assert.equal(text, sent.get(id), `${point}: ${id} is as it was sent`);
      stored.set(id, (stored.get(id) ?? 0) + 1);
    }
    for (const id of answered) assert.equal(stored.get(id), 1, `${point}: ${id} had its 250`);
    assert.ok(stored.size <= answered.size + SESSIONS, 'only what was under way is there without a 250');
    assert.ok(answered.size > 0);
  } finally {
    await journal[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

for (const point of ['inbound.received', 'inbound.committed', 'inbound.answered'])
  test(`inbound and journal: kill -9 at ${point} loses nothing that had its 250`, async () => {
    await check(point, 60);
    await check(point, 97);
  });

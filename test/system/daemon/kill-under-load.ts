/**
 * `kill -9` at random moments while messages come in (reliability F1): every message whose `250` was
 * read is in its mailbox once, byte for byte, and has started its hook once; none is half there.
 *
 * The moments come from a seed, which a failure prints; `SEED=…` repeats them.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';
import { seededRandom } from './seeded-random.ts';

/** Hooks start at some twenty a second; the longest plan has 800. */
const SETTLE_MS_MAX = 300_000;

export interface KillPlan {
  readonly senders: number;
  readonly messagesEach: number;
  readonly kills: number;
}

/** Plays the plan and checks what is left. @throws AssertionError with the seed. */
export async function killUnderLoad({ senders, messagesEach, kills }: KillPlan): Promise<void> {
  const random = seededRandom();
  using ground = new Ground();
  let daemon = await DaemonUnderTest.start(ground);
  try {
    const contents = new Map<string, string>();
    const acknowledged = new Set<string>();
    let port = daemon.port;
    const sender = async (index: number): Promise<void> => {
      for (let number = 0; number < messagesEach; number += 1) {
        const name = `m${index}-${number}`;
        const size = random.below(40) === 0 ? 400_000 : random.below(3_000);
        const content = mail(name, `${'x'.repeat(70)}\r\n`.repeat(Math.ceil(size / 72)) + name);
        contents.set(name, content);
        // As an MTA does: again until a 250 was read.
        while (!acknowledged.has(name)) {
          const reply = await send(port, { content });
          if (reply?.startsWith('250 ') === true) acknowledged.add(name);
          else await sleep(50);
        }
      }
    };
    const sending = Promise.all(Array.from({ length: senders }, (_, index) => sender(index)));
    for (let kill = 0; kill < kills; kill += 1) {
      await sleep(100 + random.below(700));
      await daemon.kill();
      daemon = await DaemonUnderTest.start(ground);
      port = daemon.port;
    }
    await sending;
    await daemon.settled(SETTLE_MS_MAX);
    assert.equal(acknowledged.size, senders * messagesEach);
    assertOnce(ground, contents, random.seed);
    for (const name of contents.keys()) {
      const raw = await daemon.raw(`${name}@example.net`);
      assert.equal(digest(raw), digest(contents.get(name) ?? ''), `${name} is stored as it was sent`);
    }
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}

function assertOnce(ground: Ground, contents: ReadonlyMap<string, string>, seed: number): void {
  const ids = ground.files().map((file) => /message_id = "([^@]*)@/.exec(ground.text(file))?.[1]);
  assert.deepEqual(ids.sort(), [...contents.keys()].sort(), `SEED=${seed}: files`);
  const starts = ground.starts().map((line) => line.split(' ')[1]?.split('@')[0]);
  assert.deepEqual(starts.sort(), [...contents.keys()].sort(), `SEED=${seed}: starts`);
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

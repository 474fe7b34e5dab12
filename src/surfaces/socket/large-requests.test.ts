import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LargeRequests } from './large-requests.ts';
import { readJsonBody } from './request-body.ts';

test('LargeRequests has so many of one user in at once, in the order of asking', async () => {
  const requests = new LargeRequests(2);
  const entered: string[] = [];
  const enter = async (uid: number, name: string): Promise<Disposable> => {
    const turn = await requests.enter(uid);
    entered.push(name);
    return turn;
  };
  const first = await enter(1, 'a');
  await enter(1, 'b');
  const waiting = [enter(1, 'c'), enter(1, 'd')];
  await enter(2, 'of another user');
  assert.deepEqual(entered, ['a', 'b', 'of another user']);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await nextTurn();
  assert.deepEqual(entered, ['a', 'b', 'of another user', 'c']);
  (await waiting[0])?.[Symbol.dispose]();
  await waiting[1];
  assert.equal(entered.at(-1), 'd');
});

/** `{"a":"…"}` of `sizeBytes`, in ten pieces; counts those that are asked for. */
function pieces(sizeBytes: number): {
  readonly body: AsyncGenerator<Uint8Array>;
  readonly read: () => number;
} {
  const octets = Buffer.from(JSON.stringify({ a: 'x'.repeat(sizeBytes - 8) }));
  let read = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < octets.length; at += sizeBytes / 10) {
      read += 1;
      yield octets.subarray(at, at + sizeBytes / 10);
    }
  }
  return { body: body(), read: () => read };
}

test('readJsonBody() asks for a turn once, before it reads on past the usual size', async () => {
  let turns = 0;
  const beyond = (usualBytes: number) => ({
    bytesMax: 1000,
    usualBytes,
    enter: async () => {
      turns += 1;
    },
  });
  await readJsonBody(pieces(1000).body, beyond(1000));
  assert.equal(turns, 0);
  await readJsonBody(pieces(1000).body, beyond(400));
  assert.equal(turns, 1);
});

test('readJsonBody() reads no further while it waits for its turn', async () => {
  const { body, read } = pieces(1000);
  let admit = (): void => {};
  const entered = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const answer = readJsonBody(body, { bytesMax: 1000, usualBytes: 400, enter: () => entered });
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.equal(read(), 5);
  admit();
  assert.deepEqual(await answer, { a: 'x'.repeat(992) });
});

/** What `trace`, `list` and the counts say of a message that was sent, through a real daemon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListOutput } from '../../../src/operations/list.ts';
import type { AttentionOutput, MailboxesListOutput } from '../../../src/operations/mailboxes.ts';
import type { SendOutput } from '../../../src/operations/submission.ts';
import type { TraceOutput } from '../../../src/operations/trace.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';

/** Asks again until the answer is as wanted: the copy in `sent` is made anew behind the journal. */
async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await sleep(50);
  }
  throw new Error('the answer does not become what is waited for');
}

test('trace, list and the counts tell a sent message from its hold to its end', async () => {
  using ground = new Ground({ hook: null, trust: 'approve = true' });
  await using daemon = await DaemonUnderTest.start(ground);
  const sent = await daemon.ask<SendOutput>('send', {
    from: 'agent',
    to: ['other@example.com'],
    subject: 'Hello',
    body: 'Hi.',
  });
  const message = `agent/${sent.id}`;
  const counts = async (): Promise<readonly (number | null)[]> => {
    const { mailboxes } = await daemon.ask<MailboxesListOutput>('mailboxes.list', {});
    const agent = mailboxes.find(({ name }) => name === 'agent');
    const { outgoing_held } = await daemon.ask<AttentionOutput>('attention', {});
    return [agent?.outgoing ?? null, agent?.outgoing_held ?? null, outgoing_held];
  };
  assert.deepEqual(await counts(), [1, 1, 1]);
  const held = await daemon.ask<TraceOutput>('trace', { message });
  assert.match(held.summary[0] ?? '', /^It is held .*: aimx queue approve [0-9a-f]{16}$/);

  await daemon.ask('queue.approve', { messages: [sent.queue_id] });
  const { messages } = await eventually(
    () => daemon.ask<ListOutput>('list', { mailbox: 'agent', folder: 'sent' }),
    (page) => page.messages[0]?.delivery_status === 'delivered',
  );
  assert.deepEqual(
    messages.map(({ id, to }) => [id, to]),
    [[sent.id, 'other@example.com']],
  );
  assert.deepEqual(await counts(), [0, 0, 0]);

  const trace = await daemon.ask<TraceOutput>('trace', { message });
  const texts = trace.events.map(({ text }) => text);
  assert.match(texts[0] ?? '', /^sent by root as [0-9a-f]{16}: \d+ bytes, for other@example\.com$/);
  assert.match(texts[1] ?? '', /^held before it left: /);
  for (const expected of [/^released by root /, /^tried on this host: other@example\.com taken: /])
    assert.ok(
      texts.some((text) => expected.test(text)),
      `${expected} in ${texts.join(' | ')}`,
    );
  assert.deepEqual(trace.summary.slice(0, 2), [
    'Its recipient has it.',
    'Its copy is in the sent folder of mailbox agent.',
  ]);
});

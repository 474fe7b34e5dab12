/** What the trace says of a promoted message and of one that its reader did not survive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { mail, send } from '../daemon/mail.ts';
import { runAimx } from './program.ts';

const TRIES = 8;

async function story(ground: Ground, reference: string): Promise<string> {
  const env = { AIMX_CONFIG_DIR: ground.folder, AIMX_RUNTIME_DIR: ground.runtimeDir };
  const { stdout, stderr, exit } = await runAimx(['trace', reference], { env });
  assert.equal(exit, 0, stderr);
  return stdout.replace(/\s+/g, ' ');
}

test('trace: a better authenticated copy took the place of the file, and the hook did not start again', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { rankByReversePath: true });
  const content = mail('letter');
  await send(daemon.port, { from: 'none@example.net', content: `X-List: broken\r\n${content}` });
  await daemon.settled();
  await send(daemon.port, { from: 'aligned-dkim@example.net', content });
  await daemon.settled();
  const text = await story(ground, 'letter@example.net');
  assert.match(
    text,
    /a better authenticated copy came from 127\.0\.0\.1 \(nothing that vouched for it before, DKIM that is aligned with From now\): the file is made anew from it/,
  );
  assert.match(
    text,
    /^agent\/\S+ \S+ received .* \+0 ms received over SMTP from .* from none@example\.net .* received over SMTP from .* from aligned-dkim@example\.net/,
  );
  assert.doesNotMatch(text, / -\d+ ms/);
  assert.match(text, /the better copy has taken the place of the file/);
  assert.match(
    text,
    /In short One file in mailbox agent, made from the better authenticated of its copies\. Hook record started once and succeeded/,
  );
});

test('trace: a message that its reader did not survive says so', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { killReadersAt: 'read' });
  let text = '';
  // On a machine under load a reader may have read the message before it is killed.
  for (let number = 1; number <= TRIES && !text.includes('delivered unread'); number += 1) {
    await send(daemon.port, { content: mail(`poison-${number}`) });
    await daemon.settled();
    text = await story(ground, `poison-${number}@example.net`);
  }
  assert.match(text, /reading it is tried again \(attempt 2\): the reader did not survive it before/);
  assert.match(
    text,
    /reading it has failed 2 times: it is delivered unread, with the message as it came attached/,
  );
  assert.match(
    text,
    /In short One file in mailbox agent, unread: the reader did not survive the message, so it is attached as it came\./,
  );
});

/** A hook reads what strangers write: it must not be talked into deciding what starts (contract §10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IS_ROOT } from '../hooks/bench-runner.ts';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

/** Asks the daemon to release every held run and prints what it says. */
const ASK = `
  const call = require('node:http').request(
    { socketPath: process.env.SOCKET, path: '/v1/' + process.argv[1], method: 'POST' },
    (answer) => answer.pipe(require('node:fs').createWriteStream(process.env.STARTS, { flags: 'a' })),
  );
  call.end(process.argv[2]);
`;

/** A hook that runs `script`, in which "$@" asks, and one that needs trust. */
function groundWith(script: string): Ground {
  const cmd = ['/bin/sh', '-c', `cat >/dev/null; ${script}`, 'sh', process.execPath, '-e', ASK];
  const ground = new Ground({
    hook: `cmd = ${JSON.stringify(cmd)}`,
    bottom: [
      '[[mailboxes.agent.hooks]]',
      'name = "trusting"',
      'event = "on_receive"',
      'cmd = ["/bin/true"]',
    ].join('\n'),
  });
  return ground;
}

async function answerOf(script: string): Promise<{ readonly said: string; readonly state: string }> {
  using ground = groundWith(`export SOCKET="$(dirname "$(dirname "$STARTS")")/run/aimx.sock"; ${script}`);
  await using daemon = await DaemonUnderTest.start(ground);
  await send(daemon.port, { content: mail('talk') });
  await daemon.settled();
  const { runs } = await daemon.ask<{ runs: readonly { hook: string; state: string }[] }>('runs.list', {});
  const state = runs.find(({ hook }) => hook === 'trusting')?.state ?? 'none';
  return { said: ground.starts().join('\n'), state };
}

test('a hook may read, and not release what waits for trust', async () => {
  const { said, state } = await answerOf(`"$@" list '{}'; "$@" runs.release '{"all":true}'`);
  assert.match(said, /"messages":\[/);
  assert.match(said, /request\.forbidden/);
  assert.equal(state, 'held');
});

test(
  'nor may a child that has left its parents and its session',
  IS_ROOT ? {} : { skip: 'not root: no pid namespace' },
  async () => {
    const { said, state } = await answerOf(
      `(setsid "$@" runs.release '{"all":true}' &); while ! grep -q . "$STARTS" 2>/dev/null; do sleep 0.1; done`,
    );
    assert.match(said, /request\.forbidden/);
    assert.equal(state, 'held');
  },
);

test('somebody outside may', async () => {
  using ground = groundWith('exit 0');
  await using daemon = await DaemonUnderTest.start(ground);
  await send(daemon.port, { content: mail('talk') });
  await daemon.settled();
  const { released } = await daemon.ask<{ released: readonly string[] }>('runs.release', { all: true });
  assert.equal(released.length, 1);
});

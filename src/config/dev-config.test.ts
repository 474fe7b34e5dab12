import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { devConfig } from './dev-config.ts';
import { parseConfig } from './parse.ts';

function read(hook: string | null, owner = 'sam') {
  const text = devConfig({ dataDir: '/srv/sam/.aimx/data', owner, bind: '127.0.0.1:2525', hook });
  const outcome = parseConfig(text, {
    path: 'c.toml',
    currentUser: owner,
    isRoot: owner === 'root',
    cores: 1,
  });
  return outcome.kind === 'valid' ? outcome.config : assert.fail(JSON.stringify(outcome));
}

test('devConfig() is valid, with and without a hook, as root too', () => {
  const config = read('cat; echo "done"');
  assert.deepEqual(
    [config.domain, config.dataDir, config.smtp.bind, config.dns.servers, config.journal.allowMemory],
    ['localhost', '/srv/sam/.aimx/data', ['127.0.0.1:2525'], [], true],
  );
  const hook = config.mailboxes[0]?.hooks[0];
  assert.deepEqual(hook?.cmd, ['/bin/sh', '-c', 'cat; echo "done"']);
  assert.deepEqual([hook?.fireOnUntrusted, hook?.timeoutSeconds], [true, 900]);
  assert.deepEqual(read(null).mailboxes[0]?.hooks, []);
  assert.equal(read('true', 'root').mailboxes[0]?.owner, 'root');
});

test('devConfig() carries any command to the shell as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (hook) => {
      fc.pre(!hook.includes('\0'));
      assert.equal(read(hook).mailboxes[0]?.hooks[0]?.cmd[2], hook);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from './config.ts';
import { diffConfig, reloadedConfig, restartKey } from './diff.ts';
import { parseConfig } from './parse.ts';

function config(text: string): Config {
  const outcome = parseConfig(text, { path: 'c.toml', currentUser: 'sam', isRoot: false, cores: 1 });
  return outcome.kind === 'valid' ? outcome.config : assert.fail(JSON.stringify(outcome));
}

const hook = (name: string): string =>
  `[[mailboxes.sam.hooks]]\nname = "${name}"\nevent = "on_receive"\ncmd = ["/bin/true"]\n`;
const BASE = `domain = "example.com"\n[mailboxes.sam]\naddress = "sam@example.com"\n${hook('a')}${hook('b')}`;

function check(before: string, after: string, expected: readonly string[]): void {
  const changes = diffConfig(config(before), config(after));
  assert.deepEqual(
    changes.map(
      (change) =>
        `${change.kind} ${change.key}${change.needsRestart ? ` restart ${restartKey(change)}` : ''}`,
    ),
    expected,
  );
}

test('diffConfig() names what changed, mailboxes and hooks by name', () => {
  check(BASE, BASE, []);
  check(BASE, `keep_raw = "1d"\n${BASE}`, ['changed keepRawMs']);
  check(BASE, `${BASE}[mailboxes.bob]\naddress = "bob@example.com"\n`, ['added mailboxes.bob']);
  check(BASE, 'domain = "example.com"\n', ['removed mailboxes.sam']);
  check(BASE, BASE.replace(hook('b'), ''), ['removed mailboxes.sam.hooks.b']);
  check(BASE, BASE.replace(hook('a'), '').replace(hook('b'), ''), [
    'removed mailboxes.sam.hooks.a',
    'removed mailboxes.sam.hooks.b',
  ]);
  check(BASE, BASE.replace(hook('b'), `${hook('b')}timeout_secs = 5\n`), [
    'changed mailboxes.sam.hooks.b.timeoutSeconds',
  ]);
  check(BASE, BASE.replace(hook('a') + hook('b'), hook('b') + hook('a')), ['changed mailboxes.sam.hooks']);
});

test('diffConfig() says what only a restart changes', () => {
  check(BASE, `data_dir = "/x"\n${BASE}`, ['changed dataDir restart data_dir']);
  check(BASE, `smtp.bind = ["127.0.0.1:26"]\n${BASE}`, ['changed smtp.bind restart smtp.bind']);
  check(BASE, `http.listen = "127.0.0.1:80"\n${BASE}`, ['changed http restart http']);
  check(BASE, `smtp.max_recipients = 200\n${BASE}`, ['changed smtp.maxRecipients']);
});

test('reloadedConfig() takes in everything but what only a restart changes', () => {
  const before = config(BASE);
  const after = config(
    `data_dir = "/x"
smtp.bind = ["127.0.0.1:26"]
smtp.max_recipients = 200
http.listen = "127.0.0.1:80"
journal.allow_memory = true
${BASE}`,
  );
  const lasting = diffConfig(before, after).filter(({ needsRestart }) => needsRestart);
  assert.equal(lasting.length, 4);
  assert.deepEqual(
    diffConfig(before, reloadedConfig(before, after)).map(({ key }) => key),
    ['smtp.maxRecipients'],
  );
});

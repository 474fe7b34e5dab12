import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBind, parseBind } from './bind.ts';

test('parseBind() reads host:port, IPv6 in brackets', () => {
  const check = (text: string, host: string, port: number): void => {
    assert.deepEqual(parseBind(text), { host, port });
    assert.equal(formatBind({ host, port }), text);
  };
  check('0.0.0.0:25', '0.0.0.0', 25);
  check('[::]:25', '::', 25);
  check('localhost:0', 'localhost', 0);
  check('[2001:db8::1]:65535', '2001:db8::1', 65535);
});

test('parseBind() refuses everything else as a config error', () => {
  for (const text of ['', '25', ':25', 'host', 'host:', 'host:x', '::1:25', '[::1]', 'host:65536', 'a b:25'])
    assert.throws(() => parseBind(text), { code: 'config.invalid' }, text);
});

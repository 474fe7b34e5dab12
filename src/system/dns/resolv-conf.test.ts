import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { simulatedClock } from '../clock.sim.ts';
import { parseResolvConf, watchResolvConf } from './resolv-conf.ts';
import { formatServerAddress, parseServerAddress } from './server-address.ts';

function check(text: string, expected: readonly string[]): void {
  assert.deepEqual(parseResolvConf(text).map(formatServerAddress), expected);
}

test('parseResolvConf() takes the first three name servers', () => {
  check('', ['127.0.0.1:53']);
  check('search example.com\noptions timeout:1\n', ['127.0.0.1:53']);
  check('# nameserver 192.0.2.9\n;nameserver 192.0.2.9\n nameserver 192.0.2.9\n', ['127.0.0.1:53']);
  check('nameserver 192.0.2.1\r\nnameserver\t2001:db8::1 # ours\n', ['192.0.2.1:53', '[2001:db8::1]:53']);
  check('nameserver fe80::1%eth0\nnameserver dns.example\n', ['[fe80::1%eth0]:53']);
  check([1, 2, 3, 4].map((at) => `nameserver 192.0.2.${at}\n`).join(''), [
    '192.0.2.1:53',
    '192.0.2.2:53',
    '192.0.2.3:53',
  ]);
});

test('watchResolvConf() sees a file that comes, changes, is replaced and goes', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aimx-resolv-conf-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'resolv.conf');
  const clock = simulatedClock();
  const current = watchResolvConf(clock, path);
  const look = (expected: string): void => {
    clock.advance(5_000);
    assert.deepEqual(current().map(formatServerAddress), [expected]);
  };
  look('127.0.0.1:53');
  writeFileSync(path, 'nameserver 192.0.2.1\n');
  look('192.0.2.1:53');
  assert.equal(current(), current(), 'the list stays the same object');
  writeFileSync(`${path}.new`, 'nameserver 192.0.2.2\n');
  renameSync(`${path}.new`, path);
  clock.advance(100);
  assert.deepEqual(current().map(formatServerAddress), ['192.0.2.1:53']);
  look('192.0.2.2:53');
  rmSync(path);
  look('127.0.0.1:53');
});

test('parseServerAddress() takes addresses of both families', () => {
  for (const text of ['192.0.2.1:53', '[2001:db8::1]:5353', 'localhost:53']) {
    assert.equal(formatServerAddress(parseServerAddress(text)), text);
  }
  assert.throws(() => parseServerAddress('192.0.2.1'), { code: 'config.invalid' });
});

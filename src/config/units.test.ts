import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearestName } from './nearest.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

test('parseDuration() reads one number with one unit', () => {
  const check = (text: string, expected: number | null): void =>
    assert.equal(parseDuration(text), expected, text);
  check('90s', 90_000);
  check('35d', 35 * 86_400_000);
  check('5 m', 300_000);
  check('250ms', 250);
  check('0s', 0);
  for (const text of ['', 's', '90', '-1s', '1.5h', '1h30m', '9999999999999999d', '1 constructor', '1S'])
    check(text, null);
});

test('parseSize() reads bytes, decimal and binary units', () => {
  const check = (text: string, expected: number | null): void =>
    assert.equal(parseSize(text), expected, text);
  check('25MiB', 25 * 1024 * 1024);
  check('1kB', 1000);
  check('512B', 512);
  for (const text of ['', '25', 'MiB', '25Mi', '1.5GiB', '99999999999999GiB']) check(text, null);
});

test('parseDuration(formatDuration(x)) = x, and the same for sizes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10_000_000_000 }), (value) => {
      assert.equal(parseDuration(formatDuration(value)), value);
      assert.equal(parseSize(formatSize(value)), value);
    }),
  );
});

test('nearestName() finds the misspelt name and nothing far away', () => {
  const known = ['timeout_secs', 'name', 'cmd', 'event', 'env'];
  const check = (name: string, expected: string | null): void =>
    assert.equal(nearestName(name, known), expected, name);
  check('timeout_sec', 'timeout_secs');
  check('timeoutsecs', 'timeout_secs');
  check('nmae', 'name');
  check('Name', 'name');
  check('evnt', 'event');
  check('command', null);
  check('zz', null);
  check('', null);
  check('x'.repeat(100_000), null);
});

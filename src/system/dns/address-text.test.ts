import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpv4, formatIpv6 } from './address-text.ts';

/** @param groups Eight, in hexadecimal. */
function check(groups: string, expected: string): void {
  const hex = groups.split(' ').map((group) => group.padStart(4, '0'));
  assert.equal(formatIpv6(Buffer.from(hex.join(''), 'hex')), expected);
}

test('formatIpv6() writes the one form of RFC 5952', () => {
  check('2001 db8 0 0 0 0 0 1', '2001:db8::1');
  check('2001 db8 0 1 1 1 1 1', '2001:db8:0:1:1:1:1:1');
  check('2001 0 0 1 0 0 0 1', '2001:0:0:1::1');
  check('2001 db8 0 0 1 0 0 1', '2001:db8::1:0:0:1');
  check('0 0 0 0 0 0 0 0', '::');
  check('0 0 0 0 0 0 0 1', '::1');
  check('1 0 0 0 0 0 0 0', '1::');
  check('ABCD ef01 23 4 5 6 7 8', 'abcd:ef01:23:4:5:6:7:8');
});

test('formatIpv4() writes dotted decimal', () => {
  assert.equal(formatIpv4(Uint8Array.of(192, 0, 2, 255)), '192.0.2.255');
});

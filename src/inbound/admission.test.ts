import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionCounts, partyOf } from './admission.ts';

const LIMITS = { maxConnections: 4, maxConnectionsPerAddress: 2 };
const ADMITTED = { kind: 'admitted' };

test('admissionCounts() limits one address, and gives its place back', () => {
  const counts = admissionCounts();
  assert.deepEqual(counts.admit('192.0.2.1', LIMITS), ADMITTED);
  assert.deepEqual(counts.admit('192.0.2.1', LIMITS), ADMITTED);
  assert.deepEqual(counts.admit('192.0.2.1', LIMITS), { kind: 'refused', why: 'connections-per-address' });
  assert.deepEqual(counts.admit('192.0.2.2', LIMITS), ADMITTED);
  counts.leave('192.0.2.1');
  assert.deepEqual(counts.admit('192.0.2.1', LIMITS), ADMITTED);
});

test('admissionCounts() limits all together, loopback too', () => {
  const counts = admissionCounts();
  for (let n = 0; n < LIMITS.maxConnections; n += 1)
    assert.deepEqual(counts.admit('127.0.0.1', LIMITS), ADMITTED);
  assert.deepEqual(counts.admit('127.0.0.1', LIMITS), { kind: 'refused', why: 'connections' });
  counts.leave('127.0.0.1');
  assert.equal(counts.connections, 3);
  assert.deepEqual(counts.admit('::1', LIMITS), ADMITTED);
});

test('partyOf() takes the /64 of an IPv6 address for one client', () => {
  const check = (address: string, expected: string | null): void => assert.equal(partyOf(address), expected);
  check('192.0.2.1', '192.0.2.1');
  check('127.0.0.53', null);
  check('::1', null);
  check('2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64');
  check('2001:db8:1:2::1', '2001:db8:1:2::/64');
  check('2001:db8::1', '2001:db8:0:0::/64');
  check('fe80::1', 'fe80:0:0:0::/64');
});

import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  dottedAddress,
  isInNetwork,
  parseClientAddress,
  parseIpv4,
  parseIpv6,
  reverseName,
} from './ip-address.ts';

describe('parseIpv4()', () => {
  const check = (input: string, expected: readonly number[] | null, section: string): void => {
    it(`${section}: ${JSON.stringify(input)}`, () => {
      assert.deepEqual(parseIpv4(input)?.octets ?? null, expected);
    });
  };
  check('192.0.2.1', [192, 0, 2, 1], 'RFC 7208 §5.6 ip4-network');
  check('0.0.0.0', [0, 0, 0, 0], 'RFC 7208 §5.6 qnum');
  check('256.0.2.1', null, 'RFC 7208 §5.6 qnum');
  check('192.0.2.01', null, 'RFC 7208 §5.6: no leading zero');
  check('192.0.2', null, 'RFC 7208 §5.6: no part may be left out');
  check('192.0.2.1\n', null, 'RFC 7208 §5.6');
  check('192.0.2.1.', null, 'RFC 7208 §5.6');
});

describe('parseIpv6()', () => {
  const check = (input: string, expected: string | null): void => {
    it(`RFC 4291 §2.2: ${input.slice(0, 50)}`, () => {
      const address = parseIpv6(input);
      assert.equal(address === null ? null : Buffer.from(address.octets).toString('hex'), expected);
    });
  };
  check('::', '0'.repeat(32));
  check('::1', `${'0'.repeat(31)}1`);
  check('2001:DB8::CB01', '20010db800000000000000000000cb01');
  check('1:2:3:4:5:6:7:8', '00010002000300040005000600070008');
  check('1:2:3:4:5:6:7::', '00010002000300040005000600070000');
  check('::ffff:192.0.2.1', '00000000000000000000ffffc0000201');
  check('1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201');
  check('1:2:3:4:5:6:7', null);
  check('1:2:3:4:5:6:7:8::', null);
  check('1::2::3', null);
  check(':1::2', null);
  check('192.0.2.1::', null);
  check('192.0.2.1', null);
  check('fe80::1%eth0', null);
  check('12345::', null);
  check('', null);
  check(':'.repeat(1_000_000), null);
});

describe('parseClientAddress()', () => {
  it('RFC 7208 §5: takes an IPv4-mapped address for the IPv4 address in it', () => {
    assert.deepEqual(parseClientAddress('::FFFF:192.0.2.1'), parseIpv4('192.0.2.1'));
    assert.deepEqual(parseClientAddress('::ffff:c000:201'), parseIpv4('192.0.2.1'));
    assert.equal(parseClientAddress('::fffe:192.0.2.1')?.family, 'ipv6');
    assert.equal(parseClientAddress('1::ffff:192.0.2.1')?.family, 'ipv6');
    assert.equal(parseClientAddress('::192.0.2.1')?.family, 'ipv6');
  });

  it('agrees with Node on what an address is', () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0129af:.'), maxLength: 40 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(parseIpv4(text) !== null, isIPv4(text), text);
        assert.equal(parseIpv6(text) !== null, isIPv6(text), text);
      }),
    );
  });
});

describe('isInNetwork()', () => {
  const check = (address: string, network: string, prefixLength: number, expected: boolean): void => {
    it(`${address} in ${network}/${prefixLength}: ${expected}`, () => {
      const [a, b] = [address, network].map((text) => parseIpv4(text) ?? parseIpv6(text));
      assert.ok(a && b);
      assert.equal(isInNetwork(a, b, prefixLength), expected);
    });
  };
  check('192.0.2.131', '192.0.2.128', 30, true);
  check('192.0.2.132', '192.0.2.128', 30, false);
  check('192.0.2.1', '198.51.100.1', 0, true);
  check('192.0.2.1', '192.0.2.1', 32, true);
  check('192.0.2.1', '192.0.2.0', 32, false);
  check('128.0.0.0', '0.0.0.0', 1, false);
  check('2001:db8:8000::1', '2001:db8:8001::', 33, true);
  check('2001:db8:7fff::', '2001:db8:8000::', 33, false);
  check('2001:db8::1', '2001:db8::', 128, false);
  check('192.0.2.1', '::', 0, false);
});

describe('dottedAddress() and reverseName()', () => {
  it('RFC 7208 §7.3, RFC 1035 §3.5, RFC 3596 §2.5: octets, or nibbles', () => {
    const [v4, v6] = [parseIpv4('192.0.2.3'), parseIpv6('2001:db8::cb01')];
    assert.ok(v4 && v6);
    assert.equal(dottedAddress(v4), '192.0.2.3');
    assert.equal(reverseName(v4), '3.2.0.192.in-addr.arpa');
    assert.equal(dottedAddress(v6), '2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1');
    assert.equal(reverseName(v6), '1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparableDomain, organizationalDomain } from './organizational-domain.ts';

test('organizationalDomain() is the public suffix and one label (RFC 7489 §3.2)', () => {
  const check = (domain: string, expected: string): void =>
    assert.equal(organizationalDomain(domain), expected, domain);
  check('example.com', 'example.com');
  check('a.b.c.d.example.com', 'example.com');
  check('mail.example.co.uk', 'example.co.uk');
  // A public suffix is an organization of its own, and so is a single label.
  check('com', 'com');
  check('co.uk', 'co.uk');
  check('localhost', 'localhost');
  // Wildcards and exceptions of the list.
  check('a.b.kobe.jp', 'a.b.kobe.jp');
  check('x.a.b.kobe.jp', 'a.b.kobe.jp');
  check('a.city.kobe.jp', 'city.kobe.jp');
  check('a.www.ck', 'www.ck');
  // Private suffixes: tenants are strangers to each other and to the suffix.
  check('github.io', 'github.io');
  check('tenant.github.io', 'tenant.github.io');
  check('mail.tenant.github.io', 'tenant.github.io');
  check('a.blogspot.com', 'a.blogspot.com');
  // Tenants of a suffix that is not in the list.
  check('tenant.onmicrosoft.com', 'tenant.onmicrosoft.com');
  check('a.tenant.onmicrosoft.com', 'tenant.onmicrosoft.com');
  check('tenant.mail.onmicrosoft.com', 'tenant.mail.onmicrosoft.com');
  check('onmicrosoft.com', 'onmicrosoft.com');
  check('nonmicrosoft.com', 'nonmicrosoft.com');
  // A-labels, in the name and in the suffix.
  check('a.xn--85x722f.xn--55qx5d.cn', 'xn--85x722f.xn--55qx5d.cn');
  check('mail.xn--e1afmkfd.xn--p1ai', 'xn--e1afmkfd.xn--p1ai');
  // A suffix that the list does not know.
  check('mail.corp.unlisted', 'corp.unlisted');
});

test('comparableDomain() makes one form of a name, and none of what is no name', () => {
  const check = (text: string, expected: string | null): void =>
    assert.equal(comparableDomain(text), expected, text);
  check('Example.COM', 'example.com');
  check('example.com.', 'example.com');
  check('example.com..', null);
  check('bücher.example', 'xn--bcher-kva.example');
  check('BÜCHER.example', 'xn--bcher-kva.example');
  check('xn--bcher-kva.example', 'xn--bcher-kva.example');
  check('localhost', 'localhost');
  check('127.0.0.1', null);
  check('10.1', null);
  check('[192.0.2.1]', null);
  check('2001:db8::1', null);
  check('', null);
  check('.', null);
  check('a..b', null);
  check('-a.example', null);
  check('a b.example', null);
  check('a.example\u0000', null);
});

test('organizationalDomain() is a suffix of the name and its own organizational domain', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const suffix = fc.constantFrom('com', 'co.uk', 'github.io', 'kobe.jp', 'ck', 'unlisted', 'xn--p1ai');
  fc.assert(
    fc.property(fc.array(label, { maxLength: 4 }), suffix, (labels, end) => {
      const domain = [...labels, end].join('.');
      const found = organizationalDomain(domain);
      assert.ok(domain === found || domain.endsWith(`.${found}`));
      assert.equal(organizationalDomain(found), found);
    }),
  );
});

test('comparableDomain() takes any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const domain = comparableDomain(text);
      if (domain !== null)
        assert.equal(comparableDomain(organizationalDomain(domain)), organizationalDomain(domain));
    }),
  );
});

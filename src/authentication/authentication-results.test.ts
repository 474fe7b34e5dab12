import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { METHODS_MAX, parseAuthenticationResults } from './authentication-results.ts';

/** @param expected `method=result` and its properties, one string each; null for what cannot be read. */
function check(text: string, expected: readonly string[] | null): void {
  const results = parseAuthenticationResults(text);
  const found = results?.methods.map(({ method, result, properties }) => {
    const pairs = Object.entries(properties).map(([name, value]) => ` ${name}=${value}`);
    return `${method}=${result}${pairs.join('')}`;
  });
  assert.deepEqual(found ?? null, expected, text);
}

test('parseAuthenticationResults() reads the examples of RFC 8601 §B', () => {
  check('example.org 1; none', []);
  check('example.com; spf=pass smtp.mailfrom=example.net', ['spf=pass smtp.mailfrom=example.net']);
  check(
    'example.com;\r\n auth=pass (cleartext) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net',
    ['auth=pass smtp.auth=sender@example.net', 'spf=pass smtp.mailfrom=example.net'],
  );
  check(
    'example.com; dkim=pass reason="good signature" header.i=@mail-router.example.net; dkim=fail reason="bad signature" header.i=@newyork.example.com',
    ['dkim=pass header.i=@mail-router.example.net', 'dkim=fail header.i=@newyork.example.com'],
  );
  check(
    "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
    ['dkim=fail policy.expired=1362471462'],
  );
});

test('parseAuthenticationResults() reads what large receivers write', () => {
  check(
    'mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=k header.b=AbC/+d=;\r\n       spf=pass (google.com: domain of a@example.com designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@example.com;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com',
    [
      'dkim=pass header.i=@example.com header.s=k header.b=AbC/+d=',
      'spf=pass smtp.mailfrom=a@example.com',
      'dmarc=pass header.from=example.com',
    ],
  );
  check(
    'mx.microsoft.com 1; spf=pass smtp.mailfrom=example.com; dmarc=pass action=none header.from=example.com; dkim=pass header.d=example.com; arc=none',
    [
      'spf=pass smtp.mailfrom=example.com',
      'dmarc=pass header.from=example.com',
      'dkim=pass header.d=example.com',
      'arc=none',
    ],
  );
});

test('parseAuthenticationResults() takes nothing out of quotes and comments', () => {
  check('a.example; spf=fail smtp.mailfrom="x; dmarc=pass header.from=b.example"', [
    'spf=fail smtp.mailfrom=x; dmarc=pass header.from=b.example',
  ]);
  check('a.example; spf=pass smtp.mailfrom="a b=c;"@b.example', ['spf=pass smtp.mailfrom=a b=c;@b.example']);
  check('a.example; spf=fail (x; (dmarc=pass) \\) header.from=b.example) smtp.helo=c', [
    'spf=fail smtp.helo=c',
  ]);
  check('a.example; spf=fail reason="\\"; dmarc=pass"', ['spf=fail']);
  check('"a; dmarc=pass"; spf=none', ['spf=none']);
});

test('parseAuthenticationResults() reads nothing where a quote or comment never ends, or no host is named', () => {
  for (const text of ['', ';', '; spf=pass', 'a.example; spf=pass "', 'a.example; spf=pass (', '(a.example)'])
    check(text, null);
});

test('parseAuthenticationResults() leaves out what is no method, and the second of two equal names', () => {
  check('a.example; ; =pass; spf; spf pass; s/pf=pass; dkim=pass header.d=a header.d=b header=c .d=e x', [
    'dkim=pass header.d=a',
  ]);
  check('a.example; DKIM/1=PASS HEADER.D=Example.com', ['dkim=pass header.d=Example.com']);
  check('a.example; dkim=pass header.b= header.d=a', ['dkim=pass header.b= header.d=a']);
  check('a.example; x=y __proto__.a=b constructor.c=d', ['x=y __proto__.a=b constructor.c=d']);
});

test('parseAuthenticationResults() is bounded, linear, and never throws', () => {
  const many = parseAuthenticationResults(`a.example${'; spf=pass'.repeat(100_000)}`);
  assert.equal(many?.methods.length, METHODS_MAX);
  const long = parseAuthenticationResults(`a.example; spf=pass smtp.helo=${'x'.repeat(100_000)}`);
  assert.equal(long?.methods[0]?.properties['smtp.helo']?.length, 490);
  const start = performance.now();
  for (const piece of ['(', '"', ' a', '=', '.', '\\', 'a . ', 'a = ', ';', '()', '/1'])
    parseAuthenticationResults(`a.example; spf=pass ${piece.repeat(200_000)}`);
  assert.ok(performance.now() - start < 2000);
  const unit = fc.constantFrom('a', ';', '=', '.', '"', '(', ')', '\\', ' ', '\r\n', '/', '\xff');
  fc.assert(fc.property(fc.string({ unit }), (text) => void parseAuthenticationResults(text)));
});

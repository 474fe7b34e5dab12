import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alignment } from '../verdict.ts';
import { alignmentOf } from './alignment.ts';

/** Expected: relaxed, strict, unknown mode. */
function check(domain: string | null, author: string | null, expected: readonly Alignment[]): void {
  const modes = ['relaxed', 'strict', 'unknown'] as const;
  const found = modes.map((mode) => alignmentOf(domain, { author, mode }));
  assert.deepEqual(found, expected, `${domain} for ${author}`);
}

const SAME: readonly Alignment[] = ['aligned', 'aligned', 'aligned'];
const RELATED: readonly Alignment[] = ['aligned', 'unaligned', 'unknown'];
const STRANGER: readonly Alignment[] = ['unaligned', 'unaligned', 'unaligned'];

test('alignmentOf() decides the examples of RFC 7489 B.1', () => {
  // B.1.1, SPF: MAIL FROM's domain and From's.
  check('example.com', 'example.com', SAME);
  check('child.example.com', 'example.com', RELATED);
  check('example.net', 'child.example.com', STRANGER);
  // B.1.2, DKIM: d= and From's.
  check('example.com', 'child.example.com', RELATED);
  check('sample.net', 'child.example.com', STRANGER);
  // §3.1.1: a d= that is a public suffix stands for nobody below it.
  check('com', 'example.com', STRANGER);
});

test('alignmentOf() compares names and not texts', () => {
  check('EXAMPLE.com.', 'example.com', SAME);
  check('bücher.example', 'xn--bcher-kva.example', SAME);
  check('mail.bücher.example', 'xn--bcher-kva.example', RELATED);
  check('notexample.com', 'example.com', STRANGER);
  check('example.com.evil.example', 'example.com', STRANGER);
  check('github.io', 'tenant.github.io', STRANGER);
  check('other.github.io', 'tenant.github.io', STRANGER);
  check('mail.tenant.github.io', 'tenant.github.io', RELATED);
  // Cyrillic letters that look like Latin ones.
  check('ехаmple.com', 'example.com', STRANGER);
  check('', 'example.com', STRANGER);
  check(null, 'example.com', STRANGER);
  check('example.com', null, STRANGER);
  check('192.0.2.1', '192.0.2.1', STRANGER);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../../system/clock.ts';
import { baseId, slugOf } from './slug.ts';

test('slugOf() gives the slugs of contract §4', () => {
  const check = (subject: string, expected: string): void => assert.equal(slugOf(subject), expected, subject);
  check('Hello World', 'hello-world');
  check('This is a very long subject that should be truncated', 'this-is-a-very-long');
  check('Invoice #123 for 2025', 'invoice-123-for-2025');
  check('Re: Re: [JIRA] (PROJ-12) Fix_it', 're-re-jira-proj-12-f');
  check('Héllo Wörld!', 'héllo-wörld');
  check('Héllo Wörld!'.normalize('NFD'), 'héllo-wörld');
  check('日本語の件名テスト', '日本語の件名テスト');
  check('🎉 Party 🎉 time', 'party-time');
  check('½ price & ①', '½-price-①');
  check('İstanbul', 'i-stanbul');
  check('!!!???', 'no-subject');
  check('', 'no-subject');
});

test('slugOf() never gives a separator, a dot, a control character or more than 20 code points', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (subject) => {
      const slug = slugOf(subject);
      assert.match(slug, /^[\p{Alphabetic}\p{N}](?:[\p{Alphabetic}\p{N}-]*[\p{Alphabetic}\p{N}])?$/u);
      assert.ok(Array.from(slug).length <= 20);
    }),
  );
});

test('baseId() is the time of receipt in UTC and the slug', () => {
  const at = epochMs(Date.UTC(2025, 3, 9, 7, 5, 3, 999));
  assert.equal(baseId(at, 'Hello World'), '2025-04-09-070503-hello-world');
});

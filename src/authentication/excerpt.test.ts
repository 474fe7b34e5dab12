import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { excerpt } from './excerpt.ts';

it('excerpt() quotes, escapes what is not printable ASCII, and says where it cut', () => {
  assert.equal(excerpt('a.example'), '"a.example"');
  assert.equal(excerpt('a"b\\c'), '"a\\"b\\\\c"');
  assert.equal(excerpt('a\r\n\u202eb'), '"a\\u000d\\u000a\\u202eb"');
  assert.equal(excerpt('x'.repeat(101)), `"${'x'.repeat(100)}…"`);
});

it('excerpt() is one line, bounded, and can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const shown = excerpt(text);
      assert.match(shown, /^"[ -~]*…?"$/);
      assert.ok(shown.length <= 603);
      if (text.length <= 100) assert.equal(JSON.parse(shown), text);
    }),
  );
});

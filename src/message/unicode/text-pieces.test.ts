import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textPieces } from './text-pieces.ts';

test('textPieces() loses nothing and cuts no character', () => {
  const check = (text: string): void => {
    const pieces = [...textPieces(text)];
    assert.equal(pieces.join(''), text);
    for (const piece of pieces) {
      assert.ok(piece.length <= 66_000 && piece.length > 0);
      assert.equal(piece.isWellFormed(), text.isWellFormed());
    }
  };
  check('');
  check('a');
  for (const unit of ['a', '\r\n', '🏴', '👩\u200d', '\u200d', '\u{e0067}', 'a\ufe0f', '\u{e0100}']) {
    check(unit.repeat(200_000));
    check(`a${unit.repeat(70_000)}`);
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (unit) =>
      check(unit.repeat(70_000 / unit.length)),
    ),
    { numRuns: 50 },
  );
});

test('textPieces() cuts before no joiner and in no line end', () => {
  for (const unit of ['\r\n', 'a\u200d', '👩\ufe0f', '🏴\u{e0067}']) {
    const [, second = ''] = textPieces(`x${unit.repeat(100_000)}`);
    assert.match(second, /^(?:\r|[a-z]|👩|🏴)/u, JSON.stringify(unit));
  }
});

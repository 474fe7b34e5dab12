import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { type KeyPath, mapLines } from './line-map.ts';

/** Every key of a parsed document as a path. */
function pathsOf(value: unknown, path: KeyPath = []): readonly KeyPath[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => pathsOf(entry, [...path, index]));
  if (typeof value !== 'object' || value === null || value instanceof Date) return [path];
  return [path, ...Object.entries(value).flatMap(([key, entry]) => pathsOf(entry, [...path, key]))];
}

function check(text: string, expected: Readonly<Record<string, number>>): void {
  parse(text);
  const lines = mapLines(text);
  for (const [path, line] of Object.entries(expected)) {
    const parts = path.split(' ').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    assert.equal(lines.lineOf(parts), line, `${path} in\n${text}`);
  }
}

test('mapLines() finds keys, tables and what is missing in them', () => {
  check('a = 1\n\n# c = 2\n[t]\nb = 2\n', { a: 1, t: 4, 't b': 5, 't missing': 4 });
  check('a = 1\r\nb = 2\r\n', { a: 1, b: 2 });
  check('[a.b]\nx = 1\n[a]\ny = 1\n', { a: 1, 'a b': 1, 'a b x': 2, 'a y': 4 });
  assert.equal(mapLines('a = 1\n').lineOf(['b']), null);
});

test('mapLines() counts arrays of tables and finds tables within their last one', () => {
  check('[[h]]\nn = 1\n[[h]]\nn = 2\n[h.e]\nx = 1\n', {
    h: 1,
    'h 0': 1,
    'h 0 n': 2,
    'h 1': 3,
    'h 1 n': 4,
    'h 1 e': 5,
    'h 1 e x': 6,
  });
  check('[m.a]\n[[m.a.h]]\nx=1\n[m.b]\n[[m.b.h]]\nx=1\n[[m.a.h]]\nx=1\n', {
    'm a h 0 x': 3,
    'm b h 0 x': 6,
    'm a h 1 x': 8,
  });
});

test('mapLines() reads dotted, quoted and escaped keys', () => {
  check('a.b.c = 1\na.b.d = 2\n', { 'a b c': 1, 'a b d': 2, 'a b': 1 });
  check('"x.y" = 1\n\'z\' . w = 2\n"\\u0041" = 3\n', { 'x.y': 1, 'z w': 2, A: 3 });
});

test('mapLines() looks into inline tables and arrays', () => {
  check('h = [\n  { a = 1, b = { c = 2 } }, # x ]\n  { a = 3 },\n]\nz = 1\n', {
    'h 0 a': 2,
    'h 0 b c': 2,
    'h 1 a': 3,
    z: 5,
  });
  check('l = [\n1,\n"two",\n[3,\n4]\n]\n', { 'l 0': 2, 'l 1': 3, 'l 2 0': 4, 'l 2 1': 5 });
});

test('mapLines() is not led astray by strings', () => {
  check('a = """\n[fake]\nb = 1\n\\""" """\nc = 1\n', { c: 5 });
  check("a = '''\n[fake]\n'''\nc = 1\n", { c: 4 });
  check('a = "\\" ] # \\\\"\nc = 1\n', { c: 2 });
  check('a = """x"""""\nc = 1\n', { c: 2 });
  check("a = '#'\nb = [\"]\", ']']\nc = 1\n", { b: 2, c: 3 });
});

test('mapLines() knows a line for every key of a valid document', () => {
  const key = fc.stringMatching(/^[a-z]{1,3}$/);
  const text = fc
    .array(
      fc.oneof(
        fc.tuple(key, fc.integer()).map(([k, v]) => `${k} = ${v}`),
        fc.tuple(key, key).map(([k, l]) => `[[${k}.${l}]]`),
        key.map((k) => `[${k}]`),
        fc.tuple(key, fc.array(fc.string())).map(([k, v]) => `${k} = ${JSON.stringify(v)}`),
        fc.tuple(key, key, fc.string()).map(([k, l, v]) => `${k} = { ${l} = ${JSON.stringify(v)} }`),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('\n'));
  fc.assert(
    fc.property(text, (document) => {
      let value: unknown;
      try {
        value = parse(document);
      } catch {
        return; // Not a valid document; the next property takes those.
      }
      const lines = mapLines(document);
      for (const path of pathsOf(value)) if (path.length > 0) assert.notEqual(lines.lineOf(path), null);
    }),
  );
});

test('mapLines() takes any text', () => {
  const fragments = fc.array(
    fc.constantFrom(
      '[',
      ']',
      '[[',
      ']]',
      '{',
      '}',
      '"',
      "'",
      '"""',
      "'''",
      '=',
      '.',
      ',',
      '#',
      '\n',
      '\\',
      'a',
      '1',
      ' ',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fragments.map((parts) => parts.join('')),
      ),
      (text) => {
        mapLines(text).lineOf(['a', 0, 'b']);
      },
    ),
    { numRuns: 2000 },
  );
});

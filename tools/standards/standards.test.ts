import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectCitations } from './citations.ts';
import { standardsPage } from './page.ts';

test('collectCitations() gives a section to the document named last', () => {
  const check = (text: string, expected: readonly string[]): void =>
    assert.deepEqual(
      collectCitations(text).map(({ rfc, section }) => (section === null ? `${rfc}` : `${rfc} ${section}`)),
      expected,
    );
  check('// RFC 5321 §4.5.2', ['5321', '5321 4.5.2']);
  check('// RFC 5321 §4.1.1.3, §4.5.5', ['5321', '5321 4.1.1.3', '5321 4.5.5']);
  check('// RFC 3834\n// (§5)', ['3834', '3834 5']);
  check('// RFC 5321 (contract §7)', ['5321']);
  check('// RFC 5321\n\n// §3', ['5321']);
  check('// RFC 5322 §A.5', ['5322', '5322 A.5']);
  check('// design §3.2', []);
});

test('standardsPage() sorts sections by number and names RFCs without a row', () => {
  const { page, unknown } = standardsPage([
    { path: 'src/smtp/a.ts', text: '// RFC 5321 §4.10, §4.9' },
    { path: 'src/smtp/b.ts', text: '// RFC 99999 §1' },
  ]);
  assert.match(page, /§4\.9 .*\n.*§4\.10 /);
  assert.deepEqual(unknown, ['RFC 99999, cited in src/smtp/b.ts']);
});

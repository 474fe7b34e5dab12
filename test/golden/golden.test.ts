/** Mails and the documents they become: `<family>/<name>.eml` → `<name>.md`. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAMILIES, renderGolden, withLineEnds } from './render-golden.ts';

/** What counts octets or hashes them differs with the line ends, and nothing else may. */
function withoutCounts(document: string): string {
  return document.replace(/^(size_bytes|size|fingerprint) = .*$/gm, '$1').replace(/^thread_id = .*$/m, '');
}

for (const family of FAMILIES) {
  const folder = join(import.meta.dirname, family);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.eml'))) {
    test(`renderMessage() makes ${family}/${name} what is expected, with CRLF and with LF`, () => {
      const raw = readFileSync(join(folder, name));
      const expected = readFileSync(join(folder, name.replace(/eml$/, 'md')), 'utf8');
      assert.equal(renderGolden(withLineEnds(raw, '\r\n')), expected);
      assert.equal(withoutCounts(renderGolden(withLineEnds(raw, '\n'))), withoutCounts(expected));
    });
  }
}

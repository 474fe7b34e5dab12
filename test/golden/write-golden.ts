/** Writes the expected documents anew, for review: `node test/golden/write-golden.ts`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES, renderGolden, withLineEnds } from './render-golden.ts';

for (const family of FAMILIES) {
  const folder = join(import.meta.dirname, family);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.eml'))) {
    const raw = withLineEnds(readFileSync(join(folder, name)), '\r\n');
    writeFileSync(join(folder, name.replace(/eml$/, 'md')), renderGolden(raw));
  }
}

/** `npm run check:rfc`: every cited RFC is known, and `docs/reference/standards.md` lists each citation. */
import { globSync, readFileSync } from 'node:fs';
import { writeOrCompare } from './generated.ts';
import { standardsPage } from './standards/page.ts';

const paths = globSync('src/**/*.ts')
  .filter((path) => !/\.(test|sim)\.ts$/.test(path))
  .sort();
const { page, unknown } = standardsPage(paths.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
for (const rfc of unknown) console.error(`${rfc}: it has no row in tools/standards/rfcs.ts`);
const fresh = writeOrCompare('docs/reference/standards.md', page);
process.exitCode = unknown.length === 0 && fresh ? 0 : 1;

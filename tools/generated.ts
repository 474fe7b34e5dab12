/** Pages that are made from a source: written by `npm run docs`, compared by the checks. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes `page` to `path` when the program was called with `--write`; else says whether it is the
 * same as what is there.
 *
 * @returns false where the file is stale; a line on stderr says what to do.
 */
export function writeOrCompare(path: string, page: string): boolean {
  if (process.argv.includes('--write')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, page);
    return true;
  }
  if (existsSync(path) && readFileSync(path, 'utf8') === page) return true;
  console.error(`${path} is not what its source makes: run \`npm run docs\` and commit the result`);
  return false;
}

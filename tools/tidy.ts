/** `npm run check:tidy`: what the compiler and the formatter do not look at. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { findBans, findModuleState, findSourceUrls } from './tidy/bans.ts';
import { collectBrands, findBrandCasts } from './tidy/brands.ts';
import { findHistory, findLeaks } from './tidy/comments.ts';
import { longestFiles, longestFunctions } from './tidy/longest.ts';
import { findFileNames, findWords } from './tidy/names.ts';
import { type Finding, formatFinding, isTest, parseSource } from './tidy/source.ts';

/** Files larger than this are data and not searched for leaks. */
const TEXT_BYTES_MAX = 2 * 1024 * 1024;

const root = process.cwd();
const paths = globSync('{src,test,tools,bench}/**/*.ts').sort();
const sources = paths.map((path) => parseSource(path, readFileSync(path, 'utf8')));
const brands = collectBrands(sources);

function trackedFiles(): readonly string[] {
  try {
    return execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(existsSync);
  } catch {
    return paths; // An unpacked archive has no index; the sources are looked at all the same.
  }
}

const findings: readonly Finding[] = [
  ...paths.flatMap(findFileNames),
  ...sources.flatMap((source) => [
    ...findBans(source),
    ...findSourceUrls(source),
    ...findModuleState(source),
    ...findBrandCasts(source, brands),
    ...findWords(source),
    ...findHistory(source),
  ]),
  ...trackedFiles().flatMap((path) => {
    const bytes = readFileSync(path);
    const binary = bytes.length > TEXT_BYTES_MAX || bytes.includes(0);
    return binary ? [] : findLeaks(path, bytes.toString('latin1'), root);
  }),
];

const shipped = sources.filter((source) => !isTest(source.path));
for (const { what, lines } of longestFiles(shipped)) console.log(`longest file      ${lines}  ${what}`);
for (const { what, lines } of longestFunctions(shipped)) console.log(`longest function  ${lines}  ${what}`);
for (const finding of findings) console.error(formatFinding(finding));
console.log(`tidy: ${paths.length} files, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;

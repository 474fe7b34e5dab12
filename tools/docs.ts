/**
 * `npm run check:docs`: pages that have a source are what it makes, every event of the log is explained,
 * the example is a valid configuration, and no link between pages is dead. `npm run docs` writes the pages.
 */
import { globSync, readFileSync } from 'node:fs';
import { parseConfig } from '../src/config/parse.ts';
import { formatProblem } from '../src/config/problem.ts';
import { configExample, configPage } from './docs/config-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { eventsPage } from './docs/events-page.ts';
import { findDeadLinks } from './docs/links.ts';
import { writeOrCompare } from './generated.ts';
import { isTest, parseSource } from './tidy/source.ts';

const example = configExample();
const sources = globSync('src/**/*.ts')
  .filter((path) => !isTest(path))
  .sort()
  .map((path) => parseSource(path, readFileSync(path, 'utf8')));
const events = eventsPage(sources);
const generated: readonly (readonly [string, string])[] = [
  ['docs/reference/config.md', configPage()],
  ['docs/reference/config.example.toml', example],
  ['docs/reference/errors.md', errorsPage()],
  ['docs/reference/events.md', events.page],
];
const fresh = generated.map(([path, page]) => writeOrCompare(path, page));

const outcome = parseConfig(example, {
  path: 'docs/reference/config.example.toml',
  currentUser: 'root',
  isRoot: true,
  cores: 1,
});
const doubts = [...(outcome.kind === 'valid' ? [] : outcome.problems), ...outcome.warnings];
const problems = [...events.problems, ...doubts.map(formatProblem)];

const paths = globSync(['*.md', 'docs/**/*.md']).sort();
const pages = paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const dead = findDeadLinks(pages, process.cwd());
for (const line of [...problems, ...dead]) console.error(line);
console.log(`docs: ${paths.length} pages, ${problems.length + dead.length} problems`);
process.exitCode = fresh.every((isFresh) => isFresh) && problems.length + dead.length === 0 ? 0 : 1;

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBans, findModuleState, findSourceUrls } from './bans.ts';
import { collectBrands, findBrandCasts } from './brands.ts';
import { findHistory, findLeaks } from './comments.ts';
import { longestFunctions } from './longest.ts';
import { findFileNames, findWords } from './names.ts';
import { type Finding, parseSource } from './source.ts';

function check(findings: readonly Finding[], expected: readonly string[]): void {
  assert.deepEqual(
    findings.map((finding) => `${finding.line} ${finding.message.split(':')[0]}`),
    expected,
  );
}

test('findBans() names what reaches past the ports', () => {
  const bans = (text: string, path = 'src/smtp/x.ts') => findBans(parseSource(path, text));
  check(bans('const a = Date.now();'), ['1 Date.now is not used here']);
  check(bans('\nconst a = new Date();'), ['2 new Date() is not used here']);
  check(bans('const a = new Date(5);'), []);
  check(bans('const a = Math.random();'), ['1 Math.random is not used here']);
  check(bans('setTimeout(f, 5);'), ['1 setTimeout is not used here']);
  check(bans('const later = { run: setInterval };'), ['1 setInterval is not used here']);
  check(bans('socket.setTimeout(5);'), []);
  check(bans('const a = process.env.HOME;'), ['1 process.env is not used here']);
  check(bans('process.exit(1);'), ['1 process.exit is not used here']);
  check(bans('console.log(1);'), ['1 console is not used here']);
  check(bans("import { setTimeout as sleep } from 'node:timers/promises';"), [
    '1 node',
    '1 setTimeout is not used here',
  ]);
  check(bans('interface Clock { setTimeout(): void }'), []);
  check(bans('Date.now()', 'src/system/clock.ts'), []);
  check(bans('process.env', 'src/main.ts'), []);
  check(bans('console.log(1)', 'src/surfaces/cli/list.ts'), []);
  check(bans('console.log(1)', 'src/surfaces/http/serve.ts'), ['1 console is not used here']);
  check(bans('Date.now()', 'src/smtp/x.test.ts'), []);
});

test('findSourceUrls() refuses an ending that dist/ does not have', () => {
  const urls = (text: string) => findSourceUrls(parseSource('src/journal/start.ts', text));
  check(urls("new URL('./worker.ts', import.meta.url)"), ['1 ./worker.ts is called .js in dist/']);
  check(urls("new URL('./schema.sql', import.meta.url)"), []);
});

test('findModuleState() refuses let at the top of a module only', () => {
  const state = (text: string) => findModuleState(parseSource('src/smtp/x.ts', text));
  check(state('let seen = 0;'), ['1 a module holds no mutable state']);
  check(state('const seen = 0;\nfunction f() { let a = 1; return a; }'), []);
});

test('findBrandCasts() allows the cast in the declaring file alone', () => {
  const home = parseSource(
    'src/system/clock.ts',
    "export type EpochMs = number & { readonly __brand: 'EpochMs' };\nexport const epochMs = (n: number) => n as EpochMs;",
  );
  const other = parseSource('src/journal/x.ts', 'const at = 5 as EpochMs;\nconst b = 5 as number;');
  const brands = collectBrands([home, other]);
  check(findBrandCasts(home, brands), []);
  check(findBrandCasts(other, brands), ['1 as EpochMs is written only in src/system/clock.ts']);
});

test('findFileNames() refuses rooms named after nothing', () => {
  check(findFileNames('src/smtp/reverse-path.ts'), []);
  check(findFileNames('src/smtp/reverse-path.test.ts'), []);
  check(findFileNames('src/smtp/reverse-path.property.test.ts'), []);
  check(findFileNames('src/smtp/reverse.path.ts'), ['1 reverse.path.ts is not kebab-case']);
  check(findFileNames('src/utils/x.ts'), ['1 "utils" says nothing']);
  check(findFileNames('src/smtp/session-manager.ts'), ['1 "manager" says nothing']);
  check(findFileNames('src/smtp/reversePath.ts'), ['1 reversePath.ts is not kebab-case']);
  check(findFileNames('test/types/x.test.ts'), []);
});

test('findWords() holds smtp/ and journal/ to the glossary', () => {
  const words = (text: string, path = 'src/smtp/x.ts') => findWords(parseSource(path, text));
  check(words('const senderAddr = 1;'), ['1 senderAddr']);
  check(words('interface A { readonly response: string }'), ['1 response']);
  check(words('interface A { readonly response: string }', 'src/journal/x.ts'), []);
  check(words('const address = 1;'), []);
  check(words('interface A { fireOnUntrusted: boolean }', 'src/journal/x.ts'), []);
  check(words('const email = 1;', 'src/surfaces/x.ts'), []);
});

test('findHistory() reads comments and not code', () => {
  const history = (text: string) => findHistory(parseSource('src/smtp/x.ts', text));
  check(history('// TODO later'), ['1 "TODO"']);
  check(history('const a = 1;\n/** It is no longer so. */\nconst b = 2;'), ['2 "no longer"']);
  check(history('function f() {\n  // see PR #12\n}'), ['2 "PR #12"']);
  check(history("const a = 'no longer';"), []);
  check(history('// Why, and RFC 5321 §4.2.'), []);
});

test('findLeaks() finds what belongs to one machine', () => {
  const leaks = (text: string) => findLeaks('docs/x.md', text, '/srv/build/checkout');
  check(leaks('see /srv/build/checkout/src'), ['1 "/srv/build/checkout/" belongs to one machine']);
  check(leaks('\nsee /srv/build/other'), ['2 "/srv/build/" belongs to one machine']);
  check(leaks(`see ${'https://'}registry.example.net/x`), ['1 "https']);
  check(leaks('/home/agent/answer is anybody'), []);
  check(leaks('/var/lib/aimx and /etc/aimx/config.toml'), []);
});

test('longestFunctions() measures from the first to the last line', () => {
  const source = parseSource('src/a.ts', 'export function long(): void {\n\n\n}\nconst short = () => 1;\n');
  assert.deepEqual(longestFunctions([source]), [
    { what: 'long src/a.ts:1', lines: 4 },
    { what: 'short src/a.ts:5', lines: 1 },
  ]);
});

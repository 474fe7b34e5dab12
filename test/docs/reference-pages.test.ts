/** Pages of the reference that are written by hand name everything that the code has, and nothing else. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { NOT_STARTABLE_REASONS } from '../../src/hooks/hooks.ts';
import { FINAL_RUN_STATES, RUN_STATES } from '../../src/journal/journal.ts';
import { RESTORED } from '../../src/journal/sqlite/run-plan.ts';
import { type Frontmatter, formatFrontmatter, type SentFields } from '../../src/message/document/document.ts';
import { OPERATIONS } from '../../src/operations/operations.ts';
import { INPUT_SCHEMAS } from '../../src/operations/schemas.ts';
import { REPLIES } from '../../src/smtp/replies.ts';
import { findDeadLinks } from '../../tools/docs/links.ts';
import { codeWords, escapePattern, ROOT, readPage, tableRows } from './pages.ts';

test('every link of every page leads somewhere', () => {
  const paths = globSync(['*.md', 'docs/**/*.md', 'changelog/**/*.md', 'bench/**/*.md'], { cwd: ROOT });
  const pages = paths.map((path) => ({ path, text: readPage(path) }));
  assert.ok(paths.length > 20);
  assert.deepEqual(findDeadLinks(pages, ROOT), []);
});

test('limits.md: each constant is in its file with that value', () => {
  for (const [first = '', value = ''] of tableRows(readPage('docs/reference/limits.md'))) {
    const [, name, link] = /^`(\w+)` \[.*\]\((.*)\)$/.exec(first) ?? [];
    if (name === undefined || link === undefined) {
      assert.equal(first, 'constant');
      continue;
    }
    const source = readFileSync(join(ROOT, 'docs/reference', link), 'utf8');
    const [literal = ''] = codeWords(value);
    const declared = new RegExp(`\\b${name}(?:: number)? ?[=:] ${escapePattern(literal)}[;,]`);
    assert.match(source, declared, `${name} is not ${literal} in ${link}`);
  }
});

test('states.md: states of a run are those of the journal', () => {
  const page = readPage('docs/reference/states.md');
  const section = page.slice(page.indexOf('## Run'));
  const shown = tableRows(section).flatMap(([state = '']) => codeWords(state));
  assert.deepEqual(shown, [...RUN_STATES]);
  assert.deepEqual(shown.slice(-FINAL_RUN_STATES.length).sort(), [...FINAL_RUN_STATES].sort());
});

test('states.md, ARCHITECTURE.md: states of messages and deliveries are those of the journal', () => {
  const source = readFileSync(join(ROOT, 'src/journal/rows.ts'), 'utf8');
  for (const type of ['MessageState', 'DeliveryState']) {
    const [, union = ''] = new RegExp(`export type ${type} =([^;]+);`).exec(source) ?? [];
    const states = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
    assert.ok(states.length > 2);
    for (const path of ['docs/reference/states.md', 'ARCHITECTURE.md']) {
      const shown = new Set(tableRows(readPage(path)).flatMap(([state = '']) => codeWords(state)));
      for (const state of states) assert.ok(shown.has(state), `${path} lacks ${state}`);
    }
  }
});

test('smtp.md: every reply of the session has its row', () => {
  const rows = tableRows(readPage('docs/reference/smtp.md'));
  for (const [name, { code, enhanced }] of Object.entries(REPLIES)) {
    const isShown = rows.some(
      ([reply = '', text = '']) =>
        codeWords(reply).includes(String(code)) && (enhanced === null || text.includes(enhanced)),
    );
    assert.ok(isShown, `${name}: ${code} ${enhanced}`);
  }
});

test('socket.md: every operation stands there with its input', () => {
  const rows = tableRows(readPage('docs/reference/socket.md'));
  const shown = new Map(rows.map(([name = '', input = '']) => [codeWords(name)[0], input]));
  for (const name of Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]) {
    const input = shown.get(name);
    assert.ok(input !== undefined, `${name} is not in the page`);
    const { properties = {}, required = [] } = z.toJSONSchema(INPUT_SCHEMAS[name], { io: 'input' });
    const keys = Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`));
    assert.deepEqual(
      (codeWords(input)[0] ?? '').split(' ').filter((key) => key !== ''),
      keys,
      name,
    );
  }
});

test('frontmatter.md: fields and their order are those of the file', () => {
  // Every field has a value, so that none is omitted.
  const sent = new Proxy({} as SentFields, { get: (_target, field) => (field === 'recipients' ? [] : 'x') });
  const everything = new Proxy({} as Frontmatter, {
    get: (_target, field) => (field === 'attachments' ? [] : field === 'sent' ? sent : 'x'),
  });
  const written = [...formatFrontmatter(everything).matchAll(/^(\w+) = /gm)].map((match) => match[1]);
  const page = readPage('docs/reference/frontmatter.md');
  const shown = tableRows(page.slice(0, page.indexOf('## Body'))).flatMap(([field = '']) => codeWords(field));
  assert.deepEqual(shown, [...written, 'recipients', 'attachments']);
});

test('frontmatter.md: every code of a warning is explained', () => {
  const page = readPage('docs/reference/frontmatter.md');
  const explained = tableRows(page.slice(page.indexOf('## Warnings'))).flatMap(([code = '']) =>
    codeWords(code),
  );
  const made = new Set<string>();
  const paths = globSync(['src/message/**/*.ts', 'src/authentication/reply-to.ts'], { cwd: ROOT });
  // Why no program may answer a message is no warning.
  for (const path of paths.filter((name) => !/[.]test[.]|automatic-mark/.test(name))) {
    const code = readPage(path).replaceAll(/^ *(?:\/\*\*|\*|\/\/).*$/gm, '');
    const written = /['"`]([a-z]+-[a-z-]+|unreadable): |\bremark\(\s*'([a-z-]+)',/g;
    for (const [, worded, remarked] of code.matchAll(written)) made.add(worded ?? remarked ?? '');
  }
  assert.deepEqual([...made].sort(), [...explained].sort());
});

/** Codes in front of a sentence, `<code>: …`, in the sources of a folder. */
function reasonCodes(folder: string): readonly string[] {
  const paths = globSync(`${folder}/**/*.ts`, { cwd: ROOT }).filter((path) => !path.includes('.test.'));
  return paths.flatMap((path) =>
    [...readPage(path).matchAll(/['`]([a-z]+(?:-[a-z]+)*): [A-Zt][a-z]+ /g)].map((match) => match[1] ?? ''),
  );
}

test('when-a-hook-did-not-run.md: every reason of a run is explained', () => {
  const explained = new Set(
    tableRows(readPage('docs/how-to/when-a-hook-did-not-run.md')).flatMap(([code = '']) => codeWords(code)),
  );
  // What holds a message of ours stands in when-mail-does-not-leave.md.
  const codes = ['src/hooks', 'src/authentication', 'src/journal/sqlite']
    .flatMap(reasonCodes)
    .filter((code) => code !== 'loop');
  assert.ok(codes.length > 10);
  for (const code of [...codes, ...NOT_STARTABLE_REASONS, RESTORED]) assert.ok(explained.has(code), code);
});

test('when-mail-does-not-leave.md: every reason that a message is held for is explained', () => {
  const explained = new Set(
    tableRows(readPage('docs/how-to/when-mail-does-not-leave.md')).flatMap(([code = '']) => codeWords(code)),
  );
  const made = ['src/operations', 'src/journal/sqlite/outgoing']
    .flatMap(reasonCodes)
    .filter((code) => ['approval', 'loop', 'operator'].includes(code));
  for (const code of [...made, RESTORED, 'operator']) assert.ok(explained.has(code), code);
});

test('when-mail-does-not-arrive.md: every reason that a delivery waits for is explained', () => {
  const explained = new Set(
    tableRows(readPage('docs/how-to/when-mail-does-not-arrive.md')).flatMap(([code = '']) => codeWords(code)),
  );
  const [, kinds = ''] = /export type ProblemKind =([^;]+);/.exec(readPage('src/mailbox/problem.ts')) ?? [];
  const codes = [...kinds.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '');
  assert.ok(codes.length > 5);
  for (const path of globSync(['src/pipeline/*.ts', 'src/journal/sqlite/identify.ts'], { cwd: ROOT }))
    for (const [, code = ''] of readPage(path).matchAll(/code: '([a-z-]+)'/g)) codes.push(code);
  for (const code of codes) assert.ok(explained.has(code), code);
});

test('exactly-once.md: every test that it names is there', () => {
  const path = 'docs/explanation/exactly-once.md';
  const named = [...readPage(path).matchAll(/\[[\w.-]+\]\((\S+\.ts)\) \*([^*]+)\*/g)];
  assert.ok(named.length > 30);
  for (const [, link = '', name = ''] of named) {
    const source = readFileSync(join(ROOT, dirname(path), link), 'utf8').replaceAll("\\'", "'");
    for (const part of name.split('…')) assert.ok(source.includes(part), `${link} has no test "${name}"`);
  }
});

test('CHANGELOG.md: what is pending is what the fragments say', () => {
  const changelog = readPage('CHANGELOG.md');
  const [, pending = ''] = changelog.split(/^## /m);
  for (const section of pending.split(/^### /m).slice(1)) {
    const [kind = '', ...lines] = section.split('\n');
    const fragments = globSync(`changelog/${kind.toLowerCase()}/*.md`, { cwd: ROOT }).map((path) =>
      readPage(path).trim(),
    );
    const listed = lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));
    assert.deepEqual(listed.sort(), fragments.sort(), kind);
  }
});

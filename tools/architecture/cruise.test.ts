import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CruiseReport, cruise, judgeCruise, sourceFiles } from './cruise.ts';

const valueFile = 'export const value = 1;\n';

/** Each rule with a tree that breaks it, and nothing else but where it says so. */
const violations: readonly {
  readonly rule: string;
  readonly expected: string;
  readonly files: Readonly<Record<string, string>>;
}[] = [
  {
    rule: 'no-circular, through types alone',
    expected: 'no-circular: src/config/a.ts → src/config/b.ts → src/config/a.ts',
    files: {
      'src/config/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
      'src/config/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;\n",
    },
  },
  {
    rule: 'workers-meet-in-the-journal',
    expected: 'workers-meet-in-the-journal: src/inbound/accept.ts → src/pipeline/step.ts',
    files: {
      'src/inbound/accept.ts': "export { value } from '../pipeline/step.ts';\n",
      'src/pipeline/step.ts': valueFile,
    },
  },
  {
    rule: 'io-only-at-the-edges',
    expected: 'io-only-at-the-edges: src/smtp/read.ts → fs',
    files: { 'src/smtp/read.ts': "export { readFileSync } from 'node:fs';\n" },
  },
  {
    rule: 'io-only-at-the-edges, promises',
    expected: 'io-only-at-the-edges: src/mailbox/read.ts → fs/promises',
    files: { 'src/mailbox/read.ts': "export { readFile } from 'node:fs/promises';\n" },
  },
  {
    rule: 'down-only: an arrow upward',
    expected: 'down-only-floor-2: src/smtp/up.ts → src/journal/row.ts',
    files: {
      'src/smtp/up.ts': "import type { Row } from '../journal/row.ts';\nexport type Up = Row;\n",
      'src/journal/row.ts': 'export type Row = 1;\n',
    },
  },
  {
    rule: 'down-only: an arrow to the side',
    expected: 'down-only-floor-4: src/hooks/side.ts → src/mailbox/file.ts',
    files: {
      'src/hooks/side.ts': "export { value } from '../mailbox/file.ts';\n",
      'src/mailbox/file.ts': valueFile,
    },
  },
  {
    rule: 'surfaces-import-operations',
    expected: 'surfaces-import-operations: src/surfaces/cli/list.ts → src/mailbox/file.ts',
    files: {
      'src/surfaces/cli/list.ts': "export { value } from '../../mailbox/file.ts';\n",
      'src/mailbox/file.ts': valueFile,
    },
  },
  {
    rule: 'operations-write-rows',
    expected: 'operations-write-rows: src/operations/send.ts → src/outbound/queue.ts',
    files: {
      'src/operations/send.ts': "export { value } from '../outbound/queue.ts';\n",
      'src/outbound/queue.ts': valueFile,
    },
  },
  {
    rule: 'entries-are-roots',
    expected: 'entries-are-roots: src/surfaces/serve.ts → src/daemon.ts',
    files: {
      'src/surfaces/serve.ts': "export { value } from '../daemon.ts';\n",
      'src/daemon.ts': valueFile,
    },
  },
  {
    rule: 'tests-are-leaves',
    expected: 'tests-are-leaves: src/system/now.ts → src/system/clock.sim.ts',
    files: {
      'src/system/now.ts': "export { value } from './clock.sim.ts';\n",
      'src/system/clock.sim.ts': valueFile,
    },
  },
  {
    rule: 'only-known-folders',
    expected: 'only-known-folders: src/misc/a.ts → src/system/b.ts',
    files: {
      'src/misc/a.ts': "export { value } from '../system/b.ts';\n",
      'src/system/b.ts': valueFile,
    },
  },
  {
    rule: 'nothing-unresolvable',
    expected: 'nothing-unresolvable: src/system/a.ts → ./gone.ts',
    files: { 'src/system/a.ts': "export { value } from './gone.ts';\n" },
  },
];

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-architecture-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function plant(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name.replaceAll(/[^a-z]+/g, '-'));
  const all = { ...files, 'tsconfig.json': '{}', 'package.json': '{ "type": "module" }' };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

for (const { rule, expected, files } of violations)
  test(`cruise() finds ${rule}`, () => {
    const root = plant(rule, files);
    const problems = judgeCruise(cruise(root), sourceFiles(root));
    assert.ok(problems.includes(expected), `wanted ${expected}, got ${JSON.stringify(problems, null, 2)}`);
  });

test('cruise() finds nothing in a tree that keeps the rules', () => {
  const root = plant('clean', {
    'src/main.ts': "import './daemon.ts';\nimport 'node:fs';\n",
    'src/daemon.ts': "export { value } from './pipeline/step.ts';\n",
    'src/pipeline/step.ts': "export { value } from '../journal/row.ts';\n",
    'src/journal/row.ts':
      "export { value } from '../system/clock.ts';\nexport type { V } from '../authentication/verdict.ts';\n",
    'src/authentication/verdict.ts': 'export type V = 1;\n',
    'src/system/clock.ts': "import 'node:fs';\nexport const value = 1;\n",
    'src/system/clock.test.ts': "import './clock.sim.ts';\nimport './clock.ts';\n",
    'src/system/clock.sim.ts': "import 'node:net';\n",
    'src/surfaces/cli.ts': "import 'node:net';\nexport { value } from '../system/clock.ts';\n",
  });
  assert.deepEqual(judgeCruise(cruise(root), sourceFiles(root)), []);
});

test('judgeCruise() refuses a report that saw too few modules', () => {
  const files = ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts', 'src/e.ts'];
  const report = (seen: number): CruiseReport => ({
    modules: files.slice(0, seen).map((source) => ({ source })),
    summary: { violations: [] },
  });
  const check = (seen: number, problems: number): void =>
    assert.equal(judgeCruise(report(seen), files).length, problems, `${seen} of ${files.length}`);
  check(5, 0);
  check(4, 0);
  check(3, 1);
  check(0, 1);
  assert.equal(judgeCruise({ modules: [], summary: { violations: [] } }, []).length, 1, 'an empty tree');
});

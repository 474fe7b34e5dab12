/**
 * `npm run build`: src/ → dist/, compiled, with every file that is not TypeScript beside it.
 *
 * Built in a folder of its own and put in place by rename, so that a failed build changes nothing.
 * `.build-stamp` carries the time at which the build *began*: `bin/aimx` prefers src/ as soon as
 * anything there is newer. `--if-compiler`, for `npm ci`: without development packages there is
 * nothing to do, since `bin/aimx` runs src/ as it is.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const target = join(root, 'dist');
const building = join(root, 'node_modules', '.cache', `build-${process.pid}`);
const began = new Date();

/** Runs the compiler; its messages go to our own output. */
function compile(): number {
  const config = join(root, 'tsconfig.build.json');
  return (
    spawnSync(process.execPath, [compiler, '-p', config, '--outDir', building], {
      cwd: root,
      stdio: 'inherit',
    }).status ?? 1
  );
}

function copyAssets(): void {
  for (const file of globSync('**/*.*', { cwd: join(root, 'src'), exclude: ['**/*.ts'] })) {
    mkdirSync(dirname(join(building, file)), { recursive: true });
    cpSync(join(root, 'src', file), join(building, file));
  }
}

function putInPlace(): void {
  const stamp = join(building, '.build-stamp');
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began);
  rmSync(target, { recursive: true, force: true });
  renameSync(building, target);
}

/** @returns The exit code. */
function build(): number {
  if (process.argv.includes('--if-compiler') && !existsSync(compiler)) {
    console.log('build: no compiler installed; bin/aimx runs src/ as it is');
    return 0;
  }
  rmSync(building, { recursive: true, force: true });
  const status = compile();
  if (status === 0) {
    copyAssets();
    putInPlace();
  } else {
    rmSync(building, { recursive: true, force: true });
  }
  return status;
}

process.exitCode = build();

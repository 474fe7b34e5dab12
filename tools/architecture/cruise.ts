/**
 * Runs dependency-cruiser over a tree's `src/` and judges what it says.
 *
 * Its exit code alone is not trusted: where it cannot read TypeScript it sees no modules, finds
 * nothing wrong and exits 0.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** The part of the cruiser's JSON that is used. */
export interface CruiseReport {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly cycle?: readonly { readonly name: string }[];
      readonly rule: { readonly name: string; readonly severity: string };
    }[];
  };
}

/** Below this share of the files something is wrong with the cruiser and not with the code. */
const SEEN_SHARE_MIN = 0.8;

const projectRoot = join(import.meta.dirname, '..', '..');

/**
 * @param report What the cruiser said.
 * @param files Every `src/**\/*.ts`, relative to the root.
 * @returns One line per problem; empty where all is well.
 */
export function judgeCruise(report: CruiseReport, files: readonly string[]): readonly string[] {
  const seen = new Set(report.modules.map((module) => module.source));
  const share = files.length === 0 ? 0 : files.filter((file) => seen.has(file)).length / files.length;
  const problems = report.summary.violations
    .filter((violation) => violation.rule.severity === 'error')
    .map(({ rule, from, to, cycle }) => {
      const path = cycle === undefined ? to : cycle.map((step) => step.name).join(' → ');
      return `${rule.name}: ${from} → ${path}`;
    });
  if (share < SEEN_SHARE_MIN)
    problems.push(
      `too-few-modules: the cruiser saw ${Math.round(share * 100)} % of ${files.length} files, ` +
        `${SEEN_SHARE_MIN * 100} % are needed (is TypeScript the pinned version?)`,
    );
  return problems;
}

/** Every TypeScript file under `root`/src, relative to `root`, sorted. */
export function sourceFiles(root: string): readonly string[] {
  return globSync('src/**/*.ts', { cwd: root }).sort();
}

/**
 * Cruises `root`/src by this project's rules.
 *
 * @throws where the cruiser cannot be run or its report cannot be read.
 */
export function cruise(root: string): CruiseReport {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(projectRoot, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
      '--config',
      join(projectRoot, '.dependency-cruiser.cjs'),
      '--output-type',
      'json',
      'src',
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  try {
    return JSON.parse(stdout) as CruiseReport;
  } catch (cause) {
    throw new Error(`dependency-cruiser gave no report (exit ${status}): ${stderr}`, { cause });
  }
}

/** The saved inputs in `test/fuzz/<target>/`: seeds that were written by hand, and cases that were found. */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', 'test', 'fuzz');

export interface CorpusEntry {
  readonly path: string;
  readonly bytes: Buffer;
}

export function readCorpus(target: string): readonly CorpusEntry[] {
  return globSync(`${target}/*`, { cwd: root })
    .sort()
    .map((path) => ({ path, bytes: readFileSync(join(root, path)) }));
}

/** Keeps an input that broke a target; from then on it is a test. @returns Where it lies. */
export function saveFound(target: string, bytes: Buffer): string {
  const path = join(root, target, `found-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
  mkdirSync(join(root, target), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

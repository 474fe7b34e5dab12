/** A TypeScript file as the tidy rules see it, and how they say what they found. */
import ts from 'typescript';

export interface Source {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Finding {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** Parses a file; syntax errors are the compiler's business. */
export function parseSource(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true) };
}

export function lineAt(source: Source, offset: number): number {
  return source.tree.getLineAndCharacterOfPosition(offset).line + 1;
}

/** Calls `visit` for `node` and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Tests and simulated ports: not shipped. */
export function isTest(path: string): boolean {
  return /\.(test|sim|fault|contract)\.ts$/.test(path) || !path.startsWith('src/');
}

/** One finding a line, `path:line rule: message`, as editors understand it. */
export function formatFinding({ path, line, rule, message }: Finding): string {
  return `${path}:${line} ${rule}: ${message}`;
}

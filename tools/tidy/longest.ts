/** The five longest files and functions: places to look again, never a reason to fail. */
import ts from 'typescript';
import { lineAt, type Source, walk } from './source.ts';

const SHOWN = 5;

export interface Length {
  readonly what: string;
  readonly lines: number;
}

function functionName(node: ts.FunctionLikeDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : '(unnamed)';
}

function longest(lengths: readonly Length[]): readonly Length[] {
  return [...lengths].sort((a, b) => b.lines - a.lines).slice(0, SHOWN);
}

export function longestFiles(sources: readonly Source[]): readonly Length[] {
  return longest(sources.map(({ path, text }) => ({ what: path, lines: text.split('\n').length - 1 })));
}

export function longestFunctions(sources: readonly Source[]): readonly Length[] {
  const lengths: Length[] = [];
  for (const source of sources)
    walk(source.tree, (node) => {
      if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
      const first = lineAt(source, node.getStart());
      const lines = lineAt(source, node.getEnd()) - first + 1;
      lengths.push({ what: `${functionName(node)} ${source.path}:${first}`, lines });
    });
  return longest(lengths);
}

/** Comments say why or cite a source; the repository's history and the author's machine stay out. */
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import ts from 'typescript';
import { type Finding, lineAt, type Source } from './source.ts';

const HISTORY =
  /\b(TODO|FIXME|XXX|HACK|sprint|no longer|previously|formerly|originally|PRD|(PR|issue|ticket) #?\d+)\b/i;

/** Every comment of a file with its offset. */
function comments(source: Source): readonly { readonly text: string; readonly offset: number }[] {
  const seen = new Set<number>();
  const found: { text: string; offset: number }[] = [];
  const visit = (node: ts.Node): void => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source.text, node.getEnd()) ?? []),
    ])
      if (!seen.has(range.pos)) {
        seen.add(range.pos);
        found.push({ text: source.text.slice(range.pos, range.end), offset: range.pos });
      }
    // Tokens too: a comment alone in a block belongs to its closing brace.
    for (const child of node.getChildren(source.tree)) visit(child);
  };
  visit(source.tree);
  return found;
}

export function findHistory(source: Source): readonly Finding[] {
  return comments(source).flatMap(({ text, offset }) => {
    const match = HISTORY.exec(text);
    return match === null
      ? []
      : [
          {
            path: source.path,
            line: lineAt(source, offset + match.index),
            rule: 'no-history',
            message: `"${match[0]}": a comment says why, or cites; what was is in the log`,
          },
        ];
  });
}

/** Folders that every machine has. */
const SHARED_PLACES = ['/', '/tmp', '/home', '/root', '/srv', '/opt', '/usr/src'];

/** The lock file names packages, not where they were fetched from. */
const REGISTRY = /https?:\/\/registry\./;

/**
 * Paths and hosts that belong to the machine on which a file was written.
 *
 * @param root The checkout's folder; it and the folder around it may not be named in any file.
 */
export function findLeaks(path: string, text: string, root: string): readonly Finding[] {
  const around = dirname(root);
  const home = homedir();
  const places = [root, around, home]
    .filter((place) => !SHARED_PLACES.includes(place))
    .map((place) => `${place}/`);
  return text.split('\n').flatMap((line, index) => {
    const found = places.find((place) => line.includes(place)) ?? REGISTRY.exec(line)?.[0];
    return found === undefined
      ? []
      : [{ path, line: index + 1, rule: 'no-leaks', message: `"${found}" belongs to one machine` }];
  });
}

/** What reaches past the ports, with what to use instead. */
import ts from 'typescript';
import { type Finding, isTest, lineAt, type Source, walk } from './source.ts';

/** `object.property` → what to use instead. */
const BANNED_ACCESS: Readonly<Record<string, string>> = {
  'Date.now': 'take a Clock and call clock.now()',
  'performance.now': 'take a Clock and call clock.monotonicMs()',
  'Math.random': 'take a Random and call random.hex()',
  'process.env': 'read it in an entry file and pass what was read as an argument',
  'process.exit': 'return, and let the entry file set process.exitCode',
};

const BANNED_NAMES: Readonly<Record<string, string>> = {
  setTimeout: 'take a Clock and call clock.after() or clock.sleep()',
  setInterval: 'take a Clock and call clock.after() again from its callback',
  console: 'take a Log, or return the text to a surface',
};

const BANNED_MODULES: Readonly<Record<string, string>> = {
  'node:timers': 'take a Clock',
  'node:timers/promises': 'take a Clock and call clock.sleep()',
  'node:process': 'use an entry file and pass what was read as an argument',
};

/** Ports, process entries and the command line. */
function mayReachOut(path: string): boolean {
  return isTest(path) || /^src\/[^/]+\.ts$/.test(path) || /^src\/(system|surfaces\/cli)\//.test(path);
}

/** True where an identifier stands for a value and is not merely a name after a dot or in a type. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !(
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isTypeQueryNode(parent)
  );
}

function banOf(node: ts.Node): { readonly what: string; readonly instead: string } | null {
  const found = (what: string, instead: string | undefined) =>
    instead === undefined ? null : { what, instead };
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const what = `${node.expression.text}.${node.name.text}`;
    return found(what, BANNED_ACCESS[what]);
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0)
    return found('new Date()', BANNED_ACCESS['Date.now']);
  if (ts.isIdentifier(node) && isReference(node)) return found(node.text, BANNED_NAMES[node.text]);
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return found(node.moduleSpecifier.text, BANNED_MODULES[node.moduleSpecifier.text]);
  return null;
}

/** Clocks, randomness, environment, exits and prints outside the places that own them. */
export function findBans(source: Source): readonly Finding[] {
  if (mayReachOut(source.path)) return [];
  const findings: Finding[] = [];
  walk(source.tree, (node) => {
    const ban = banOf(node);
    if (ban !== null)
      findings.push({
        path: source.path,
        line: lineAt(source, node.getStart()),
        rule: 'no-reaching-out',
        message: `${ban.what} is not used here: ${ban.instead}`,
      });
  });
  return findings;
}

/** A TypeScript ending written out, which names a file that `dist/` does not have. */
export function findSourceUrls(source: Source): readonly Finding[] {
  if (isTest(source.path)) return [];
  const findings: Finding[] = [];
  walk(source.tree, (node) => {
    if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') return;
    const [target, base] = node.arguments ?? [];
    if (target === undefined || base === undefined || !ts.isStringLiteralLike(target)) return;
    if (target.text.endsWith('.ts') && base.getText().includes('import.meta'))
      findings.push({
        path: source.path,
        line: lineAt(source, node.getStart()),
        rule: 'runs-from-dist',
        message: `${target.text} is called .js in dist/: take the ending from import.meta.url`,
      });
  });
  return findings;
}

/** Module-level `let`, with the reason where it stands. */
const MUTABLE_MODULES: Readonly<Record<string, string>> = {
  'src/system/native.ts': 'a library that is loaded once, on first use',
};

export function findModuleState(source: Source): readonly Finding[] {
  if (isTest(source.path) || /^src\/[^/]+\.ts$/.test(source.path)) return [];
  if (MUTABLE_MODULES[source.path] !== undefined) return [];
  return source.tree.statements
    .filter((node) => ts.isVariableStatement(node) && (node.declarationList.flags & ts.NodeFlags.Const) === 0)
    .map((node) => ({
      path: source.path,
      line: lineAt(source, node.getStart()),
      rule: 'no-module-state',
      message: 'a module holds no mutable state: keep it in what a create… function returns',
    }));
}

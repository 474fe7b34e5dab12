/** Branded types are made in one place each: where they are declared. */
import ts from 'typescript';
import { type Finding, isTest, lineAt, type Source, walk } from './source.ts';

/** @returns Names of branded types (`X & { readonly __brand: … }`) with the file that declares each. */
export function collectBrands(sources: readonly Source[]): ReadonlyMap<string, string> {
  const brands = new Map<string, string>();
  for (const source of sources)
    for (const node of source.tree.statements)
      if (ts.isTypeAliasDeclaration(node) && /__brand\b/.test(node.type.getText()))
        brands.set(node.name.text, source.path);
  return brands;
}

/** `value as Brand` outside the file that declares the brand. */
export function findBrandCasts(source: Source, brands: ReadonlyMap<string, string>): readonly Finding[] {
  if (isTest(source.path)) return [];
  const findings: Finding[] = [];
  walk(source.tree, (node) => {
    if (!ts.isAsExpression(node) || !ts.isTypeReferenceNode(node.type)) return;
    const name = node.type.typeName.getText();
    const home = brands.get(name);
    if (home !== undefined && home !== source.path)
      findings.push({
        path: source.path,
        line: lineAt(source, node.getStart()),
        rule: 'brands-have-one-maker',
        message: `as ${name} is written only in ${home}: call what it exports`,
      });
  });
  return findings;
}

/** Names of files and, where the RFCs have given them, of things (docs/reference/glossary.md). */
import ts from 'typescript';
import { type Finding, isTest, lineAt, type Source, walk } from './source.ts';

/** Rooms named after nothing. */
const BANNED_PARTS = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'lib',
  'types',
  'interfaces',
  'manager',
  'handler',
]);

/** `x.ts`, `x.test.ts`, and for a second test file of one thing `x.property.test.ts`. */
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+(?=\.test))?(\.(test|sim|fault|contract))?\.ts$/;

/** Here the word is a term of the design: the small process that starts hooks. */
const DEFINED_TERMS = /^src\/hooks\/helper(-[a-z]+)*(\.test)?\.ts$/;

export function findFileNames(path: string): readonly Finding[] {
  const findings: Finding[] = [];
  const segments = path.split('/').slice(path.startsWith('src/') ? 1 : 0);
  const name = segments.at(-1) ?? '';
  const add = (message: string): void => void findings.push({ path, line: 1, rule: 'file-names', message });
  if (!FILE_NAME.test(name)) add(`${name} is not kebab-case`);
  if (path.startsWith('src/') && !DEFINED_TERMS.test(path))
    for (const part of segments.flatMap((segment) => segment.split(/[-.]/)))
      if (BANNED_PARTS.has(part)) add(`"${part}" says nothing: name it after the one concept in it`);
  return findings;
}

/** Word of an identifier → what the RFCs, or our glossary, call it. */
const WORDS: Readonly<Record<string, string>> = {
  email: 'mailbox, or message',
  addr: 'mailbox, localPart or domain',
  forwarder: 'server, or MTA',
  payload: 'content or body',
  hop: 'trace field',
  uuid: 'messageId, deliveryId or runId',
  bounce: 'dsn',
  spam: 'the verdict word of RFC 8601',
  ingest: 'accept',
  job: 'row',
  task: 'row',
  fire: 'start',
  trigger: 'start',
  execute: 'run, or start',
};

/** Words with a place of their own: `response` is an HTTP word, in SMTP it is a reply (RFC 5321 §4.2). */
const SMTP_WORDS: Readonly<Record<string, string>> = { ...WORDS, response: 'reply', user: 'localPart' };

/** Names that the contract gives. */
const CONTRACT_NAMES = new Set(['fireOnUntrusted']);

function wordsOf(identifier: string): readonly string[] {
  return identifier
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_');
}

function declaredName(node: ts.Node): ts.Identifier | null {
  const named =
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node);
  return named && node.name !== undefined && ts.isIdentifier(node.name) ? node.name : null;
}

/** Identifiers in smtp/ and journal/ that use a word the glossary refuses. */
export function findWords(source: Source): readonly Finding[] {
  if (isTest(source.path)) return [];
  const smtp = source.path.startsWith('src/smtp/');
  if (!smtp && !source.path.startsWith('src/journal/')) return [];
  const words = smtp ? SMTP_WORDS : WORDS;
  const findings: Finding[] = [];
  walk(source.tree, (node) => {
    const name = declaredName(node);
    if (name === null || CONTRACT_NAMES.has(name.text)) return;
    for (const word of wordsOf(name.text)) {
      const instead = words[word];
      if (instead !== undefined)
        findings.push({
          path: source.path,
          line: lineAt(source, name.getStart()),
          rule: 'words',
          message: `${name.text}: not "${word}" but ${instead}`,
        });
    }
  });
  return findings;
}

/**
 * Validates the chains of the public ARC suite, and those that its signing half describes, when the
 * corpus lies beside the project; else this skips.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMap, isScalar, parseAllDocuments, type YAMLMap } from 'yaml';
import { verifyArc } from '../../src/authentication/arc/verify-arc.ts';
import { epochMs } from '../../src/system/clock.ts';
import { simulatedDns } from '../../src/system/dns.sim.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/arc');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/arc is not here';

interface Case {
  readonly name: string;
  readonly text: (key: string) => string;
  readonly txt: Readonly<Record<string, readonly string[]>>;
}

function textOf(map: YAMLMap, key: string): string {
  const value = map.get(key);
  return value === undefined || value === null ? '' : String(value);
}

/** A name that occurs twice in a scenario is two cases, so items are walked and not looked up. */
function readCases(file: string): readonly Case[] {
  const documents = parseAllDocuments(readFileSync(join(corpus, file), 'utf8'), { uniqueKeys: false });
  const cases: Case[] = [];
  for (const document of documents) {
    const [records, tests] = [document.get('txt-records'), document.get('tests')];
    if (!isMap(records) || !isMap(tests)) continue;
    const txt: Record<string, string[]> = {};
    for (const { key, value } of records.items)
      if (isScalar(key) && isScalar(value)) txt[String(key.value)] = [String(value.value)];
    for (const { key, value } of tests.items)
      if (isScalar(key) && isMap(value))
        cases.push({ name: String(key.value), text: (name) => textOf(value, name), txt });
  }
  return cases;
}

async function resultOf(content: string, txt: Case['txt']): Promise<string> {
  const octets = Buffer.from(content.replace(/\r?\n/g, '\r\n'));
  const dns = simulatedDns({ TXT: txt });
  const { signal } = new AbortController();
  return (await verifyArc(octets, { dns, signal, receivedAt: epochMs(Date.UTC(2018, 10, 23)) })).result;
}

test('verifyArc() finds what the public suite of validations expects', { skip }, async () => {
  const cases = readCases('arc-draft-validation-tests.yml');
  // 171 names, four of which stand for two cases.
  assert.equal(cases.length, 175);
  for (const { name, text, txt } of cases) {
    // Two chains say themselves that they are broken (cv=fail) and leave the result open; RFC 8617 §5.2
    // step 2 calls them failed.
    const expected = text('cv').trim().toLowerCase() || 'fail';
    assert.equal(await resultOf(text('message'), txt), expected, name);
  }
});

test('verifyArc() accepts what the public suite of signatures makes', { skip }, async () => {
  const cases = readCases('arc-draft-sign-tests.yml');
  assert.equal(cases.length, 17);
  for (const { name, text, txt } of cases) {
    const field = (fieldName: string, key: string): string => {
      // What was signed has white space behind semicolons alone: other folds are the file's.
      const joined = text(key).replace(/;\s*\n\s*/g, '; ');
      const value = joined.replace(/\s*\n\s*/g, '').trim();
      return value === '' ? '' : `${fieldName}: ${value}\n`;
    };
    const set =
      field('ARC-Seal', 'AS') +
      field('ARC-Message-Signature', 'AMS') +
      field('ARC-Authentication-Results', 'AAR');
    // Where the signer found the chain broken it says so, or adds nothing (`no_additional_sig`).
    const expected = /cv=fail/.test(set) || set === '' ? 'fail' : 'pass';
    assert.equal(await resultOf(set + text('message'), txt), expected, name);
  }
});

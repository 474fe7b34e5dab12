/** checkSpf() against the public test suites of SPF, when they lie beside the project; else this skips. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { checkSpf } from '../../src/authentication/spf/spf.ts';
import { simulatedDns } from '../../src/system/dns.sim.ts';
import { readSpfSuites } from './spf-suite.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/spf');
const isHere = existsSync(corpus);

/** Each suite states how many cases it has, so that none is lost in reading. */
const SUITES = { 'rfc7208-tests.yml': 203, 'rfc4408-tests.yml': 191 } as const;

for (const [file, count] of Object.entries(SUITES)) {
  if (!isHere) {
    test(file, { skip: 'the corpus ../shared/corpora/spf is not here' }, () => {});
    continue;
  }
  const suites = readSpfSuites(readFileSync(join(corpus, file), 'latin1'));
  test(`${file}: all ${count} cases are read`, () => {
    assert.equal(suites.flatMap(({ cases }) => cases).length, count);
  });
  for (const { description, cases, zone } of suites) {
    describe(`${file}: ${description}`, () => {
      for (const { name, host, helo, mailFrom, results } of cases) {
        it(`${name}: ${results.join(' or ')}`, async () => {
          const { result, reason } = await checkSpf(
            { clientAddress: host, helo, reversePath: mailFrom },
            { dns: simulatedDns(zone), signal: new AbortController().signal },
          );
          assert.ok(results.includes(result), `${result}, because ${reason}`);
        });
      }
    });
  }
}

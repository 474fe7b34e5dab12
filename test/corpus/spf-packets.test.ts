/** SPF and the resolver together: the public suite of RFC 7208 with its zones asked for in real packets. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode } from 'dns-packet';
import { checkSpf } from '../../src/authentication/spf/spf.ts';
import { canonicalName } from '../../src/system/dns.sim.ts';
import { resolverFor } from '../system/dns/asking.ts';
import { startDnsServer } from '../system/dns/dns-server.ts';
import { readSpfSuites } from './spf-suite.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/spf/rfc7208-tests.yml');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/spf is not here';

const SERVFAIL = 2;

test('checkSpf() over real packets passes the suite of RFC 7208', { skip }, async () => {
  const wrong: string[] = [];
  for (const { cases, zone } of readSpfSuites(readFileSync(corpus, 'latin1'))) {
    const { fail = {}, ...records } = zone;
    // What times out in the suite fails here at once: the result is the same (RFC 7208 §4.4).
    const failing = new Set(Object.keys(fail).map(canonicalName));
    await using server = await startDnsServer({
      records,
      onQuestion: ({ type, name, honest, send }) => {
        if (!failing.has(canonicalName(`${type} ${name}`))) return false;
        send(encode({ ...honest, answers: [], flags: (honest.flags ?? 0) | SERVFAIL }));
        return true;
      },
    });
    await using dns = resolverFor([server.address]);
    await Promise.all(
      cases.map(async ({ name, host, helo, mailFrom, results }) => {
        const { result, reason } = await checkSpf(
          { clientAddress: host, helo, reversePath: mailFrom },
          { dns, signal: new AbortController().signal },
        );
        if (!results.includes(result)) wrong.push(`${name}: ${result}, because ${reason}`);
      }),
    );
  }
  assert.deepEqual(wrong, []);
});

/** Verifies signed mails of real senders when the corpus lies beside the project; else this skips. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyDkim } from '../../src/authentication/dkim/verify-dkim.ts';
import { epochMs } from '../../src/system/clock.ts';
import { simulatedDns } from '../../src/system/dns.sim.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/dkim');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/dkim is not here';

test('verifyDkim() verifies every mail of the public corpus', { skip }, async () => {
  const names = readdirSync(corpus).filter((name) => /^[0-9]+\.txt$/.test(name));
  assert.equal(names.length, 6);
  for (const name of names) {
    // DNS lines, an empty line, the message.
    const [zone = '', ...rest] = readFileSync(join(corpus, name), 'latin1').split('\n\n');
    const records = zone.split('\n').map((line): [string, string[]] => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), [line.slice(space + 1).trim()]];
    });
    const content = Buffer.from(rest.join('\n\n').replace(/\r?\n/g, '\r\n'), 'latin1');
    const dns = simulatedDns({ TXT: Object.fromEntries(records) });
    const { signal } = new AbortController();
    // One of them has an x= of November 2022.
    const receivedAt = epochMs(Date.UTC(2022, 10, 8));
    const { signatures } = await verifyDkim(content, { dns, signal, receivedAt });
    assert.ok(signatures.length > 0, name);
    for (const { result, reason } of signatures) assert.equal(result, 'pass', `${name}: ${reason}`);
  }
});

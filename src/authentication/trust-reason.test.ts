import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideTrust } from './trust.ts';
import { CONTEXT, FOREIGN, PLAIN, RULES, SIGNED, verdictOf } from './trust-case.sim.ts';
import { TRUST_CODES } from './trust-reason.ts';

test('trust reasons are one bounded line, whatever a message said', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(hostile, hostile, hostile, (domain, reason, address) => {
      for (const signatures of [
        [{ ...SIGNED, domain, reason, result: 'fail' as const }],
        [{ ...FOREIGN, domain }],
        [{ ...SIGNED, domain, uncovered: ['subject'] }],
      ])
        for (const author of [
          PLAIN.author,
          { addresses: [address], count: 3, domain: null },
          { addresses: [`${address}@corp.example`], count: 1, domain: 'corp.example' },
        ]) {
          const { reason: said } = decideTrust(
            RULES,
            verdictOf({ details: { signatures, author } }),
            CONTEXT,
          );
          assert.ok(said !== null && said.length <= 480, `${said}`);
          assert.doesNotMatch(said, /[\p{C}\p{Zl}\p{Zp}]/u);
          assert.ok(TRUST_CODES.some((code) => said.startsWith(`${code}: `)));
        }
    }),
  );
  const bidi = decideTrust(
    RULES,
    verdictOf({ details: { signatures: [{ ...FOREIGN, domain: 'a\u202eb\n.example' }] } }),
    CONTEXT,
  );
  assert.match(bidi.reason ?? '', /^not-aligned: the signature is a\ufffdb\ufffd\.example's/);
});

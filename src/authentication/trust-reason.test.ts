import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideTrust } from './trust.ts';
import { CONTEXT, FOREIGN, PLAIN, RULES, SIGNED, verdictOf } from './trust-case.sim.ts';
import { TRUST_CODES, trustCodeOf } from './trust-reason.ts';

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
          assert.ok(TRUST_CODES.includes(trustCodeOf(said) ?? assert.fail()));
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

test('trustCodeOf() knows the codes and nothing else', () => {
  assert.equal(trustCodeOf('no-match: x'), 'no-match');
  assert.equal(trustCodeOf('untrusted: the mailbox has trust = "none"'), null);
  assert.equal(trustCodeOf('stale'), null);
  assert.equal(trustCodeOf(null), null);
});

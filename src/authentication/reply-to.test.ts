import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replyToStanding, replyToWarning } from './reply-to.ts';
import { FOREIGN, SIGNED, verdictOf } from './trust-case.sim.ts';
import { UNAUTHENTICATED } from './verdict.ts';

test('replyToWarning() names a Reply-To that no signature of From covers', () => {
  const unsigned = verdictOf({ details: { signatures: [FOREIGN, { ...SIGNED, uncovered: ['reply-to'] }] } });
  assert.equal(
    replyToWarning(unsigned, 'true', 'eve@evil.example'),
    'reply-to-unsigned: Reply-To is not covered by the signature of corp.example and is not used for answers',
  );
  assert.equal(replyToWarning(unsigned, 'true', ''), null);
  assert.equal(replyToWarning(unsigned, 'false', 'eve@evil.example'), null);
  assert.equal(replyToWarning(verdictOf({}), 'true', 'ann@corp.example'), null);
  const bySpf = verdictOf({ details: { signatures: [] } });
  assert.match(
    replyToWarning(bySpf, 'true', 'x@y.example') ?? '',
    /^reply-to-unsigned: Reply-To is not signed/,
  );
  assert.deepEqual(replyToStanding(UNAUTHENTICATED), { kind: 'unsigned' });
});

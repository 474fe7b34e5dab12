import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochMs } from '../system/clock.ts';
import { replyToStanding } from './reply-to.ts';
import { decideTrust, judgeTrust } from './trust.ts';
import {
  ago,
  BROKEN,
  CONTEXT,
  DAY,
  FOREIGN,
  PLAIN,
  RULES,
  SIGNED,
  type TrustCase,
  verdictOf,
} from './trust-case.sim.ts';
import { COVERABLE_FIELDS, UNAUTHENTICATED, type VerdictDetails } from './verdict.ts';

/** `expected`: `true`, `none`, or how the reason begins. */
function check(expected: string, given: TrustCase): void {
  const { trusted, reason } = decideTrust({ ...RULES, ...given.rules }, verdictOf(given), {
    ...CONTEXT,
    ...given.context,
  });
  if (expected === 'true' || expected === 'none') {
    assert.deepEqual({ trusted, reason }, { trusted: expected, reason: null });
    return;
  }
  assert.equal(trusted, 'false', `expected ${expected}`);
  assert.ok(reason?.startsWith(expected), `wanted ${expected}, found ${reason}`);
  assert.match(reason ?? '', /^[a-z-]+: [^\n]{10,}[^.\n]$/);
}

test('decideTrust() trusts one listed author under an aligned signature that covers what matters', () => {
  check('true', {});
  check('none', { rules: { trust: 'none' } });
  check('true', { details: { signatures: [{ ...SIGNED, domain: 'mail.corp.example' }] } });
});

test('decideTrust() asks for one author: two From fields, groups and none are multiple-from', () => {
  const from = (addresses: readonly string[], count: number, domain: string | null): TrustCase => ({
    details: { author: { addresses, count, domain } },
  });
  check(
    'multiple-from: From names 2 addresses (ann@corp.example, eve@evil.example);',
    from(['ann@corp.example', 'eve@evil.example'], 2, null),
  );
  check(
    'multiple-from: From names 12 addresses (a@x.example, b@x.example, c@x.example, …)',
    from(['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example'], 12, null),
  );
  check('multiple-from: From names no address', from([], 0, null));
  check(
    'multiple-from: From is ann@[192.0.2.1] and not one address at a domain',
    from(['ann@[192.0.2.1]'], 1, null),
  );
  check('multiple-from: From names 2 addresses', from(['ann@corp.example'], 2, 'corp.example'));
  // The domain that is judged and the address that is on the list must be those of one author.
  check('multiple-from', from(['ann@corp.example'], 1, 'evil.example'));
  check('multiple-from', {
    details: {
      author: { addresses: ['ann@corp.example', 'ann@corp.example'], count: 2, domain: null },
      signatures: [],
    },
  });
});

test('decideTrust() asks for an author on the list', () => {
  check('no-match: ann@corp.example is not in trusted_senders; add it to the list of mailbox agent', {
    rules: { trustedSenders: [] },
  });
  check('no-match', { rules: { trustedSenders: ['ann@other.example', 'ann'] } });
  check('true', { rules: { trustedSenders: ['bob@x.example', 'ANN@Corp.{example,test}'] } });
  // A display name that is an address is no address: the author is eve.
  check('no-match: eve@evil.example', {
    details: { author: { addresses: ['eve@evil.example'], count: 1, domain: 'evil.example' } },
    rules: { trustedSenders: ['ann@corp.example'] },
  });
  // Cyrillic look-alike of corp.example, signed by its owner.
  check('no-match: ann@xn--', {
    details: {
      author: { addresses: ['ann@xn--r-7tbm6d.example'], count: 1, domain: 'xn--r-7tbm6d.example' },
      signatures: [{ ...SIGNED, domain: 'xn--r-7tbm6d.example' }],
    },
  });
});

test('decideTrust() refuses what a signature of somebody else vouches for', () => {
  check(
    "not-aligned: the signature is mailer.example's, From is corp.example's; ask them to sign as corp.example, or set fire_on_untrusted",
    { details: { signatures: [FOREIGN] } },
  );
  check(
    "not-aligned: the signature is mail.corp.example's, From is corp.example's, which asks for the very same domain (adkim=s)",
    {
      details: {
        signatures: [{ ...FOREIGN, domain: 'mail.corp.example' }],
        dmarc: { ...PLAIN.dmarc, adkim: 'strict' },
      },
    },
  );
  check('unauthenticated: the message has no DKIM signature; ask corp.example to sign', {
    details: { signatures: [] },
  });
  check('unauthenticated: the signature of corp.example does not verify (the body was changed)', {
    details: { signatures: [BROKEN] },
  });
  check('unauthenticated: the signature of corp.example', { details: { signatures: [FOREIGN, BROKEN] } });
  check("unauthenticated: no signature of From's domain is there", {
    details: { signatures: [{ ...FOREIGN, result: 'fail' }] },
  });
  for (const result of ['fail', 'neutral', 'policy', 'permerror', 'none', 'softfail'] as const)
    check('unauthenticated', { details: { signatures: [{ ...SIGNED, result }] } });
  const nobody = decideTrust(RULES, UNAUTHENTICATED, CONTEXT);
  assert.equal(nobody.reason, 'unauthenticated: nobody has checked who wrote this message');
});

test('decideTrust() refuses a signed message to which a field was added', () => {
  check('duplicate-field: Subject occurs more than once', { fields: { repeated: ['subject'] } });
  check('duplicate-field: Content-Transfer-Encoding and Message-ID occur', {
    fields: { repeated: ['content-transfer-encoding', 'message-id'] },
  });
  check('duplicate-field: A, B, C and 2 more', { fields: { repeated: ['a', 'b', 'c', 'd', 'e'] } });
  check('duplicate-field', {
    fields: { repeated: ['content-type'] },
    rules: { trustSpf: true },
    provisional: true,
  });
});

test('decideTrust() asks that the signature covers what the decision rests on', () => {
  const uncovered = (...names: string[]): TrustCase => ({
    details: { signatures: [{ ...SIGNED, uncovered: names }] },
  });
  check(
    'not-covered: the signature of corp.example does not cover Subject, so anybody could have changed it; ask corp.example',
    uncovered('subject'),
  );
  check(
    'not-covered: the signature of corp.example does not cover Date and Message-ID,',
    uncovered('date', 'message-id'),
  );
  check('not-covered', uncovered('from'));
  check('true', uncovered('to', 'cc', 'reply-to', 'content-type', 'content-transfer-encoding'));
  check('not-covered: the signature of corp.example does not cover Content-Transfer-Encoding', {
    ...uncovered('content-transfer-encoding'),
    fields: { transferEncoding: 'base64' },
  });
  check('true', { fields: { transferEncoding: 'quoted-printable' } });
  check('not-covered: it has no Message-ID, so a copy', { fields: { hasMessageId: false } });
});

test('decideTrust() refuses what is older than its fingerprint is kept, or comes from the future', () => {
  const written = (date: EpochMs | null, signedAt: EpochMs | null = date): TrustCase => ({
    details: { signatures: [{ ...SIGNED, signedAt }] },
    fields: { date },
  });
  check('true', written(ago(33.9)));
  check('stale: it was written 34 days before it came, and is trusted up to 34 days', written(ago(34)));
  check('stale: it was written 36 days', written(ago(36)));
  check('true', written(ago(36), ago(1)));
  check('true', written(ago(1), ago(36)));
  check('true', written(null, ago(1)));
  check('stale: nothing that is signed says when', written(null));
  check('true', written(ago(-1)));
  check('stale: it says that it was written 400 days after it came', written(ago(-400)));
  // Else it would be young again once its Date has come, after its fingerprint is gone.
  check('stale', written(ago(-5), ago(0)));
  check('stale', written(ago(0), ago(-5)));
  check('stale', { ...written(ago(3)), context: { windowMs: 3 * DAY } });
});

test('decideTrust() takes the best of several signatures, and the reason of the closest', () => {
  check('true', {
    details: { signatures: [FOREIGN, BROKEN, { ...SIGNED, uncovered: ['subject'] }, SIGNED] },
  });
  check('not-covered', { details: { signatures: [FOREIGN, BROKEN, { ...SIGNED, uncovered: ['subject'] }] } });
  check('stale', {
    details: {
      signatures: [
        { ...SIGNED, signedAt: ago(40) },
        { ...SIGNED, uncovered: ['date'] },
      ],
    },
    fields: { date: ago(40) },
  });
  const judged = judgeTrust(RULES, verdictOf({ details: { signatures: [FOREIGN, SIGNED] } }), CONTEXT);
  assert.deepEqual(judged, { kind: 'trusted', ground: { kind: 'dkim', domain: 'corp.example' } });
});

test('decideTrust() holds what DNS has not said, where that could bring trust', () => {
  const open: TrustCase = {
    details: { signatures: [{ ...SIGNED, result: 'temperror' }] },
    provisional: true,
  };
  check('temperror: DNS did not answer for corp.example, so nobody can say yet', open);
  check('temperror', { details: { signatures: [{ ...SIGNED, alignment: 'unknown' }] }, provisional: true });
  check('true', { details: { signatures: [{ ...SIGNED, result: 'temperror' }, SIGNED] }, provisional: true });
  check('no-match', { ...open, rules: { trustedSenders: [] } });
  check('unauthenticated', { details: { signatures: [] }, provisional: true });
  check('not-aligned', {
    details: { signatures: [FOREIGN, { ...FOREIGN, result: 'temperror' }] },
    provisional: true,
  });
  check('not-covered', {
    details: { signatures: [{ ...SIGNED, result: 'temperror', uncovered: ['subject'] }] },
    provisional: true,
  });
  const spf = { ...PLAIN.spf, result: 'temperror', domain: 'corp.example', alignment: 'aligned' } as const;
  check('unauthenticated', { details: { signatures: [], spf }, provisional: true });
  check('temperror', { details: { signatures: [], spf }, provisional: true, rules: { trustSpf: true } });
  const early = decideTrust(RULES, { ...UNAUTHENTICATED, provisional: true }, CONTEXT);
  assert.match(early.reason ?? '', /^temperror: DNS did not answer, so /);
});

test('decideTrust() trusts by SPF alone only where the mailbox says so', () => {
  const spf = { ...PLAIN.spf, result: 'pass', domain: 'corp.example', alignment: 'aligned' } as const;
  const bySpf = (given: TrustCase = {}): TrustCase => ({
    ...given,
    details: { signatures: [], spf, ...given.details },
    rules: { trustSpf: true, ...given.rules },
  });
  check('true', bySpf());
  check(
    'unauthenticated: the message has no DKIM signature; ask corp.example to sign its mail, or set trust_spf on the mailbox: SPF passes for corp.example',
    bySpf({ rules: { trustSpf: false } }),
  );
  check('unauthenticated', bySpf({ details: { spf: { ...spf, alignment: 'unaligned' } } }));
  check('unauthenticated', bySpf({ details: { spf: { ...spf, result: 'softfail' } } }));
  check('duplicate-field', bySpf({ fields: { repeated: ['subject'] } }));
  check(
    'multiple-from',
    bySpf({
      details: { author: { addresses: ['ann@corp.example', 'b@corp.example'], count: 2, domain: null } },
    }),
  );
  check('stale', bySpf({ fields: { date: ago(36) } }));
  check('stale', bySpf({ fields: { date: null } }));
  check('not-addressed: SPF signs neither To nor Cc', bySpf({ rules: { requireAddressed: true } }));
  check('true', bySpf({ details: { signatures: [{ ...SIGNED, uncovered: ['subject'] }] } }));
});

test('decideTrust() lets ARC raise trust only by a sealer that the configuration names', () => {
  const vouches = {
    sealer: 'lists.example',
    authDomain: 'corp.example',
    uncovered: [] as readonly string[],
    signedAt: ago(0),
  };
  const arc = { result: 'pass', sealers: ['mid.example', 'lists.example'], vouches, reason: null } as const;
  const sealed = (changed: Partial<VerdictDetails['arc']> = {}, given: TrustCase = {}): TrustCase => ({
    ...given,
    details: { signatures: [BROKEN], arc: { ...arc, ...changed } },
    context: { arcSealers: ['lists.example'], ...given.context },
  });
  check('true', sealed());
  check('unauthenticated', sealed({}, { context: { arcSealers: [] } }));
  check('unauthenticated', sealed({}, { context: { arcSealers: ['mid.example'] } }));
  check('unauthenticated', sealed({ result: 'fail' }));
  check('unauthenticated', sealed({ vouches: null }));
  check('unauthenticated', sealed({ vouches: { ...vouches, sealer: 'mid.example' } }));
  check(
    'not-covered: the signature of lists.example',
    sealed({ vouches: { ...vouches, uncovered: ['subject'] } }),
  );
  check('temperror', sealed({ result: 'temperror', vouches: null }, { provisional: true }));
  // A list that is sent an old message seals it today.
  check('stale', sealed({}, { fields: { date: ago(36) } }));
  check(
    'not-addressed',
    sealed({}, { rules: { requireAddressed: true }, fields: { to: ['list@lists.example'] } }),
  );
});

test('decideTrust() asks for a signed To or Cc that names the mailbox, where require_addressed is set', () => {
  const addressed = (fields: Partial<VerdictDetails['fields']>, given: TrustCase = {}): TrustCase => ({
    ...given,
    fields,
    rules: { requireAddressed: true, ...given.rules },
  });
  check('true', addressed({}));
  check('true', addressed({ to: ['agent+invoices@aimx.example'] }));
  check('true', addressed({ to: ['x@y.example'], cc: ['Helper@AIMX.example'] }));
  check(
    'true',
    addressed(
      { to: ['any@aimx.example'] },
      { rules: { address: '*@aimx.example', aliases: [] }, context: { deliveredTo: ['any@aimx.example'] } },
    ),
  );
  check(
    'true',
    addressed({ to: ['agent@aimx.example'] }, { context: { deliveredTo: ['agent+tag@aimx.example'] } }),
  );
  // A signed message that somebody else was sent, and sends on to us.
  check(
    'not-addressed: neither To nor Cc names agent@aimx.example',
    addressed({ to: ['bob@other.example'] }),
  );
  check(
    'not-addressed',
    addressed(
      { to: ['bob@other.example'] },
      { rules: { address: '*@aimx.example', aliases: [] }, context: { deliveredTo: ['x@aimx.example'] } },
    ),
  );
  check(
    'not-addressed: agent@aimx.example stands in a To or Cc that the signature of corp.example does not cover',
    addressed({}, { details: { signatures: [{ ...SIGNED, uncovered: ['to'] }] } }),
  );
  check(
    'true',
    addressed(
      { cc: ['agent@aimx.example'] },
      { details: { signatures: [{ ...SIGNED, uncovered: ['to'] }] } },
    ),
  );
  check('true', { fields: { to: ['bob@other.example'] } });
});

/** `h=` as these services sign (2026), and what a plain message of theirs has. */
const SERVICES: readonly (readonly [string, string])[] = [
  ['Gmail', 'to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to'],
  [
    'Gmail, an answer',
    'to:subject:message-id:date:from:in-reply-to:references:mime-version:from:to:cc:subject:date:message-id:reply-to',
  ],
  ['Microsoft 365', 'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck'],
  [
    'Fastmail',
    'cc:content-transfer-encoding:content-type:content-type:date:date:from:from:in-reply-to:in-reply-to:message-id:mime-version:references:reply-to:subject:subject:to:to',
  ],
];

test('decideTrust() accepts a plain message as Gmail, Microsoft 365 and Fastmail sign it', () => {
  const present = ['from', 'to', 'subject', 'date', 'message-id', 'content-type'];
  for (const [service, signed] of SERVICES) {
    const names = signed.toLowerCase().split(':');
    const uncovered = COVERABLE_FIELDS.filter((name) => present.includes(name) && !names.includes(name));
    const given: TrustCase = { details: { signatures: [{ ...SIGNED, uncovered }] } };
    check('true', given);
    assert.equal(replyToStanding(verdictOf(given)).kind, 'covered', service);
    const encoded: TrustCase = {
      details: {
        signatures: [
          {
            ...SIGNED,
            uncovered: names.includes('content-transfer-encoding')
              ? uncovered
              : [...uncovered, 'content-transfer-encoding'],
          },
        ],
      },
      fields: { transferEncoding: 'base64' },
    };
    check(service === 'Fastmail' ? 'true' : 'not-covered', encoded);
    const answersElsewhere: TrustCase = {
      details: {
        signatures: [
          { ...SIGNED, uncovered: names.includes('reply-to') ? uncovered : [...uncovered, 'reply-to'] },
        ],
      },
    };
    assert.equal(
      replyToStanding(verdictOf(answersElsewhere)).kind,
      service === 'Microsoft 365' ? 'uncovered' : 'covered',
      service,
    );
  }
});

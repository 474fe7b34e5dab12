import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../config/config.ts';
import { type AutomaticFacts, automaticReason } from './automatic.ts';

const CONFIG = {
  domain: 'example.com',
  domains: ['example.org'],
  smtp: { postmaster: null },
  mailboxes: [
    { name: 'agent', address: 'agent@example.com', aliases: ['robot@example.com'] },
    { name: 'sales', address: 'sales@example.com', aliases: [] },
  ],
} as unknown as Config;

const LETTER: AutomaticFacts = {
  summary: { automatic: null },
  from: 'Ann <ann@example.net>',
  reversePath: 'ann@example.net',
  mailboxes: ['agent'],
  config: CONFIG,
};

function check(facts: Partial<AutomaticFacts>, expected: string | null): void {
  const reason = automaticReason({ ...LETTER, ...facts });
  assert.equal(reason?.split(':')[0] ?? null, expected, JSON.stringify(facts.from ?? facts));
}

test('automaticReason() names what no program may answer (RFC 3834 §2), and nothing of a letter', () => {
  check({}, null);
  check({ reversePath: '' }, 'null-sender');
  check({ reversePath: '', summary: { automatic: 'list: …' } }, 'null-sender');
  check({ summary: { automatic: 'list: It went to many (List-Id)' } }, 'list');
  check({ from: '' }, null);
  check({ reversePath: null }, null);
});

test('automaticReason() knows addresses that nobody reads, and no person by them', () => {
  for (const name of [
    'MAILER-DAEMON',
    'mailer-daemon+x',
    'postmaster',
    'bounce',
    'bounces+123=ann',
    'majordomo',
    'owner-dev',
    'dev-request',
    'dev-owner',
    'dev-bounces',
    'no-reply',
    'NoReply',
    'no_reply',
    'no.reply+42',
    'do-not-reply',
    'donotreply',
    'billing-noreply',
    'noreply-invoices',
  ])
    check({ from: `Shop <${name}@example.net>` }, 'role-address');
  for (const name of [
    'ann',
    'requester',
    'request',
    'owner',
    'casino-reply',
    'norepl',
    'nora.reply',
    'bouncer',
  ])
    check({ from: `${name}@example.net` }, null);
  // Of several authors one is enough.
  check({ from: 'ann@example.net, noreply@example.net' }, 'role-address');
});

test('automaticReason() knows mail from the mailbox to itself, by any of its addresses', () => {
  check({ from: 'agent@example.com' }, 'own-address');
  check({ from: 'Agent <AGENT+x@Example.Org>' }, 'own-address');
  check({ from: 'robot@example.com' }, 'own-address');
  check({ from: 'sales@example.com' }, null);
  check({ from: 'sales@example.com', mailboxes: ['agent', 'sales'] }, 'own-address');
  check({ from: 'agent@example.net' }, null);
});

test('automaticReason() never throws, whatever From says', () => {
  fc.assert(
    fc.property(fc.string(), (from) => {
      const reason = automaticReason({ ...LETTER, from });
      assert.ok(reason === null || /^[a-z-]+: ./.test(reason));
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailboxConfig } from './config.ts';
import { createRouter, type RouteDecision, type RoutingConfig } from './routing.ts';

function mailbox(name: string, address: string, aliases: readonly string[] = []): MailboxConfig {
  return {
    name,
    address,
    aliases,
    owner: null,
    trust: 'none',
    trustedSenders: [],
    trustSpf: false,
    requireAddressed: false,
    dedupMode: 'content',
    maxConcurrent: null,
    hooks: [],
  };
}

const PLAIN: RoutingConfig = {
  domain: 'example.com',
  domains: ['example.org'],
  mailboxes: [
    mailbox('support', 'help@example.com', ['sales@example.com', 'info@example.org', 'short']),
    mailbox('plus', 'a+b@example.com'),
    mailbox('umlaut', 'jürgen@example.com'),
  ],
  smtp: { postmaster: null },
};
const CATCHALL: RoutingConfig = {
  ...PLAIN,
  mailboxes: [...PLAIN.mailboxes, mailbox('rest', '*@example.com')],
};
const NAMED: RoutingConfig = { ...PLAIN, smtp: { postmaster: 'plus' } };
const OWN: RoutingConfig = {
  ...CATCHALL,
  mailboxes: [...CATCHALL.mailboxes, mailbox('pm', 'postmaster@example.com')],
};

const to = (name: string, tag: string | null = null): RouteDecision => ({
  kind: 'accept',
  route: { mailbox: name, tag },
});
const UNKNOWN: RouteDecision = { kind: 'unknown-mailbox' };
const FOREIGN: RouteDecision = { kind: 'not-our-domain' };

function check(
  config: RoutingConfig,
  localPart: string,
  domain: string | null,
  expected: RouteDecision,
): void {
  assert.deepEqual(createRouter(config)({ localPart, domain }), expected, `${localPart}@${domain}`);
}

test('createRouter() goes by address and alias, not by the name of the table', () => {
  check(PLAIN, 'help', 'example.com', to('support'));
  check(PLAIN, 'support', 'example.com', UNKNOWN);
  check(PLAIN, 'sales', 'example.com', to('support'));
  check(PLAIN, 'short', 'example.com', to('support'));
});

test('createRouter() compares domain and local part without case', () => {
  check(PLAIN, 'HELP', 'EXAMPLE.com', to('support'));
  check(PLAIN, 'JU\u0308RGEN', 'example.com', to('umlaut'));
});

test('createRouter() lets a further domain of ours share the local parts of the first', () => {
  check(PLAIN, 'help', 'example.org', to('support'));
  check(PLAIN, 'info', 'example.org', to('support'));
  check(PLAIN, 'info', 'example.com', UNKNOWN);
});

test('createRouter() sends +tag to the mailbox before it, an exact address first', () => {
  check(PLAIN, 'help+Invoice', 'example.com', to('support', 'Invoice'));
  check(PLAIN, 'help+a+b', 'example.com', to('support', 'a+b'));
  check(PLAIN, 'a+b', 'example.com', to('plus'));
  check(PLAIN, 'nobody+x', 'example.com', UNKNOWN);
  check(PLAIN, '+x', 'example.com', UNKNOWN);
});

test('createRouter() gives the rest to the catchall', () => {
  check(CATCHALL, 'whoever', 'example.com', to('rest'));
  check(CATCHALL, 'whoever', 'example.org', to('rest'));
  check(CATCHALL, '*', 'example.com', to('rest'));
  check(PLAIN, '*', 'example.com', UNKNOWN);
});

test('createRouter() refuses other domains, also behind percent hacks', () => {
  check(CATCHALL, 'help', 'example.net', FOREIGN);
  check(CATCHALL, 'help', 'sub.example.com', FOREIGN);
  check(CATCHALL, 'help', '[127.0.0.1]', FOREIGN);
  check(PLAIN, 'user%example.net', 'example.com', UNKNOWN);
  check(PLAIN, 'user@example.net', 'example.com', UNKNOWN);
});

test('createRouter() always has a postmaster', () => {
  check(PLAIN, 'postmaster', 'example.com', to('support'));
  check(PLAIN, 'Postmaster', null, to('support'));
  check(NAMED, 'postmaster', 'example.com', to('plus'));
  check(CATCHALL, 'postmaster', 'example.com', to('rest'));
  check(OWN, 'PostMaster', null, to('pm'));
  check(OWN, 'postmaster', 'example.net', FOREIGN);
  check(PLAIN, 'help', null, UNKNOWN);
});

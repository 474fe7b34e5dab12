import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRouter, type RouterOptions } from './routing.ts';

const PLAIN: RouterOptions = {
  domain: 'example.com',
  domains: ['Example.org', 'bücher.example'],
  mailboxes: [
    { name: 'first', address: 'first@example.com', aliases: ['one@example.com', 'uno'] },
    { name: 'sales', address: 'sales@example.com', aliases: [] },
    { name: 'sales-org', address: 'sales@example.org', aliases: ['a+b@example.org'] },
  ],
  smtp: { postmaster: null },
};
const CATCHALL: RouterOptions = {
  ...PLAIN,
  mailboxes: [...PLAIN.mailboxes, { name: 'catchall', address: '*@example.com', aliases: [] }],
};

function ask(options: RouterOptions, localPart: string, domain: string | null): string {
  const answer = createRouter(options)({ localPart, domain });
  if (answer.kind !== 'accept') return answer.kind;
  return answer.route.mailbox + (answer.route.tag === null ? '' : ` tag=${answer.route.tag}`);
}

describe('createRouter()', () => {
  const check = (
    options: RouterOptions,
    localPart: string,
    domain: string | null,
    expected: string,
  ): void => {
    it(`${options === PLAIN ? '' : 'other config: '}${localPart} at ${domain} → ${expected}`, () => {
      assert.equal(ask(options, localPart, domain), expected);
    });
  };
  check(PLAIN, 'first', 'example.com', 'first');
  check(PLAIN, 'FIRST', 'EXAMPLE.com', 'first');
  check(PLAIN, 'first', 'example.org', 'first');
  check(PLAIN, 'one', 'example.com', 'first');
  check(PLAIN, 'UNO', 'example.com', 'first');
  check(PLAIN, 'first+Tag+x', 'example.com', 'first tag=Tag+x');
  check(PLAIN, 'one+t', 'example.com', 'first tag=t');
  check(PLAIN, 'a+b', 'example.org', 'sales-org');
  check(PLAIN, 'sales', 'example.com', 'sales');
  check(PLAIN, 'sales', 'example.org', 'sales-org');
  check(PLAIN, 'first', 'xn--bcher-kva.example', 'first');
  check(PLAIN, 'first', 'bücher.example', 'first');
  check(PLAIN, 'nobody', 'example.com', 'unknown-mailbox');
  check(PLAIN, '*', 'example.com', 'unknown-mailbox');
  check(PLAIN, 'first', 'sub.example.com', 'not-our-domain');
  check(PLAIN, 'first', 'other.example', 'not-our-domain');
  check(PLAIN, 'postmaster', 'other.example', 'not-our-domain');
  check(PLAIN, 'first', '[127.0.0.1]', 'not-our-domain');
  check(PLAIN, 'x%other.example', 'example.com', 'unknown-mailbox');
  check(PLAIN, 'x@other.example', 'example.com', 'unknown-mailbox');
  check(PLAIN, 'postmaster', null, 'first');
  check(PLAIN, 'PostMaster', 'example.org', 'first');
  check({ ...PLAIN, smtp: { postmaster: 'sales' } }, 'postmaster', null, 'sales');
  check({ ...CATCHALL, smtp: { postmaster: 'sales' } }, 'postmaster', null, 'catchall');
  check(
    {
      ...CATCHALL,
      mailboxes: [...CATCHALL.mailboxes, { name: 'pm', address: 'postmaster@example.com', aliases: [] }],
    },
    'postmaster',
    null,
    'pm',
  );
  check(CATCHALL, 'nobody', 'example.com', 'catchall');
  check(CATCHALL, 'nobody+t', 'example.org', 'catchall tag=t');
  check(CATCHALL, '*', 'example.com', 'catchall');
  check(CATCHALL, 'first+t', 'example.com', 'first tag=t');
  check(CATCHALL, 'nobody', 'other.example', 'not-our-domain');
  check({ ...PLAIN, mailboxes: [] }, 'postmaster', null, 'unknown-mailbox');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toQueueId } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import { envelopeOf, recipientsOf, reversePathOf, senderOf } from './correspondents.ts';
import type { OperationContext } from './operation.ts';

const MAILBOXES = [
  { name: 'agent', address: 'agent@example.com', aliases: ['sales@example.com'] },
  { name: 'other', address: 'other@example.com', aliases: [] },
  { name: 'plus', address: 'agent+news@example.com', aliases: [] },
  { name: 'rest', address: '*@bücher.example', aliases: [] },
];

/** A caller who owns some of the mailboxes. */
function owner(...owned: readonly string[]): OperationContext {
  // One that takes every address is there for its owner alone: others are to meet addresses that lead nowhere.
  const mailboxes = MAILBOXES.filter(({ name }) => name !== 'rest' || owned.includes('rest'));
  return {
    owned: new Set(owned),
    config: {
      domain: 'example.com',
      domains: ['bücher.example'],
      smtp: { postmaster: null, maxRecipients: 3 },
      mailboxes,
    },
  } as unknown as OperationContext;
}

function refused(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof AimxError && error.code === code && pattern.test(`${error.message} ${error.hint}`);
}

test('senderOf() takes what leads to a mailbox of the caller, and nothing else', () => {
  const check = (from: string | undefined, expected: string, ...owned: readonly string[]): void => {
    const { mailbox, address } = senderOf(owner(...(owned.length === 0 ? ['agent', 'rest'] : owned)), from);
    assert.equal(`${mailbox.name}: ${address.name} <${address.address}>`, expected);
  };
  check(undefined, 'agent:  <agent@example.com>');
  check('agent', 'agent:  <agent@example.com>');
  check('Sales@Example.COM', 'agent:  <Sales@example.com>');
  check('agent+x@example.com', 'agent:  <agent+x@example.com>');
  check('"Ann, Sales" <sales@example.com>', 'agent: Ann, Sales <sales@example.com>');
  check('Grüße aus Ä <agent@example.com>', 'agent: Grüße aus Ä <agent@example.com>');
  check('Ã¼ <agent@example.com>', 'agent: Ã¼ <agent@example.com>');
  check('anybody@bücher.example', 'rest:  <anybody@xn--bcher-kva.example>');
  check(undefined, 'other:  <other@example.com>', 'other');
  for (const from of [
    'other',
    'other@example.com',
    'agent@example.net',
    'agent@example.com, sales@example.com',
    'agent@example.com, evil@example.org',
    'nobody at all',
    '',
  ])
    assert.throws(() => senderOf(owner('agent'), from), refused('request.not-found', /of yours/), from);
});

test('senderOf() lists the mailboxes where none is named, and says what a catchall needs', () => {
  assert.throws(
    () => senderOf(owner('agent', 'other'), undefined),
    refused('request.invalid', /yours: agent, other/),
  );
  assert.throws(() => senderOf(owner('rest'), undefined), refused('request.invalid', /yours: rest/));
  assert.throws(() => senderOf(owner('rest'), 'rest'), refused('request.not-found', /you@bücher\.example/));
});

test('recipientsOf() reads names, commas and groups, and refuses what is no address', () => {
  const check = (value: string, expected: readonly string[]): void =>
    assert.deepEqual(
      recipientsOf('to', [value]).map(({ name, address }) => `${name}|${address}`),
      expected,
    );
  check('a@b.example', ['|a@b.example']);
  check('Ä <a@b.example>, "c, d" <c@d.example>', ['Ä|a@b.example', 'c, d|c@d.example']);
  check('friends: a@b.example, c@d.example;', ['|a@b.example', '|c@d.example']);
  check('a@bücher.example', ['|a@xn--bcher-kva.example']);
  check('用户@例子.example', ['|用户@xn--fsqu00a.example']);
  check('a@[192.0.2.1]', ['|a@[192.0.2.1]']);
  check('ann@b.example <ann@b.example>', ['ann@b.example|ann@b.example']);
  check(' ', []);
  for (const value of [
    'a',
    'a@b.example c@d.example',
    'a@b.example, x',
    'a@',
    '<>',
    'a@b.example\r\nBcc: x@y.example',
    'a@b\0.example',
  ])
    assert.throws(() => recipientsOf('to', [value]), refused('request.invalid', /^to: /), value);
});

test('envelopeOf() has each address once, under the field that names it first', () => {
  const list = (...addresses: readonly string[]) => addresses.map((address) => ({ name: '', address }));
  const of = (to: readonly string[], cc: readonly string[] = [], bcc: readonly string[] = []) =>
    envelopeOf(owner('agent'), { to: list(...to), cc: list(...cc), bcc: list(...bcc) });
  assert.deepEqual(of(['a@b.example'], ['A@b.example', 'other+x@example.com'], ['other@example.com']), [
    { address: 'a@b.example', field: 'to', domain: 'b.example', isLocal: false },
    { address: 'other+x@example.com', field: 'cc', domain: 'example.com', isLocal: true },
    { address: 'other@example.com', field: 'bcc', domain: 'example.com', isLocal: true },
  ]);
  assert.equal(of([], [], ['a@b.example'])[0]?.field, 'bcc');
  assert.throws(() => of([]), refused('request.invalid', /to whom/));
  assert.throws(
    () => of(['nobody@example.com']),
    refused('request.invalid', /no mailbox nobody@example\.com here/),
  );
  assert.throws(
    () => of(['a@b.c', 'b@b.c', 'c@b.c', 'd@b.c']),
    refused('request.too-large', /4 recipients: allowed are 3/),
  );
});

test('reversePathOf() leads back to the mailbox, or is its plain address', () => {
  const check = (from: string, expected: string): void => {
    const context = owner('agent', 'other', 'plus', 'rest');
    assert.equal(reversePathOf(context, senderOf(context, from), toQueueId('0123456789abcdef')), expected);
  };
  check('agent', 'agent+b-0123456789abcdef@example.com');
  check('sales+x@example.com', 'sales+b-0123456789abcdef@example.com');
  check('any.body@bücher.example', 'any.body+b-0123456789abcdef@xn--bcher-kva.example');
  // Without its tag it would be another mailbox's.
  check('plus', 'agent+news@example.com');
  const long = `${'a'.repeat(46)}@bücher.example`;
  check(long, long.replace('bücher', 'xn--bcher-kva'));
});

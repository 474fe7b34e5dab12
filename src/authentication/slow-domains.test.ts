import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../system/clock.sim.ts';
import type { Dns, DnsAnswer, DnsRecordType } from '../system/dns.ts';
import { SLOW_QUESTIONS_MAX, SlowDomains, WAITING_MAX, WAITING_PER_DOMAIN_MAX } from './slow-domains.ts';

/** Answers nothing about `slow.example` until it is told to. */
function stuckDns(): { readonly dns: Dns; readonly asked: string[]; answer(): void } {
  const open: (() => void)[] = [];
  const asked: string[] = [];
  return {
    asked,
    answer: () => {
      for (const end of open.splice(0)) end();
    },
    dns: {
      resolve: <Type extends DnsRecordType>(name: string): Promise<DnsAnswer<Type>> => {
        asked.push(name);
        if (!/slow\d*\.example$/.test(name)) return Promise.resolve({ kind: 'no-data' });
        return new Promise((resolve) => open.push(() => resolve({ kind: 'no-such-name' })));
      },
    },
  };
}

function desk() {
  const clock = simulatedClock();
  const stuck = stuckDns();
  const slow = new SlowDomains({ clock, domainOf: (name) => name.split('.').slice(-2).join('.') });
  const outcomes: string[] = [];
  const ask = (name: string) => {
    const dns = slow.guard(stuck.dns);
    void dns
      .resolve(name, 'TXT')
      .then((answer) => outcomes.push(answer.kind === 'failed' ? answer.cause : answer.kind));
    return dns;
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, stuck, slow, outcomes, ask, turn };
}

test('SlowDomains: four messages wait for a slow domain, others are told at once', async () => {
  const { clock, outcomes, ask, turn, stuck } = desk();
  for (let n = 0; n < 7; n += 1) ask(`k${n}.slow.example`);
  await turn();
  assert.deepEqual(outcomes, [], 'a second is given to all');
  clock.advance(1_000);
  await turn();
  assert.deepEqual(outcomes, ['deadline', 'deadline', 'deadline']);
  ask('k9.slow.example');
  clock.advance(0);
  await turn();
  assert.equal(outcomes.length, WAITING_PER_DOMAIN_MAX);
  ask('quick.example');
  await turn();
  assert.equal(outcomes.at(-1), 'no-data', 'another domain is not held up');
  stuck.answer();
  await turn();
  assert.equal(outcomes.filter((outcome) => outcome === 'no-such-name').length, WAITING_PER_DOMAIN_MAX);
});

test('SlowDomains: a message keeps its place for all its questions, and gives it up at its end', async () => {
  const { clock, outcomes, ask, turn } = desk();
  const messages = Array.from({ length: WAITING_PER_DOMAIN_MAX }, (_, n) => ask(`k${n}.slow.example`));
  clock.advance(1_000);
  void messages[0]?.resolve('other.slow.example', 'TXT').then(({ kind }) => outcomes.push(kind));
  clock.advance(5_000);
  await turn();
  assert.deepEqual(outcomes, []);
  messages[0]?.[Symbol.dispose]();
  ask('late.slow.example');
  clock.advance(1_000);
  await turn();
  assert.deepEqual(outcomes, [], 'the place was free');
});

test('SlowDomains: half of the places are left to others, however many domains are slow', async () => {
  const { clock, outcomes, ask, turn } = desk();
  const messages = Array.from({ length: WAITING_MAX + 8 }, (_, n) => ask(`k.slow${n}.example`));
  clock.advance(1_000);
  await turn();
  assert.deepEqual(outcomes, Array(8).fill('deadline'));
  ask('k2.slow0.example');
  clock.advance(0);
  await turn();
  assert.equal(outcomes.length, 9, 'who is known to be slow is not waited for');
  void messages[0]?.resolve('k2.slow1.example', 'TXT').then(({ kind }) => outcomes.push(kind));
  clock.advance(5_000);
  await turn();
  assert.equal(outcomes.length, 9, 'a message that waits may ask on');
  messages[0]?.[Symbol.dispose]();
  ask('k.slow99.example');
  clock.advance(1_000);
  await turn();
  assert.equal(outcomes.length, 9, 'the place was free');
});

test('SlowDomains: no more is asked about a domain of which many questions have no answer', async () => {
  const { clock, outcomes, ask, turn, stuck } = desk();
  const message = ask('k.slow.example');
  for (let n = 1; n < SLOW_QUESTIONS_MAX; n += 1) void message.resolve(`k${n}.slow.example`, 'TXT');
  clock.advance(1_000);
  ask('late.slow.example');
  await turn();
  assert.deepEqual([outcomes, stuck.asked.length], [['deadline'], SLOW_QUESTIONS_MAX]);
  ask('quick.example');
  await turn();
  assert.equal(outcomes.at(-1), 'no-data', 'another domain is asked about');
  stuck.answer();
  await turn();
  ask('later.slow.example');
  assert.equal(stuck.asked.at(-1), 'later.slow.example', 'they have been answered');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideLoop, type LoopOccasion } from './send-loops.ts';

const AUTOMATIC = 'auto-submitted: A program sent it (Auto-Submitted: auto-generated)';

const LETTER: LoopOccasion = {
  kind: 'received',
  mailbox: 'agent',
  automatic: null,
  correspondents: [],
  isInThread: false,
};
const REPORT: LoopOccasion = {
  ...LETTER,
  automatic: AUTOMATIC,
  correspondents: ['Robot@example.net', 'bounce+7@example.net'],
};
const SENT: LoopOccasion = {
  kind: 'sent',
  mailbox: 'agent',
  recipients: ['ann@example.net', 'bob@example.net'],
};

/** @param to Addresses; one of ours is written `mailbox=address`. */
function loopOf(occasion: LoopOccasion, ...to: readonly string[]): string | null {
  const recipients = to.map((text) => {
    const at = text.indexOf('=');
    return at < 0
      ? { address: text, mailbox: null }
      : { address: text.slice(at + 1), mailbox: text.slice(0, at) };
  });
  return decideLoop({ from: 'agent', recipients, occasion });
}

test('decideLoop() holds what begins a loop, and lets go what a hook is for', () => {
  const check = (expected: RegExp | null, occasion: LoopOccasion, ...to: readonly string[]): void => {
    const loop = loopOf(occasion, ...to);
    if (expected === null) assert.equal(loop, null, to.join());
    else assert.match(loop ?? 'null', expected, to.join());
  };
  // A letter is answered, and a colleague here is told.
  check(null, LETTER, 'ann@example.net');
  check(null, { ...LETTER, isInThread: true }, 'ann@example.net');
  check(null, LETTER, 'owner=owner@example.com');
  // RFC 3834 §2: what a program wrote is not answered, to whomever the answer goes.
  check(/^loop: It answers .*Auto-Submitted/, REPORT, 'robot@example.net');
  check(/^loop: It answers/, REPORT, 'ann@example.org', 'robot+x@EXAMPLE.net');
  check(/^loop: It answers/, REPORT, 'bounce@example.net');
  check(/^loop: It answers/, { ...REPORT, isInThread: true }, 'ann@example.org');
  // But somebody may be told of it.
  check(null, REPORT, 'ann@example.org');
  check(null, REPORT, 'owner=owner@example.com');
  // Mail to itself, by any of its addresses.
  check(/^loop: A hook of agent writes to agent itself \(me@example\.com\)/, LETTER, 'agent=me@example.com');
  check(
    /^loop: A hook of other writes to other itself/,
    { ...LETTER, mailbox: 'other' },
    'other=o@example.com',
  );
  check(
    /^loop: A hook of other writes to agent itself/,
    { ...LETTER, mailbox: 'other' },
    'agent=me@example.com',
  );
  check(/^loop: A hook of agent writes to agent itself/, SENT, 'agent=me@example.com');
  // after_send: the same people again.
  check(/^loop: .*writes to BOB@example\.net, whom/, SENT, 'owner=owner@example.com', 'BOB@example.net');
  check(null, SENT, 'owner=owner@example.com');
  check(null, SENT, 'carol@example.net');
  // A run that nobody knows.
  check(/^loop: It comes from inside a run that is not known/, { kind: 'unknown' }, 'ann@example.net');
});

test('decideLoop() holds every message that has a correspondent of automatic mail among its recipients', () => {
  const address = fc.emailAddress();
  fc.assert(
    fc.property(fc.array(address), address, fc.array(address), (before, correspondent, behind) => {
      const occasion: LoopOccasion = { ...REPORT, correspondents: [correspondent.toUpperCase()] };
      assert.match(
        loopOf(occasion, ...[...before, correspondent, ...behind].map((to) => `x=${to}`)) ?? '',
        /^loop: /,
      );
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideTimeout, type TimeLimits, type TimeoutDecision, type Timing, tickMs } from './deadlines.ts';

const LIMITS: TimeLimits = {
  commandTimeoutMs: 300,
  dataTimeoutMs: 180,
  sessionTimeoutMs: 1800,
  tlsTimeoutMs: 30,
  floorBytesPerSecond: 1000,
  floorWindowMs: 60,
  lingerMs: 5,
};
const NONE: TimeoutDecision = { kind: 'none' };

function check(timing: Partial<Timing>, nowMs: number, expected: TimeoutDecision): void {
  const whole: Timing = {
    phase: 'command',
    connectedAtMs: 0,
    sinceMs: 0,
    isPaused: false,
    window: null,
    ...timing,
  };
  assert.deepEqual(decideTimeout(whole, LIMITS, nowMs), expected, JSON.stringify({ timing, nowMs }));
}

test('decideTimeout() limits the wait for a command (RFC 5321 §4.5.3.2.7)', () => {
  check({ sinceMs: 100 }, 400, NONE);
  check({ sinceMs: 100 }, 401, { kind: 'tell', what: 'command' });
});

test('decideTimeout() limits the wait for a block of content, but not while we do not read', () => {
  check({ phase: 'content', sinceMs: 100 }, 281, { kind: 'tell', what: 'data' });
  check({ phase: 'content', sinceMs: 100, isPaused: true }, 100_000, NONE);
});

test('decideTimeout() limits the session, but never while its commit is under way', () => {
  check({ sinceMs: 1800 }, 1801, { kind: 'tell', what: 'session' });
  check({ phase: 'content', sinceMs: 1800 }, 1801, { kind: 'tell', what: 'session' });
  check({ phase: 'waiting' }, 100_000, NONE);
});

test('decideTimeout() drops who cannot be told anything', () => {
  check({ phase: 'handshake' }, 30, NONE);
  check({ phase: 'handshake' }, 31, { kind: 'drop' });
  check({ phase: 'closing' }, 6, { kind: 'drop' });
  check({ phase: 'unread-reply' }, 301, { kind: 'drop' });
});

test('decideTimeout() holds content to a floor over each window', () => {
  const at = (bytes: number): Partial<Timing> => ({
    phase: 'content',
    sinceMs: 99,
    window: { startMs: 40, bytes },
  });
  check(at(0), 99, NONE);
  check(at(59), 100, { kind: 'tell', what: 'throughput' });
  check(at(60), 100, { kind: 'next-window' });
});

test('tickMs() follows the shortest limit within its bounds', () => {
  assert.equal(tickMs(LIMITS), 10);
  assert.equal(tickMs({ ...LIMITS, lingerMs: 1000, floorWindowMs: 1000, tlsTimeoutMs: 800 }), 22.5);
  const long = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 60_000])) as unknown as TimeLimits;
  assert.equal(tickMs(long), 1000);
});

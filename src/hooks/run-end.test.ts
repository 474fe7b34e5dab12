import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '../system/clock.ts';
import type { AttemptOutcome, NotStartableReason } from './hooks.ts';
import {
  boundEnd,
  decideInterrupted,
  decideRunEnd,
  INTERRUPT_STARTS_MAX,
  retryDelayMs,
  showProgram,
} from './run-end.ts';

test('decideRunEnd() gives each outcome a state and a reason of its own', () => {
  const check = (outcome: AttemptOutcome, state: string, code: string | undefined): void => {
    const end = decideRunEnd(outcome, { attempt: 1, program: null }, { retries: 0 });
    assert.deepEqual([end.kind === 'end' && end.state, end.reason?.split(':')[0]], [state, code]);
  };
  check({ kind: 'exited', exitCode: 0 }, 'succeeded', undefined);
  check({ kind: 'exited', exitCode: 75 }, 'failed', 'exit');
  check({ kind: 'exited', exitCode: 124 }, 'failed', 'exit');
  check({ kind: 'signalled', signal: 'SIGKILL' }, 'failed', 'signal');
  check({ kind: 'timed-out', exitCode: 0, signal: null }, 'timed_out', 'time-limit');
  check({ kind: 'cancelled', exitCode: null, signal: 'SIGTERM' }, 'cancelled', 'cancelled');
  check({ kind: 'not-startable', reason: 'not-found' }, 'failed', 'not-found');
});

test('decideRunEnd() starts again on exit 75, as often as the hook has retries', () => {
  const outcome: AttemptOutcome = { kind: 'exited', exitCode: 75 };
  const check = (attempt: number, retries: number | null, expected: string): void =>
    assert.equal(
      decideRunEnd(outcome, { attempt, program: null }, retries === null ? null : { retries }).kind,
      expected,
    );
  check(1, 2, 'again');
  check(2, 2, 'again');
  check(3, 2, 'end');
  check(1, 0, 'end');
  check(1, null, 'end');
});

test('decideRunEnd() does not lose a run for lack of room on the disk', () => {
  const end = decideRunEnd(
    { kind: 'not-startable', reason: 'no-room' },
    { attempt: 9, program: null },
    { retries: 0 },
  );
  assert.equal(end.kind, 'again');
});

test('decideInterrupted() reports, or starts again a bounded number of times where the hook says so', () => {
  const check = (attempt: number, onInterrupt: 'report' | 'retry' | null, expected: string): void => {
    const hook = onInterrupt === null ? null : { onInterrupt };
    assert.equal(decideInterrupted('status-lost: x', { attempt }, hook).kind, expected);
  };
  check(1, 'report', 'end');
  check(1, null, 'end');
  check(1, 'retry', 'again');
  check(INTERRUPT_STARTS_MAX, 'retry', 'end');
});

test('decideRunEnd() names the program that could not be started', () => {
  const check = (reason: NotStartableReason, program: string | null, expected: string): void => {
    const end = decideRunEnd({ kind: 'not-startable', reason }, { attempt: 1, program }, { retries: 0 });
    assert.equal(end.reason, expected);
  };
  const absent = 'does not exist, or its owner may not reach it';
  check('not-found', '/usr/local/bin/pay', `not-found: /usr/local/bin/pay ${absent}`);
  check('not-found', null, `not-found: The program ${absent}`);
  check('not-found', "/opt/$&$'", `not-found: /opt/$&$' ${absent}`);
  check('not-executable', '/tmp', 'not-executable: /tmp is not an executable file for its owner');
});

test('showProgram() leaves one bounded line that no terminal acts upon', () => {
  const check = (path: string, expected: string): void => assert.equal(showProgram(path), expected);
  check('/opt/é 😀/run', '/opt/é 😀/run');
  check('/a\u001b[2J\n\u202eb', '/a\\u{1b}[2J\\u{a}\\u{202e}b');
  check('😀'.repeat(300), `${'😀'.repeat(256)}…`);
});

test('boundEnd() keeps an end between its start and now', () => {
  const bounds = { startedAt: epochMs(10), now: epochMs(20) };
  const check = (endedAtMs: number, expected: number): void =>
    assert.equal(boundEnd(endedAtMs, bounds), expected);
  check(15.4, 15);
  check(9, 10);
  check(21, 20);
  assert.equal(boundEnd(5, { startedAt: epochMs(30), now: epochMs(20) }), 30);
});

test('retryDelayMs() doubles from 10 s to 15 min', () => {
  assert.deepEqual([1, 2, 3, 8, 100].map(retryDelayMs), [10_000, 20_000, 40_000, 900_000, 900_000]);
});

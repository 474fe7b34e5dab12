import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMark, parseStatus, standingOf } from './attempt-standing.ts';
import type { AttemptOutcome } from './hooks.ts';

test('parseStatus() reads each phase, and nothing that was cut short', () => {
  const check = (text: string, expected: AttemptOutcome | null): void =>
    assert.deepEqual(parseStatus(text), expected, text);
  check('hook exit 0 end\n', { kind: 'exited', exitCode: 0 });
  check('hook exit 137 end\n', { kind: 'exited', exitCode: 137 });
  check('hook signal 9 end\n', { kind: 'signalled', signal: 'SIGKILL' });
  check('hook signal 40 end\n', { kind: 'signalled', signal: 'SIGRT40' });
  check('timed-out signal 15 end\n', { kind: 'timed-out', exitCode: null, signal: 'SIGTERM' });
  check('timed-out exit 124 end\n', { kind: 'timed-out', exitCode: 124, signal: null });
  check('cancelled signal 15 end\n', { kind: 'cancelled', exitCode: null, signal: 'SIGTERM' });
  check('not-started not-found exit 127 end\n', { kind: 'not-startable', reason: 'not-found' });
  check('not-started for-fun exit 127 end\n', null);
  for (const text of [
    '',
    'hook exit 0',
    'hook exit 0 en',
    'hook exit 0 end',
    'hook exit end\n',
    'x exit 0 end\n',
  ])
    check(text, null);
});

test('standingOf() follows its table', () => {
  const mark = { takenAtMs: 5 };
  const status = { text: 'hook exit 0 end\n', writtenAtMs: 7 };
  const ended = { kind: 'ended', startedAtMs: 5, endedAtMs: 7 } as const;
  const outcome: AttemptOutcome = { kind: 'exited', exitCode: 0 };
  const check = (evidence: Parameters<typeof standingOf>[0], expected: ReturnType<typeof standingOf>): void =>
    assert.deepEqual(standingOf(evidence), expected);
  check({ mark: null, isLockHeld: true, status: null }, { kind: 'not-started' });
  check({ mark, isLockHeld: true, status: null }, { kind: 'running', startedAtMs: 5 });
  check({ mark, isLockHeld: false, status: null }, { kind: 'status-lost', startedAtMs: 5 });
  check({ mark, isLockHeld: false, status }, { ...ended, outcome, isLockHeld: false });
  check({ mark, isLockHeld: true, status }, { ...ended, outcome, isLockHeld: true });
  const cutShort = { ...status, text: 'hook ex' };
  check({ mark, isLockHeld: false, status: cutShort }, { kind: 'status-lost', startedAtMs: 5 });
});

test("parseMark() reads a launcher's and not the daemon's", () => {
  assert.deepEqual(parseMark('17709 181314 b60fc065 900 end\n'), { pid: 17709, timeoutSeconds: 900 });
  assert.equal(parseMark('daemon end\n'), null);
  assert.equal(parseMark('17709 1813'), null);
});

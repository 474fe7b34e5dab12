import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HookConfig } from '../config/config.ts';
import type { RunRow } from '../journal/journal.ts';
import { boundValue, makeEnvironment, VALUE_BYTES_MAX } from './environment.ts';

test('boundValue() leaves no NUL, is valid UTF-8, and keeps at most 16 KiB', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(VALUE_BYTES_MAX + 5), (text, fill) => {
      const bound = boundValue('x'.repeat(fill) + text);
      assert.ok(!bound.includes('\0'));
      assert.ok(Buffer.byteLength(bound) <= VALUE_BYTES_MAX);
      assert.ok(bound.isWellFormed());
    }),
  );
});

test('boundValue() cuts between characters and leaves what fits as it is', () => {
  const check = (value: string, expected: string): void => assert.equal(boundValue(value), expected);
  check('plain', 'plain');
  check('a\0b', 'ab');
  check('é'.repeat(VALUE_BYTES_MAX), 'é'.repeat(VALUE_BYTES_MAX / 2));
  check(`x${'é'.repeat(VALUE_BYTES_MAX)}`, `x${'é'.repeat(VALUE_BYTES_MAX / 2 - 1)}`);
  check(`xx${'😀'.repeat(VALUE_BYTES_MAX)}`, `xx${'😀'.repeat(VALUE_BYTES_MAX / 4 - 1)}`);
});

test("makeEnvironment() lets a hook's own env set anything but what tells it of its message", () => {
  const env = makeEnvironment({
    run: { runId: 'r', event: 'on_receive', sendStatus: null, mailbox: 'box', id: 'i', attempt: 2 } as RunRow,
    hook: {
      name: 'h',
      env: { PATH: '/own', AIMX_SUBJECT: 'forged', AIMX_RUN_ID: 'forged' } as object,
    } as HookConfig,
    account: { name: 'alice', uid: 1000, gid: 100, home: '/home/alice', shell: '/bin/zsh' },
    variables: { AIMX_SUBJECT: 'real', LD_PRELOAD: '/x', AIMX_RUN_ID: 'message' },
    path: '/usual',
    lang: 'C.UTF-8',
  });
  assert.deepEqual(env, {
    PATH: '/own',
    LANG: 'C.UTF-8',
    HOME: '/home/alice',
    USER: 'alice',
    LOGNAME: 'alice',
    SHELL: '/bin/zsh',
    AIMX_SUBJECT: 'real',
    AIMX_HOOK_NAME: 'h',
    AIMX_EVENT: 'on_receive',
    AIMX_MAILBOX: 'box',
    AIMX_ID: 'i',
    AIMX_RUN_ID: 'r',
    AIMX_ATTEMPT: '2',
  });
});

test('makeEnvironment() tells a hook of after_send what became of the message, and no other hook', () => {
  const check = (run: Partial<RunRow>, expected: string | undefined): void => {
    const env = makeEnvironment({
      run: { runId: 'r', mailbox: 'box', id: 'i', attempt: 1, ...run } as RunRow,
      hook: { name: 'h', env: {} } as HookConfig,
      account: { name: 'alice', uid: 1000, gid: 1000, home: '/home/alice', shell: '/bin/sh' },
      variables: {},
      path: '/bin',
      lang: 'C.UTF-8',
    });
    assert.equal(env['AIMX_SEND_STATUS'], expected);
  };
  check({ event: 'after_send', sendStatus: 'deferred' }, 'deferred');
  check({ event: 'after_send', sendStatus: 'failed' }, 'failed');
  check({ event: 'on_receive', sendStatus: null }, undefined);
});

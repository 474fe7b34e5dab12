import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import type { MailboxId } from '../journal/journal.ts';
import { runLimits } from './run-limits.ts';

test('runLimits() names what has a limit of its own, by the id of its mailbox', () => {
  const config = {
    hooks: { maxPerMailbox: 4 },
    mailboxes: [
      { name: 'a', maxConcurrent: 2, hooks: [{ name: 'x', maxConcurrent: 1 }] },
      { name: 'b', maxConcurrent: null, hooks: [{ name: 'y', maxConcurrent: null }] },
      { name: 'not-registered', maxConcurrent: 9, hooks: [] },
    ],
  } as unknown as Config;
  assert.deepEqual(runLimits(config, { a: 'ida' as MailboxId, b: 'idb' as MailboxId }), {
    perMailbox: { ida: 2 },
    perMailboxDefault: 4,
    perHook: { x: 1 },
  });
});

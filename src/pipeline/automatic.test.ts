import assert from 'node:assert/strict';
import { test } from 'node:test';
import { automaticReason } from './automatic.ts';

test('automaticReason() names what no program may answer (RFC 3834 §2), and nothing of a letter', () => {
  const check = (
    message: {
      readonly from?: string;
      readonly listId?: string;
      readonly autoSubmitted?: string;
      readonly path?: string;
    },
    expected: string | null,
  ): void => {
    const {
      from = 'Ann <ann@example.net>',
      listId = '',
      autoSubmitted = '',
      path = 'ann@example.net',
    } = message;
    const reason = automaticReason({ header: { from, listId, autoSubmitted }, reversePath: path });
    assert.equal(reason?.split(':')[0] ?? null, expected, JSON.stringify(message));
  };
  check({}, null);
  check({ path: '' }, 'null-sender');
  check({ autoSubmitted: 'no' }, null);
  check({ autoSubmitted: 'No (a person wrote it)' }, null);
  check({ autoSubmitted: 'auto-replied; owner-email="x"' }, 'auto-submitted');
  check({ autoSubmitted: 'AUTO-GENERATED' }, 'auto-submitted');
  check({ listId: 'dev.example.net' }, 'list');
  for (const name of [
    'MAILER-DAEMON',
    'postmaster',
    'no-reply',
    'noreply+x',
    'owner-dev',
    'dev-request',
    'bounce',
  ])
    check({ from: `${name}@example.net` }, 'role-address');
  check({ from: 'requester@example.net' }, null);
});

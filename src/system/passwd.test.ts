import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Account, findAccount, parsePasswdLine } from './passwd.ts';

const alice: Account = { name: 'alice', uid: 1000, gid: 100, home: '/home/alice', shell: '/bin/bash' };

test('parsePasswdLine() reads the seven fields of passwd(5)', () => {
  const check = (line: string, expected: Account | null): void =>
    assert.deepEqual(parsePasswdLine(line), expected, line);
  check('alice:x:1000:100:Alice,,,:/home/alice:/bin/bash', alice);
  check('alice:x:1000:100:::', { ...alice, home: '/', shell: '/bin/sh' });
  check('', null);
  check('+', null);
  check('#alice:x:1000:100::/home/alice:/bin/bash', null);
  check('alice:x:-1:100::/home/alice:/bin/bash', null);
  check('alice:x:1000:100:/home/alice:/bin/bash', null);
  check(':x:1000:100::/home/alice:/bin/bash', null);
});

test('findAccount() tells a numeric name from a user id', () => {
  const passwd = '1000:x:5:5::/:/bin/sh\nalice:x:1000:100:Alice,,,:/home/alice:/bin/bash\n';
  assert.equal(findAccount(passwd, '1000')?.uid, 5);
  assert.deepEqual(findAccount(passwd, 1000), alice);
  assert.equal(findAccount(passwd, 'bob'), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideConfinement, type Mechanism } from './mechanisms.ts';

const alice = { name: 'alice', uid: 1000, gid: 100, home: '/home/alice', shell: '/bin/sh' };
const NEEDED: readonly Mechanism[] = ['flock', 'setsid', 'tail'];

test('decideConfinement() refuses to work without what a single start needs', () => {
  assert.deepEqual(decideConfinement(new Set(['flock', 'tail']), { uid: 0 }), {
    kind: 'unusable',
    missing: ['setsid'],
  });
});

test('decideConfinement() takes the strongest, and says what is lacking', () => {
  const check = (
    found: readonly Mechanism[],
    uid: number,
    expected: { isolation: string; privileges: string | null; lacks: number },
  ): void => {
    const chosen = decideConfinement(new Set([...NEEDED, ...found]), { uid });
    assert.ok(chosen.kind === 'usable');
    const { isolation, lacks } = chosen;
    assert.deepEqual({ isolation, privileges: chosen.privileges(alice), lacks: lacks.length }, expected);
  };
  const all: readonly Mechanism[] = ['no-new-privs', 'privileges', 'namespace', 'namespace-proc'];
  check(all, 0, {
    isolation: 'unshare --pid --fork --kill-child --mount-proc --propagation slave',
    privileges: 'setpriv --reuid=1000 --regid=100 --init-groups --no-new-privs',
    lacks: 0,
  });
  check(['no-new-privs', 'privileges', 'namespace'], 0, {
    isolation: 'unshare --pid --fork --kill-child',
    privileges: 'setpriv --reuid=1000 --regid=100 --init-groups --no-new-privs',
    lacks: 0,
  });
  // As root without a way to become another owner, nobody else's hook may start: never as root instead.
  check([], 0, { isolation: '', privileges: null, lacks: 3 });
  check(['no-new-privs'], 1000, { isolation: '', privileges: 'setpriv --no-new-privs', lacks: 1 });
  check(['no-new-privs'], 1001, { isolation: '', privileges: null, lacks: 1 });
  check([], 1000, { isolation: '', privileges: '', lacks: 2 });
});

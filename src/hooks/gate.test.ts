import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HookConfig } from '../config/config.ts';
import { planHooks } from './gate.ts';

const hook = (name: string, overrides: Partial<HookConfig> = {}): HookConfig => ({
  name,
  event: 'on_receive',
  cmd: ['/bin/true'],
  timeoutSeconds: 60,
  fireOnUntrusted: false,
  retries: 0,
  onInterrupt: 'report',
  maxConcurrent: null,
  env: {},
  ...overrides,
});

test('planHooks() lets a hook with fire_on_untrusted through whatever the trust', () => {
  const [plan] = planHooks([hook('a', { fireOnUntrusted: true })], 'on_receive', {
    trusted: 'false',
    reason: 'stale: old',
  });
  assert.deepEqual(plan, { hook: 'a', event: 'on_receive', ordinal: 0, held: null });
});

test('planHooks() lets every hook through for a trusted message', () => {
  const [plan] = planHooks([hook('a')], 'on_receive', { trusted: 'true', reason: null });
  assert.deepEqual(plan, { hook: 'a', event: 'on_receive', ordinal: 0, held: null, oncePerLetter: true });
});

test('planHooks() asks whether a letter came before where trust alone lets a hook through', () => {
  const trust = { trusted: 'true', reason: null } as const;
  const [stranger] = planHooks([hook('a', { fireOnUntrusted: true })], 'on_receive', trust);
  assert.equal(stranger?.oncePerLetter, undefined, 'it starts for every message anyhow');
  const [again] = planHooks([hook('a')], 'on_receive', trust, { startsRepeats: true });
  assert.equal(again?.oncePerLetter, undefined, 'the mailbox wants repeats');
});

test('planHooks() holds with the reason that trust was refused for', () => {
  const [plan] = planHooks([hook('a')], 'on_receive', { trusted: 'false', reason: 'stale: too old' });
  assert.equal(plan?.held, 'stale: too old');
});

test('planHooks() names the switch where the mailbox asks for no trust', () => {
  const [plan] = planHooks([hook('a')], 'on_receive', { trusted: 'none', reason: null });
  assert.match(plan?.held ?? '', /^untrusted: .*fire_on_untrusted/);
});

test('planHooks() counts ordinals among the hooks of the event alone', () => {
  const plans = planHooks([hook('a'), hook('b', { event: 'after_send' }), hook('c')], 'on_receive', {
    trusted: 'true',
    reason: null,
  });
  assert.deepEqual(
    plans.map(({ hook: name, ordinal }) => [name, ordinal]),
    [
      ['a', 0],
      ['c', 1],
    ],
  );
});

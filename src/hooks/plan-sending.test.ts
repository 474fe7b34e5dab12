import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HookConfig } from '../config/config.ts';
import { planSending } from './plan-sending.ts';

test('planSending() plans the after_send hooks alone, in order, none of them held', () => {
  const hook = (name: string, event: HookConfig['event']): HookConfig => {
    const config: unknown = { name, event, fireOnUntrusted: false };
    return config as HookConfig;
  };
  const hooks = [hook('greet', 'on_receive'), hook('note', 'after_send'), hook('file', 'after_send')];
  assert.deepEqual(planSending({ hooks }), [
    { hook: 'note', event: 'after_send', ordinal: 0, held: null },
    { hook: 'file', event: 'after_send', ordinal: 1, held: null },
  ]);
  assert.deepEqual(planSending(null), []);
});

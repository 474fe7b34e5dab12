import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../clock.sim.ts';
import { createServerList } from './server-health.ts';

test('ServerList takes for silent only a server from which nothing came since it was asked', () => {
  const clock = simulatedClock();
  const addresses = [{ host: '192.0.2.1', port: 53 }];
  const list = createServerList(clock, () => addresses);
  const [server] = list.inOrder();
  assert.ok(server !== undefined);
  const askedAtMs = clock.monotonicMs();
  clock.advance(10);
  list.heard(server);
  clock.advance(4_990);
  list.sawNothing(server, askedAtMs, 'silent');
  assert.equal(list.isEverySilent(), false);
  list.sawNothing(server, clock.monotonicMs(), 'silent');
  assert.equal(list.isEverySilent(), true);
  clock.advance(4_000);
  assert.equal(list.isEverySilent(), false);
});

/** A composition root that carries out one mailbox operation and is killed at a named point. */
import assert from 'node:assert/strict';
import type { MessageForm } from '../../../src/mailbox/layout.ts';
import { Ground, owner } from './ground.ts';

const [point, json] = process.argv.slice(2);
assert(json !== undefined);
const request = JSON.parse(json) as {
  readonly dir: string;
  readonly operation: 'publish' | 'promote';
  readonly stagedName: string;
  readonly id: string;
  readonly form: MessageForm;
  readonly inode: string;
};
const { store } = await Ground.open({
  dir: request.dir,
  faults: {
    reach(reached) {
      if (reached === point) process.kill(process.pid, 'SIGKILL');
    },
  },
});
const place = { mailbox: 'bob', owner };
if (request.operation === 'publish') await store.publish(place, request);
else await store.promote(place, request, request.inode);

import { test } from 'node:test';
import { answersOnce } from './answers-once.ts';

/** Minutes instead of seconds: by hand, with `npm run test:faults`. A run may send 60 messages an hour, and no more correspondents are asked for. */
test('a hook that answers every mail, killed and replayed for minutes: each correspondent has one answer', () =>
  answersOnce({ correspondents: 50, disturbances: 120, retries: 1 }));

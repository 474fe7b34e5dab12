import { test } from 'node:test';
import { answersOnce } from './answers-once.ts';

test('a hook that answers every mail, killed and replayed: each correspondent has one answer', () =>
  answersOnce({ correspondents: 8, disturbances: 8, retries: 0 }));

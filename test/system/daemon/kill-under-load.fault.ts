import { test } from 'node:test';
import { killUnderLoad } from './kill-under-load.ts';

/** Minutes instead of seconds: by hand, with `npm run test:faults`. */
test('kill -9 under load, for minutes: every 250 is one file and one start', () =>
  killUnderLoad({ senders: 8, messagesEach: 100, kills: 60 }));

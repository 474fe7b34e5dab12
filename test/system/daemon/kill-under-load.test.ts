import { test } from 'node:test';
import { killUnderLoad } from './kill-under-load.ts';

test('kill -9 under load: every 250 is one file and one start', () =>
  killUnderLoad({ senders: 4, messagesEach: 12, kills: 4 }));

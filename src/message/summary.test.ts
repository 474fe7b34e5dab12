import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './read-message.ts';
import { summarizeMessage } from './summary.ts';

test('summarizeMessage() sees the header that the reader sees, whatever the line ends', () => {
  for (const end of ['\r\n', '\n', '\r']) {
    const raw = Buffer.from(['From: ann@a.test', 'Subject: Lunch', '', 'Shall we?', ''].join(end));
    const { header } = summarizeMessage(raw);
    assert.equal(header.subject, 'Lunch', JSON.stringify(end));
    assert.deepEqual(readMessage(raw).header, header, JSON.stringify(end));
  }
});

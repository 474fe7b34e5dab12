import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderScan } from './header-scan.ts';

test('HeaderScan: what stands in no header section names no message', () => {
  const check = (content: string, lacksIdentity: boolean): void => {
    const bytes = Buffer.from(content, 'latin1');
    const whole = new HeaderScan();
    whole.take(bytes);
    assert.equal(whole.lacksIdentity, lacksIdentity, JSON.stringify(content));
    const single = new HeaderScan();
    for (let at = 0; at < bytes.length; at += 1) single.take(bytes.subarray(at, at + 1));
    assert.equal(single.lacksIdentity, lacksIdentity, `octet by octet: ${JSON.stringify(content)}`);
  };
  check('Date: x\r\n\r\nbody', false);
  check('Subject: x\r\nMESSAGE-ID \t: <a@b>\r\n\r\n', false);
  check('From mbox Tue\r\nDate: x\r\n\r\n', false);
  check('A-field-name-that-is-longer-than-what-is-kept: x\r\nDate: x\r\n\r\n', false);
  check('Subject: x\r\nnot a field\r\nDate: x\r\n\r\n', false);
  check('Subject: x\r\n\r\nDate: x\r\n', true);
  check('Subject: x\r\n Date: x\r\n\r\n', true);
  check('Backup finished\r\nDate: x\r\n', true);
  check('done.\r\nDate: x\r\n', true);
  check(': x\r\nDate: x\r\n', true);
  check('\r\nDate: x\r\n', true);
  check('From mbox Tue\r\nBackup finished\r\nDate: x\r\n', true);
});

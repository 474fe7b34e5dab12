/** The SMTP client and our own server: what is sent is what is kept. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { startInbound } from '../inbound/inbound-under-test.ts';
import { sessionTo, transmit } from './client-under-test.ts';

const TO = ['agent@example.com', 'second@example.com'];
let folder = '';
let tls: Config['tls'];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-client-inbound-'));
  tls = { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem'), explicit: true };
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const paths = ['-subj', '/CN=mx.example.com', '-keyout', tls.keyPath, '-out', tls.certPath];
  execFileSync('openssl', ['req', '-x509', ...kind, ...paths], { stdio: 'ignore' });
});
after(() => rmSync(folder, { recursive: true }));

for (const protocol of ['ESMTP', 'ESMTPS'])
  test(`client: our own server keeps by ${protocol} what was sent, octet for octet`, async () => {
    await using server = await startInbound(protocol === 'ESMTPS' ? { tls } : {});
    await using session = await sessionTo(server);
    const content = ['Message-ID: <1@example.com>\r\n\r\n.\r\n..\r\n', '.dot', 's\r\n'];
    for (const _ of [1, 2]) {
      const outcome = await transmit(session, { to: TO, content });
      assert.ok(outcome.kind === 'answered' && outcome.stage === 'dot');
      assert.deepEqual(
        outcome.recipients.map(({ kind, reply }) => `${kind} ${reply.code}`),
        ['accepted 250', 'accepted 250'],
      );
    }
    assert.equal(server.journal.kept.length, 2);
    for (const { acceptance, bytes } of server.journal.kept) {
      assert.equal(acceptance.arrival.protocol, protocol);
      assert.equal(Buffer.from(bytes).toString(), content.join(''));
    }
  });

test('client: our own server answers each recipient, and takes addresses beyond ASCII', async () => {
  await using server = await startInbound();
  await using session = await sessionTo(server);
  const mixed = await transmit(session, { to: ['agent@example.com', 'nobody@example.com'] });
  assert.ok(mixed.kind === 'answered');
  assert.deepEqual(
    mixed.recipients.map(({ kind, reply }) => `${kind} ${reply.code} ${reply.status}`),
    ['accepted 250 2.0.0', 'refused 550 5.1.1'],
  );
  const beyond = await transmit(session, { to: ['agent@example.com'], smtputf8: true });
  assert.ok(beyond.kind === 'answered' && beyond.stage === 'dot');
  assert.equal(server.journal.kept.length, 2);
});

/** `[outbound] relay`: everything goes through one server, which may ask who we are. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { QueueId } from '../../../src/journal/journal.ts';
import { startSmtpPeer } from '../smtp-peer/smtp-peer.ts';
import { QueueScene } from './queue-scene.ts';

const AUTH = { user: 'us', password: 'right horse' };

async function relayScene(port: number, more: readonly string[] = []): Promise<QueueScene> {
  return await QueueScene.open({
    // A relay that is named may be a private one.
    allowPrivate: false,
    outbound: [`relay = "127.0.0.1:${port}"`, ...more].join('\n'),
  });
}

test('a relay gets a message once for all of its domains, and asks no DNS; what is for us stays here', async () => {
  await using peer = await startSmtpPeer();
  await using scene = await relayScene(peer.port);
  const id = await scene.submit(['bob@one.example', 'agent@example.com', 'eve@two.example']);
  scene.start();
  const row = await scene.until(id, ({ status }) => status === 'delivered');
  assert.deepEqual(
    peer.messages.map(({ to }) => to),
    [['bob@one.example', 'eve@two.example']],
  );
  assert.equal(row.recipients[1]?.reply, 'Delivered on this host');
  assert.deepEqual(scene.dns.asked, []);
});

test('a relay that asks for a password: a wrong one keeps mail waiting, and the file is read anew', async () => {
  await using peer = await startSmtpPeer({ auth: AUTH });
  await using scene = await relayScene(peer.port);
  const passwordPath = join(scene.folder, 'relay-password');
  writeFileSync(passwordPath, 'wrong horse\n');
  scene.configure({
    outbound: [
      `relay = "127.0.0.1:${peer.port}"`,
      `relay_user = "${AUTH.user}"`,
      `relay_password_file = "${passwordPath}"`,
    ].join('\n'),
  });
  const ids: QueueId[] = [];
  for (let nth = 0; nth < 8; nth += 1) ids.push(await scene.submit([`bob@d${nth}.example`]));
  scene.start();
  for (const id of ids) {
    const { recipients } = await scene.until(id, ({ status }) => status === 'deferred');
    assert.match(recipients[0]?.reply ?? '', /refuses our name or password: 535 5\.7\.8 no/);
  }
  assert.ok(peer.connections <= 2, 'a password that is refused is not tried for each message');
  writeFileSync(passwordPath, `${AUTH.password}\n`);
  // Whoever has mended it and says so need not wait until it is asked again by itself.
  await scene.retry();
  for (const id of ids) await scene.until(id, ({ status }) => status === 'delivered');
  const shown = JSON.stringify([scene.events, await Promise.all(ids.map((id) => scene.row(id)))]);
  for (const secret of ['wrong horse', AUTH.password, Buffer.from(AUTH.password).toString('base64')])
    assert.ok(!shown.includes(secret), 'no password in rows and log');
});

test('a password file that cannot be read is said in the log and in the rows, and nobody is connected to', async () => {
  await using peer = await startSmtpPeer({ auth: AUTH });
  await using scene = await relayScene(peer.port, [
    `relay_user = "${AUTH.user}"`,
    'relay_password_file = "/nowhere/at/all"',
  ]);
  const id = await scene.submit(['bob@one.example']);
  scene.start();
  const { recipients } = await scene.until(id, ({ status }) => status === 'deferred');
  assert.match(recipients[0]?.reply ?? '', /relay_password_file cannot be read/);
  assert.ok(scene.events.some(({ event }) => event === 'outbound.no-password'));
  assert.equal(peer.connections, 0);
});

test('another relay in the config, read again: what follows goes there', async () => {
  await using first = await startSmtpPeer();
  await using second = await startSmtpPeer();
  await using scene = await relayScene(first.port);
  const before = await scene.submit(['bob@one.example']);
  scene.start();
  await scene.until(before, ({ status }) => status === 'delivered');
  scene.configure({ outbound: `relay = "127.0.0.1:${second.port}"` });
  const behind = await scene.submit(['bob@one.example']);
  await scene.until(behind, ({ status }) => status === 'delivered');
  assert.deepEqual([first.messages.length, second.messages.length], [1, 1]);
});

test('a relay whose name nobody knows keeps mail waiting, and says which key to look at', async () => {
  await using scene = await QueueScene.open({ outbound: 'relay = "nobody.example:587"' });
  const id = await scene.submit(['bob@one.example']);
  scene.start();
  const { recipients } = await scene.until(id, ({ status }) => status === 'deferred');
  assert.match(recipients[0]?.reply ?? '', /\[outbound\] relay nobody\.example has no address/);
});

test('a relay gets no more connections at once than one destination may have', async () => {
  let open = 0;
  let most = 0;
  await using peer = await startSmtpPeer({
    script: ({ phase }) => {
      if (phase === 'greet') open += 1;
      if (phase !== 'dot') return undefined;
      most = Math.max(most, open);
      return { reply: '250 2.0.0 kept', delayMs: 20 };
    },
  });
  await using scene = await relayScene(peer.port, ['max_per_destination = 3']);
  for (let nth = 0; nth < 30; nth += 1) await scene.submit([`bob@d${nth}.example`]);
  scene.start();
  await peer.until(30);
  assert.equal(most, 3);
});

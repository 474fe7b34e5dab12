/** SIGTERM and SIGHUP under load (reliability F12), and a reader that is killed (design §3.4). */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { wireClient } from '../inbound/wire-client.ts';
import { DaemonUnderTest, Ground } from './daemon-under-test.ts';
import { mail, send } from './mail.ts';

test('SIGTERM under load: 421 to idle sessions, a message in DATA may end, exit 0 within 10 s, nothing lost', async () => {
  using ground = new Ground();
  const acknowledged: string[] = [];
  {
    await using daemon = await DaemonUnderTest.start(ground);
    using idle = await wireClient(daemon.port);
    await idle.reply();
    using inData = await wireClient(daemon.port);
    await inData.startData({ from: 'ada@example.net', to: 'agent@example.com' });
    inData.send(mail('in-data').slice(0, 60));
    let stopped = false;
    const load = Promise.all(
      Array.from({ length: 4 }, async (_, sender) => {
        for (let number = 0; !stopped; number += 1) {
          const name = `load-${sender}-${number}`;
          if (/^250 /.test((await send(daemon.port, { content: mail(name) })) ?? '')) acknowledged.push(name);
          else await sleep(10);
        }
      }),
    );
    await sleep(500);
    const begun = performance.now();
    daemon.signal('SIGTERM');
    assert.match(await idle.reply(), /^421 4\.3\.2 /);
    inData.send(`${mail('in-data').slice(60)}.\r\n`);
    assert.match(await inData.reply(), /^250 /);
    acknowledged.push('in-data');
    const { code } = await daemon.ended();
    stopped = true;
    await load;
    assert.equal(code, 0, daemon.log);
    assert.ok(performance.now() - begun < 10_000);
  }
  await using daemon = await DaemonUnderTest.start(ground);
  await daemon.settled();
  assert.equal(ground.files().length, acknowledged.length);
  assert.equal(ground.starts().length, acknowledged.length);
});

test('SIGHUP: the config is read again; a bad one is refused and the old one goes on', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  const late = { to: 'late@example.com', content: mail('late') };
  assert.match(await rcpt(daemon.port, 'late@example.com'), /^550 5\.1\.1 /);
  const first = readFileSync(ground.configPath, 'utf8');
  const good = first.replace(/^data_dir = .*$/m, 'data_dir = "/nowhere"');
  writeFileSync(ground.configPath, good);
  appendFileSync(ground.configPath, '[mailboxes.late]\naddress = "late@example.com"\nowner = "root"\n');
  daemon.signal('SIGHUP');
  await logged(daemon, 'config.reloaded');
  const lasting = daemon.events.find(({ event }) => event === 'config.needs-restart');
  assert.equal(lasting?.['key'], 'data_dir');
  assert.match((await send(daemon.port, late)) ?? '', /^250 /);
  writeFileSync(ground.configPath, `${good}\n[mailboxes.BAD]\n`);
  daemon.signal('SIGHUP');
  await logged(daemon, 'config.refused');
  assert.match((await send(daemon.port, { to: 'late@example.com', content: mail('later') })) ?? '', /^250 /);
  await daemon.settled();
  assert.equal(ground.files('late').length, 2);
});

test('SIGHUP: a certificate that is not there, and a config that cannot be read, are refused and said', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground);
  appendFileSync(ground.configPath, '[tls]\ncert = "/nowhere/cert.pem"\nkey = "/nowhere/key.pem"\n');
  daemon.signal('SIGHUP');
  await logged(daemon, 'tls.refused');
  rmSync(ground.configPath);
  mkdirSync(ground.configPath);
  daemon.signal('SIGHUP');
  await logged(daemon, 'config.refused');
  assert.match((await send(daemon.port, { content: mail('on it goes') })) ?? '', /^250 /);
});

test('a message that kills its reader twice is delivered unread, once, with the raw message beside it', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { killReadersAt: 'read' });
  await send(daemon.port, { content: mail('poison') });
  await daemon.settled();
  assert.equal(ground.files().length, 1);
  const text = ground.text(ground.files()[0] ?? '');
  assert.match(text, /subject = "poison"/);
  assert.match(text, /unreadable: /);
  assert.match(text, /filename = "message.eml"/);
  assert.equal(ground.starts().length, 1);
});

test('a message whose header fields kill every reader is delivered by its octets alone, once', async () => {
  using ground = new Ground();
  await using daemon = await DaemonUnderTest.start(ground, { killReadersAt: 'summarize' });
  await send(daemon.port, { content: mail('venom') });
  await send(daemon.port, { content: mail('venom') });
  await daemon.settled();
  assert.equal(ground.files().length, 1, ground.files().join());
  assert.match(ground.files()[0] ?? '', /-no-subject(\.md)?$/);
  assert.equal(ground.starts().length, 1);
});

async function logged(daemon: DaemonUnderTest, event: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    if (daemon.events.some((line) => line['event'] === event)) return;
    await sleep(50);
  }
  throw new Error(`No ${event}:\n${daemon.log}`);
}

async function rcpt(port: number, to: string): Promise<string> {
  using client = await wireClient(port);
  await client.reply();
  await client.command('EHLO c.example.net');
  await client.command('MAIL FROM:<a@example.net>');
  return await client.command(`RCPT TO:<${to}>`);
}

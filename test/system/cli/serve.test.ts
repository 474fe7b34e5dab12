/** `aimx serve` as an operator runs it: listeners, certificates, signals, a second one, a bad config. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { mail, send } from '../daemon/mail.ts';
import { wireClient } from '../inbound/wire-client.ts';
import { AIMX, eventually, NOBODY, Place, rootOnly, Server } from './program.ts';

const MAILBOX = '[mailboxes.agent]\naddress = "agent@example.com"\nowner = "nobody"\n';

/** A self-signed certificate for a name. */
function certificate(place: Place, commonName: string): { cert: string; key: string } {
  const cert = join(place.folder, 'cert.pem');
  const key = join(place.folder, 'key.pem');
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...made, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

async function presentedName(port: number): Promise<unknown> {
  using client = await wireClient(port);
  await client.reply();
  await client.command('EHLO client.example.net');
  await client.command('STARTTLS');
  await client.startTls();
  return (client.socket as TLSSocket).getPeerCertificate().subject?.CN;
}

test(
  'serve listens on every --bind, writes its pid, warns of absent certificates and DKIM key, and leaves nothing',
  rootOnly,
  async () => {
    using place = new Place(MAILBOX);
    const bind = ['--bind', '127.0.0.1:0', '--bind', '127.0.0.1:0'];
    await using server = await Server.serve(place, bind);
    assert.equal(server.ports.length, 2);
    for (const port of server.ports)
      assert.match((await send(port, { content: mail(`on-${port}`) })) ?? '', /^250 /);
    const missing = server.events.find(({ event }) => event === 'smtp.no-starttls');
    if (!existsSync('/etc/ssl/aimx/cert.pem')) assert.equal(missing?.['level'], 'warn');
    const unsigned = server.events.find(({ event }) => event === 'dkim.no-key');
    assert.equal(unsigned?.['level'], 'warn', 'a missing DKIM key is a warning, and mail comes in');
    const run = join(place.folder, 'run');
    assert.equal(
      Number(readFileSync(join(run, 'aimx.pid'), 'utf8')),
      server.pid,
      'bin/aimx becomes the daemon',
    );
    const begun = performance.now();
    server.signal('SIGTERM');
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
    assert.ok(performance.now() - begun < 10_000);
    assert.equal(server.stdout, '', 'a log goes to stderr');
    for (const name of ['aimx.pid', 'aimx.sock']) assert.ok(!existsSync(join(run, name)), `${name} is gone`);
  },
);

test('a second daemon on the same data folder is refused and harms nothing', rootOnly, async () => {
  using place = new Place(MAILBOX);
  await using server = await Server.serve(place);
  for (const env of [{}, { AIMX_RUNTIME_DIR: join(place.folder, 'run2') }]) {
    const { exit, stderr } = await place.aimx(['serve', '--bind', '127.0.0.1:0'], { env });
    assert.equal(exit, 1);
    assert.match(
      stderr,
      new RegExp(`another daemon holds it\n {6}Stop the daemon with pid ${server.pid} first`),
    );
  }
  assert.match((await send(server.port, { content: mail('still-there') })) ?? '', /^250 /);
  const { exit, stderr } = await place.aimx(['serve', '--bind', `127.0.0.1:${server.port}`], {
    env: { AIMX_DATA_DIR: join(place.folder, 'other'), AIMX_RUNTIME_DIR: join(place.folder, 'run2') },
  });
  assert.equal(exit, 1);
  assert.match(stderr, /Cannot listen on 127\.0\.0\.1:\d+/);
  assert.equal((await place.aimx(['mailboxes', 'list'])).exit, 0, 'its socket still answers');
  server.signal('SIGINT');
  assert.deepEqual(await server.ended(), { code: 0, signal: null });
});

test(
  '--tls-cert and --tls-key: STARTTLS with them; SIGHUP takes a new certificate, and keeps the old one for a bad one',
  rootOnly,
  async () => {
    using place = new Place(MAILBOX);
    const { cert, key } = certificate(place, 'first.example.com');
    const args = ['--bind', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key];
    await using server = await Server.serve(place, args);
    assert.equal(await presentedName(server.port), 'first.example.com');
    certificate(place, 'second.example.com');
    place.configure(`${MAILBOX}[mailboxes.late]\naddress = "late@example.com"\nowner = "nobody"\n`);
    server.signal('SIGHUP');
    await eventually(
      'the new certificate',
      async () => (await presentedName(server.port)) === 'second.example.com',
    );
    const late = { to: 'late@example.com', content: mail('late') };
    assert.match((await send(server.port, late)) ?? '', /^250 /, 'overrides stay, the config is read again');
    writeFileSync(cert, 'no certificate\n');
    server.signal('SIGHUP');
    await server.said('config.reloaded', 2);
    assert.equal(await presentedName(server.port), 'second.example.com');
  },
);

test('what cannot be started says why, all of it, and what to do', rootOnly, async () => {
  using place = new Place(MAILBOX);
  const serve = ['serve', '--bind', '127.0.0.1:0'];
  const absent = join(place.folder, 'absent.pem');
  const checks: readonly [readonly string[], number, RegExp][] = [
    [
      [...serve, '--tls-cert', absent, '--tls-key', absent],
      1,
      /There is no file ".*absent\.pem"\n {6}Correct \[tls\]/,
    ],
    [['serve', '--bind', 'nonsense'], 2, /Cannot listen on "nonsense"\n {6}give "host:port"/],
    [['serve', 'twice'], 2, /Too many arguments/],
  ];
  for (const [args, exit, stderr] of checks) {
    const answer = await place.aimx(args);
    assert.equal(answer.exit, exit, args.join(' '));
    assert.match(answer.stderr, stderr, args.join(' '));
  }
  const missing = await place.aimx(serve, { env: { AIMX_CONFIG_DIR: place.scratch('no-config') } });
  assert.equal(missing.exit, 1);
  assert.match(missing.stderr, /There is no .*config\.toml\n {6}Try `aimx dev`/);
  place.configure(
    '[mailboxes.A]\naddress = "x"\n[[mailboxes.A.hooks]]\nevent = "on_recieve"\ncmd = ["true"]\n',
  );
  for (const args of [serve, ['config', 'check']]) {
    const { exit, stdout, stderr } = await place.aimx(args);
    assert.equal(exit, 1, args.join(' '));
    const said = stdout + stderr;
    for (const problem of [
      'owner: it is required',
      'address: found "x"',
      'event: found "on_recieve"',
      'absolute path',
    ])
      assert.match(said, new RegExp(`^.*config\\.toml:\\d+: .*${problem}.*$`, 'm'), args.join(' '));
    const places = [...said.matchAll(/config\.toml:(\d+): /g)].map(([, line]) => Number(line));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      'in file order',
    );
  }
});

test('--restored holds what is not final until it is released', rootOnly, async () => {
  using place = new Place(
    `${MAILBOX}[[mailboxes.agent.hooks]]\nname = "late"\nevent = "on_receive"\nfire_on_untrusted = true\nretries = 3\ncmd = ["/bin/sh", "-c", 'test -e /nonexistent || exit 75']\n`,
  );
  {
    await using server = await Server.serve(place);
    await send(server.port, { content: mail('restored') });
    await server.said('run.again');
  }
  {
    await using server = await Server.serve(place, ['--bind', '127.0.0.1:0', '--restored']);
    await server.said('journal.epoch-begun');
    const { stdout } = await place.aimx(['trace', 'restored@example.net']);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /Hook late did not start: it is held: .*restored.* To let it go: aimx runs release/,
    );
    assert.equal((await place.aimx(['runs', 'release', '--all'])).exit, 0);
    await server.said('run.again');
  }
});

test(
  'bin/aimx from a shell script of another user: its own config dir, a port of its own',
  rootOnly,
  async () => {
    using place = new Place('[mailboxes.agent]\naddress = "agent@example.com"\n');
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, place.folder]);
    await using server = new Server([AIMX, 'serve', '--bind', '127.0.0.1:0'], {
      env: place.environment,
      uid: NOBODY,
    });
    await server.said('daemon.listening');
    assert.match((await send(server.port, { content: mail('not-root') })) ?? '', /^250 /);
    await eventually('the file', () => place.files('agent').length === 1);
  },
);

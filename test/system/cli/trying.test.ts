/** `aimx dev` and `aimx demo`: what a person types first, as a user without any rights. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mail, send } from '../daemon/mail.ts';
import { AIMX, type Answer, eventually, NOBODY, rootOnly, runAimx, Server } from './program.ts';

let home: string;

before(() => {
  home = mkdtempSync(join(tmpdir(), 'aimx-trying-'));
  if (rootOnly.skip === false) chownSync(home, NOBODY, NOBODY);
  chmodSync(home, 0o755);
});
after(() => rmSync(home, { recursive: true, force: true }));

const somebody = { uid: NOBODY } as const;

function here(args: readonly string[], uid: number = NOBODY): Promise<Answer> {
  return runAimx(args, { cwd: home, uid, env: { HOME: home } });
}

function startDev(...args: readonly string[]): Server {
  return new Server([AIMX, 'dev', ...args], { ...somebody, cwd: home, env: { HOME: home } });
}

async function portOf(dev: Server): Promise<number> {
  const at = await eventually(
    () => `dev listens: ${dev.stderr}`,
    () => /aimx listens on 127\.0\.0\.1:(\d+) for agent@localhost/.exec(dev.stdout),
  );
  return Number(at[1]);
}

test(
  'dev: writes its config, says where mail goes, shows one line a mail and a start, and ends on Ctrl-C',
  rootOnly,
  async () => {
    await using dev = startDev('--hook', `cat > ${home}/got`);
    const port = await portOf(dev);
    assert.match(
      dev.stderr,
      /^aimx: wrote \S+\/\.aimx\/config\.toml\n$/,
      'nothing that a person need not know',
    );
    assert.match(
      dev.stdout,
      new RegExp(`curl smtp://127\\.0\\.0\\.1:${port} --mail-from \\S+ --mail-rcpt agent@localhost -T -`),
    );
    await send(port, { to: 'agent@localhost', content: mail('first') });
    await eventually('the end of the hook', () => dev.stdout.includes('succeeded'));
    await send(port, { to: 'agent@localhost', content: mail('first') });
    await eventually('the copy', () => dev.stdout.includes('again'));
    const shown = dev.stdout
      .slice(dev.stdout.indexOf('Ctrl-C stops'))
      .split('\n')
      .filter((line) => /^\d\d:/.test(line));
    const kinds = shown.map((line) => line.split(/\s+/)[1]);
    assert.deepEqual(kinds.toSorted(), ['again', 'end', 'file', 'mail', 'mail', 'start']);
    assert.match(readFileSync(join(home, 'got'), 'utf8'), /\n\nText of first\.\n$/);
    const listed = await here(['list']);
    assert.match(listed.stdout, /agent\/\S+-first/);
    assert.match(listed.stderr, /^aimx: using \S+\/\.aimx\/config\.toml\n$/);
    assert.match((await here(['trace', 'first@example.net'])).stdout, /1 further copy was absorbed/);
    await send(port, { to: 'nobody@localhost', content: mail('lost') }).catch(() => undefined);
    await eventually('the refusal', () =>
      /refused {2}from 127\.0\.0\.1: 550 5\.1\.1 No such mailbox here \(/.test(dev.stdout),
    );
    dev.signal('SIGINT');
    assert.deepEqual(await dev.ended(), { code: 0, signal: null });
    assert.match(dev.stderr, /Stopping\.\n$/, 'no hook runs');
    const replay = await here(['runs', 'replay', '123456']);
    assert.match(replay.stderr, /start it with aimx dev/);
    assert.deepEqual(
      readdirSync(join(home, '.aimx', 'run')).filter((name) => /pid$|sock$/.test(name)),
      [],
    );
    assert.equal((await here(['list'])).exit, 0, 'reading needs no daemon');
  },
);

test('dev: root does not use the config of another user, and says so', rootOnly, async () => {
  const listed = await here(['list'], 0);
  assert.match(listed.stderr, /not using \S+\/\.aimx\/config\.toml: it is not yours alone/);
  const started = await here(['dev'], 0);
  assert.equal(started.exit, 1);
  assert.match(started.stderr, /\.aimx belongs to another user\n {6}start aimx dev in a folder of your own/);
});

test(
  'dev: a second start takes another hook while nobody has edited the file, and keeps edits',
  rootOnly,
  async () => {
    const path = join(home, '.aimx', 'config.toml');
    {
      await using dev = startDev('--hook', 'cat > other');
      await portOf(dev);
      assert.match(dev.stderr, /changed the hook in/);
      const second = startDev();
      assert.equal((await second.ended()).code, 1, 'one at a time');
      assert.match(second.stderr, /another daemon holds it/);
    }
    const edited = `${readFileSync(path, 'utf8')}# mine\n`;
    writeFileSync(path, edited);
    const refused = await here(['dev', '--hook', 'cat > third']);
    assert.equal(refused.exit, 1);
    assert.match(refused.stderr, /has been edited, so --hook does not change it\n/);
    await using dev = startDev();
    await portOf(dev);
    assert.equal(readFileSync(path, 'utf8'), edited);
    assert.doesNotMatch(dev.stderr, /wrote|changed/);
  },
);

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

test(
  'dev --port: listens there; a file without From, and one moved by hand, are called what they are',
  rootOnly,
  async () => {
    const port = await freePort();
    await using dev = startDev('--port', String(port));
    assert.equal(await portOf(dev), port);
    await send(port, {
      to: 'agent@localhost',
      content: mail('unsigned').replace(/^From: .*\r\n/m, ''),
    });
    await eventually('the file', () => /unsigned: unsigned, from \(no From\)\n/.test(dev.stdout));
    assert.match((await here(['list'])).stdout, /-unsigned +\(no From\) /);
    const inbox = join(home, '.aimx', 'data', 'inbox', 'agent');
    const name = readdirSync(inbox).find((file) => file.endsWith('-unsigned.md')) ?? '';
    const elsewhere = await here(['read', name, '--folder', 'archive']);
    assert.equal(elsewhere.exit, 1);
    assert.match(elsewhere.stderr, /it is there with --folder inbox\n$/);
    renameSync(join(inbox, name), join(home, name));
    assert.match(
      (await here(['trace', 'unsigned@example.net'])).stdout,
      /^file no longer where it was put[\s\S]*One file was put into mailbox agent; it is no longer there/m,
    );
  },
);

function demoFolders(): readonly string[] {
  return readdirSync(home).filter((name) => name.startsWith('aimx-demo-'));
}

function startDemo(...args: readonly string[]): Server {
  return new Server([AIMX, 'demo', ...args], { ...somebody, cwd: '/', env: { TMPDIR: home } });
}

test(
  'demo: one file, one start, exit 0 within 20 s, and nothing stays; --keep leaves the folder',
  rootOnly,
  async () => {
    const begun = performance.now();
    await using demo = startDemo('--keep');
    assert.deepEqual(await demo.ended(), { code: 0, signal: null }, demo.stdout + demo.stderr);
    assert.ok(performance.now() - begun < 20_000);
    assert.match(demo.stdout, /Files in the mailbox: 1\nStarts of the hook: {3}1\n/);
    assert.match(demo.stdout, /further copies were absorbed: no second file, no second start\./);
    const [kept = ''] = demoFolders();
    assert.match(demo.stdout, new RegExp(`Kept: ${join(home, kept)}`));
    rmSync(join(home, kept), { recursive: true });
    assert.equal(demo.stderr, '');
  },
);

for (const [when, said] of [
  ['at once', 'A mail exchange on'],
  ['in the middle', '  3  '],
] as const)
  test(`demo: Ctrl-C ${when} leaves neither a daemon nor a folder`, rootOnly, async () => {
    await using demo = startDemo();
    const port = await eventually('the demo', () =>
      demo.stdout.includes(said) ? /127\.0\.0\.1:(\d+)/.exec(demo.stdout) : null,
    );
    demo.signal('SIGINT');
    const { code } = await demo.ended();
    assert.equal(code, 1, demo.stdout + demo.stderr);
    assert.match(demo.stderr, /The demo was stopped/);
    assert.doesNotMatch(demo.stderr, /mistake of aimx/);
    assert.deepEqual(demoFolders(), []);
    await assert.rejects(
      new Promise((resolve, reject) =>
        connect(Number(port[1]), '127.0.0.1').once('connect', resolve).once('error', reject),
      ),
      'nobody listens there any more',
    );
  });

/** Every other command against a daemon in a process of its own, as its users type them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { mail, send } from '../daemon/mail.ts';
import { AIMX, eventually, NOBODY, Place, type RunJson, rootOnly, runIn, Server } from './program.ts';

const CONFIG = `
[mailboxes.agent]
address = "agent@example.com"
owner = "nobody"
[[mailboxes.agent.hooks]]
name = "record"
event = "on_receive"
fire_on_untrusted = true
cmd = ["/bin/sh", "-c", 'echo "$AIMX_ID" >> "$RECORD"; cat > /dev/null; echo said; echo moaned >&2']
[[mailboxes.agent.hooks]]
name = "careful"
event = "on_receive"
cmd = ["/bin/true"]
[mailboxes.failing]
address = "failing@example.com"
owner = "root"
[[mailboxes.failing.hooks]]
name = "fails"
event = "on_receive"
fire_on_untrusted = true
cmd = ["/bin/false"]
[mailboxes.held]
address = "held@example.com"
owner = "root"
[[mailboxes.held.hooks]]
name = "holds"
event = "on_receive"
cmd = ["/bin/true"]
`;

let place: Place;
let server: Server;

before(async () => {
  if (rootOnly.skip !== false) return;
  place = new Place('');
  place.configure(
    CONFIG.replace(
      'fire_on_untrusted = true\n',
      `fire_on_untrusted = true\nenv = { RECORD = "${place.scratch('record')}" }\n`,
    ),
  );
  server = await Server.serve(place);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
});

/** A message with LF line ends, as it comes from a file. */
function letter(name: string): string {
  return mail(name).replaceAll('\r\n', '\n');
}

interface IngestJson {
  readonly outcome: string;
  readonly id: string;
  readonly path: string;
  readonly runs: readonly RunJson[];
}

test(
  'ingest through the daemon: LF becomes CRLF, it waits for the hooks, and its exit code tells how they ended',
  rootOnly,
  async () => {
    const args = ['ingest', 'agent@example.com', '--json'];
    const first = await place.aimx(args, { stdin: letter('by-hand') });
    assert.equal(first.exit, 0, first.stderr);
    const answer = JSON.parse(first.stdout) as IngestJson;
    assert.equal(answer.outcome, 'delivered');
    assert.deepEqual(
      answer.runs.map(({ hook, state }) => [hook, state]),
      [
        ['record', 'succeeded'],
        ['careful', 'held'],
      ],
    );
    assert.equal(
      place.lines('record').filter((id) => id === answer.id).length,
      1,
      'it has waited for the hook',
    );
    const raw = (await place.aimx(['raw', `agent/${answer.id}`])).stdout;
    assert.ok(raw.endsWith(mail('by-hand')), 'the bytes as sent with CRLF, and nothing after them');
    assert.match(raw, /^Return-Path: <>\r\nReceived: /);
    assert.equal(
      (JSON.parse((await place.aimx(args, { stdin: letter('by-hand') })).stdout) as IngestJson).outcome,
      'absorbed',
    );
    const again = await place.aimx(['ingest', 'agent@example.com'], { stdin: letter('by-hand') });
    assert.equal(again.exit, 0);
    const [ran] = answer.runs;
    assert.ok(ran !== undefined);
    assert.equal(
      again.stdout,
      [
        `Absorbed: agent/${answer.id} is this message already; no hook was started`,
        `To start hook record again: aimx runs replay ${ran.run_id.slice(0, 12)}`,
        `To deliver it once more: aimx dedup forget agent/${answer.id}, then send it again`,
        '',
      ].join('\n'),
    );
    const failing = await place.aimx(['ingest', 'failing@example.com'], { stdin: letter('bad-end') });
    assert.equal(failing.exit, 1);
    assert.match(failing.stdout, /^Delivered \S+\nHook fails: failed \(/);
  },
);

test(
  'ingest by the owner: into his own mailbox, and no other; a refusal is an answer, however large the message',
  rootOnly,
  async () => {
    const uid = NOBODY;
    assert.equal((await place.aimx(['ingest', 'agent@example.com'], { stdin: letter('own'), uid })).exit, 0);
    const sent = `${letter('foreign')}${'x'.repeat(70)}\n`.padEnd(3_000_000, 'y');
    for (const to of ['failing@example.com', 'nobody@elsewhere.example'])
      for (const stdin of [letter('foreign'), sent]) {
        const { exit, stderr } = await place.aimx(['ingest', to], { stdin, uid });
        assert.equal(exit, 1);
        assert.match(stderr, /^aimx: No mailbox that you may use takes mail for/);
      }
    assert.deepEqual(
      place.files('failing').filter((name) => name.includes('foreign')),
      [],
    );
    assert.equal((await place.aimx(['ingest', 'no-address'], { stdin: letter('x') })).exit, 2);
    assert.equal((await place.aimx(['ingest', 'agent@example.com'], { stdin: '' })).exit, 2);
  },
);

test('dedup: absorbed copies are listed, and a forgotten message is delivered again', rootOnly, async () => {
  const ingest = (): Promise<unknown> =>
    place.aimx(['ingest', 'held@example.com'], { stdin: letter('again') });
  await ingest();
  await ingest();
  const { absorbed } = await place.json<{ absorbed: readonly Record<string, unknown>[] }>(
    'dedup',
    'list',
    '--mailbox',
    'held',
  );
  assert.deepEqual(Object.keys(absorbed[0] ?? {}), [
    'received_at',
    'at',
    'mailbox',
    'id',
    'by',
    'client_address',
    'delivered_to',
  ]);
  assert.equal(absorbed.length, 1);
  const forgotten = await place.aimx(['dedup', 'forget', 'again@example.net', '--mailbox', 'held']);
  assert.match(
    forgotten.stdout,
    /^Forgot 2 fingerprints of held\/\S+: the same bytes would be delivered again\n$/,
  );
  await ingest();
  assert.equal(place.files('held').length, 2);
  const { runs } = await place.json<{ runs: readonly RunJson[] }>(
    'runs',
    'list',
    '--mailbox',
    'held',
    '--held',
  );
  const [one, ...others] = runs.map(({ run_id }) => run_id);
  assert.equal(others.length, 1);
  const named = await place.aimx(['runs', 'release', one ?? '', others[0] ?? '', '--json']);
  assert.deepEqual(JSON.parse(named.stdout).released.toSorted(), [one, ...others].toSorted());
  await ingest();
  await place.aimx(['dedup', 'forget', 'again@example.net', '--mailbox', 'held']);
  assert.match(
    (await place.aimx(['runs', 'release', '--all', '--hook', 'holds'])).stdout,
    /^No held run fits/,
  );
  assert.equal((await place.aimx(['runs', 'release'])).exit, 2);
  assert.equal((await place.aimx(['runs', 'release', one ?? ''])).exit, 1, 'it is not held any more');
});

test('a held run that is cancelled never starts', rootOnly, async () => {
  await place.aimx(['ingest', 'held@example.com'], { stdin: letter('unwanted') });
  const { run_id } = await runIn(place, 'holds', 'held');
  assert.equal((await place.aimx(['runs', 'cancel', run_id])).stdout, `Cancelled ${run_id.slice(0, 12)}\n`);
  const { run } = await place.json<{ run: RunJson }>('runs', 'show', run_id);
  assert.deepEqual([run.state, run.attempt], ['cancelled', 0]);
  assert.match(
    (await place.aimx(['trace', 'unwanted@example.net'])).stdout,
    /Hook holds did not start; it is cancelled by root\./,
  );
  const output = await place.aimx(['runs', 'output', run_id]);
  assert.equal(output.exit, 1);
  assert.match(output.stderr, /has not started, so there is no output/);
});

test('--json: one value on one line, errors too; every list names its next page', rootOnly, async () => {
  const commands = [
    'list',
    'mailboxes list',
    'mailboxes show agent',
    'runs list',
    'dedup list',
    'hooks list',
    'config check',
  ];
  for (const command of commands) {
    const { stdout, exit } = await place.aimx([...command.split(' '), '--json']);
    assert.equal(exit, 0, command);
    assert.doesNotThrow(() => JSON.parse(stdout), command);
    assert.equal(stdout.indexOf('\n'), stdout.length - 1, command);
  }
  const page = await place.json<{ runs: readonly RunJson[]; next_cursor: string }>(
    'runs',
    'list',
    '--limit',
    '1',
  );
  const next = await place.json<{ runs: readonly RunJson[] }>(
    'runs',
    'list',
    '--limit',
    '1',
    '--cursor',
    page.next_cursor,
  );
  assert.notEqual(next.runs[0]?.run_id, page.runs[0]?.run_id);
  const missing = await place.aimx(['read', 'nothing', '--json']);
  assert.equal(missing.exit, 1);
  assert.deepEqual(JSON.parse(missing.stdout).error.code, 'request.not-found');
});

test(
  'an owner sees what is his, with the daemon and without, and learns of nothing else',
  rootOnly,
  async () => {
    const uid = NOBODY;
    const without = { AIMX_RUNTIME_DIR: '/nonexistent', AIMX_DATA_DIR: join(place.folder, 'data') };
    for (const env of [{}, without]) {
      const own = await place.aimx(['list'], { uid, env: { ...env, AIMX_DATA_DIR: without.AIMX_DATA_DIR } });
      assert.equal(own.exit, 0, own.stderr);
      assert.match(own.stdout, /agent\/\S+-by-hand/);
      assert.doesNotMatch(own.stdout, /failing|held\//);
    }
    for (const args of [
      ['list', 'failing'],
      ['list', 'absent'],
      ['read', 'failing/x'],
      ['mailboxes', 'show', 'failing'],
    ]) {
      const { exit, stderr } = await place.aimx(args, { uid, env: { AIMX_DATA_DIR: without.AIMX_DATA_DIR } });
      assert.equal(exit, 1, args.join(' '));
      assert.match(
        stderr,
        /^aimx: There is no (mailbox|message) "\S+" that you may (use|read)\n/,
        args.join(' '),
      );
    }
    assert.match((await place.aimx(['trace', 'bad-end@example.net'], { uid })).stderr, /There is no message/);
    assert.equal((await place.aimx(['trace', 'by-hand@example.net'], { uid, env: without })).exit, 2);
  },
);

test('an owner who may read the config sees it as the daemon does', rootOnly, async () => {
  const folder = place.scratch('readable');
  const other = new Place('[mailboxes.a]\naddress = "a@example.com"\nowner = "root"\n');
  try {
    const path = join(other.folder, 'etc', 'config.toml');
    writeFileSync(path, readFileSync(path), { mode: 0o644 });
    (await import('node:fs')).chmodSync(path, 0o644);
    const { exit, stdout, stderr } = await other.aimx(['list'], { uid: NOBODY });
    assert.equal(exit, 0, stderr);
    assert.equal(stdout, 'No messages.\n');
    assert.ok(!existsSync(folder));
  } finally {
    other[Symbol.dispose]();
  }
});

test('what is not there is said, and never shown as empty', rootOnly, async () => {
  const checks: readonly [readonly string[], Record<string, string>, number, RegExp][] = [
    [['list', '--data-dir', '/nonexistent'], {}, 1, /There is no folder \/nonexistent/],
    [['list'], { AIMX_CONFIG_DIR: '/nonexistent' }, 1, /There is no \/nonexistent\/config\.toml/],
    [
      ['runs', 'show', 'x'],
      { AIMX_RUNTIME_DIR: '/nonexistent', AIMX_DATA_DIR: '/nonexistent' },
      2,
      /aimx serve/,
    ],
    [['runs', 'list', '--mailbox', 'nobodys'], {}, 1, /There is no mailbox "nobodys" that you may use/],
    [['dedup', 'list', '--mailbox', 'nobodys'], {}, 1, /There is no mailbox "nobodys" that you may use/],
    [['rnus'], {}, 2, /Unknown command 'rnus' \(Did you mean .*runs.*\?\)/],
    [['runs', 'relase'], {}, 2, /Did you mean release\?/],
    [['list', '--folder', 'outbox'], {}, 2, /Allowed choices are inbox, sent, archive, trash, drafts/],
  ];
  for (const [args, env, exit, stderr] of checks) {
    const answer = await place.aimx(args, { env });
    assert.equal(answer.exit, exit, `${args.join(' ')}: ${answer.stderr}`);
    assert.match(answer.stderr, stderr, args.join(' '));
  }
});

test('an answer that cannot be read is exit 3', rootOnly, async () => {
  const { createServer } = await import('node:http');
  const runtime = place.scratch('odd-run');
  (await import('node:fs')).mkdirSync(runtime);
  const odd = createServer((_request, response) => response.end('<html>not aimx</html>'));
  await new Promise<void>((resolve) => odd.listen(join(runtime, 'aimx.sock'), resolve));
  try {
    const { exit, stderr } = await place.aimx(['runs', 'list'], { env: { AIMX_RUNTIME_DIR: runtime } });
    assert.equal(exit, 3);
    assert.match(stderr, /answer cannot be read: it is not JSON\n/);
  } finally {
    odd.close();
  }
});

/** Runs a command line in a terminal of its own and returns what it shows. */
async function onTerminal(columns: number, line: string, env: Record<string, string>): Promise<string> {
  const shell = `stty cols ${columns} rows 40; ${line}`;
  const child = spawn('script', ['-qec', shell, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', ...place.environment, ...env },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text(child.stdout);
}

const hasScript = existsSync('/usr/bin/script');

test(
  'on a terminal: cut to its width, coloured unless NO_COLOR, and no escape of a mail gets through',
  rootOnly,
  async (t) => {
    if (!hasScript) return t.skip('needs script(1)');
    const evil = mail('evil').replace(
      'Subject: evil',
      'Subject: a\x1b]0;owned\x07b\x1b[2J and so on and so forth',
    );
    await send(server.port, { to: 'failing@example.com', content: evil });
    await eventually('the file', () => place.files('failing').length === 2);
    for (const columns of [60, 90]) {
      const shown = await onTerminal(columns, `${AIMX} list`, { NO_COLOR: '1' });
      assert.doesNotMatch(shown, /[\x1b\x07]/);
      const rows = shown.split(/\r?\n/).filter((line) => /\w+\/\d{4}-/.test(line));
      assert.ok(rows.length > 3);
      for (const row of rows) assert.ok([...row].length <= columns, row);
    }
    const coloured = await onTerminal(
      90,
      `${AIMX} list; ${AIMX} trace evil@example.net; ${AIMX} raw evil@example.net`,
      {},
    );
    assert.match(coloured, /\x1b\[/);
    assert.doesNotMatch(coloured.replace(/\x1b\[\d+m/g, ''), /[\x1b\x07]/);
  },
);

test(
  'a run is named by 6 digits and more of its id; runs list has them at 80 columns',
  rootOnly,
  async (t) => {
    const { run_id } = await runIn(place, 'record', 'succeeded');
    for (const digits of [6, 12, 31, 32])
      assert.match(
        (await place.aimx(['runs', 'show', run_id.slice(0, digits)])).stdout,
        new RegExp(`^run +${run_id}\\n`),
      );
    const short = await place.aimx(['runs', 'show', run_id.slice(0, 5)]);
    assert.equal(short.exit, 1);
    assert.match(short.stderr, /^aimx: There is no run/);
    const foreign = await place.aimx(
      ['runs', 'show', (await runIn(place, 'fails', 'failed')).run_id.slice(0, 8)],
      {
        uid: NOBODY,
      },
    );
    assert.match(foreign.stderr, /^aimx: There is no run/, 'a run of another owner');
    if (!hasScript) return t.skip('needs script(1)');
    for (const columns of [80, 100]) {
      const shown = await onTerminal(columns, `${AIMX} runs list`, { NO_COLOR: '1' });
      assert.match(shown, /^RUN +STATE +HOOK +MESSAGE .*RESULT/m);
      assert.match(shown, /^[0-9a-f]{12} +failed +fails +failing\/\d{4}-\d\d-\d\d-\d{6}-\S+ .*exit 1/m);
      for (const row of shown.split(/\r?\n/)) assert.ok([...row].length <= columns, row);
    }
  },
);

test('help and version are words, too', rootOnly, async () => {
  const check = async (args: readonly string[], same: readonly string[]): Promise<void> =>
    assert.deepEqual(await place.aimx(args), await place.aimx(same));
  await check(['help'], ['--help']);
  await check(['help', 'runs', 'list'], ['runs', 'list', '--help']);
  await check(['help', 'run'], ['run', '--help']);
  await check(['version'], ['--version']);
  await check(['help', 'nothing-such'], ['nothing-such']);
});

test('a reader that leaves early is no error', rootOnly, async () => {
  const child = spawn(
    'bash',
    [
      '--norc',
      '-c',
      `set -o pipefail; ${AIMX} list | head -n 1; ${AIMX} runs list --json | head -c 5; echo; echo "\${PIPESTATUS[*]}"`,
    ],
    {
      env: { PATH: process.env['PATH'], ...place.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.match(stdout, /^RECEIVED/);
  assert.equal(stderr, '');
});

test('render shows the file that a message would become, and touches nothing', rootOnly, async () => {
  const { stdout, exit } = await place.aimx(['render', '--mailbox', 'agent'], { stdin: letter('rendered') });
  assert.equal(exit, 0);
  assert.match(
    stdout,
    /^\+\+\+\nid = "[^"]*-rendered"\nmessage_id = "rendered@example\.net"\n[\s\S]*mailbox = "agent"\n[\s\S]*\+\+\+\n\nText of rendered\.\n$/,
  );
  assert.deepEqual(
    place.files('agent').filter((name) => name.includes('rendered')),
    [],
  );
  const empty = await place.aimx(['render'], { stdin: '' });
  assert.equal(empty.exit, 2);
  assert.match(
    empty.stderr,
    /^aimx: The message is empty\n +give a message on stdin: aimx render < message\.eml\n$/,
  );
});

test(
  'dkim-keygen makes a key once, prints its record, and replaces it only with --force',
  rootOnly,
  async () => {
    const first = await place.json<{ private_key: string; record_name: string; record_value: string }>(
      'dkim-keygen',
      '--selector',
      's1',
    );
    assert.equal(first.record_name, 's1._domainkey.example.com');
    assert.match(first.record_value, /^v=DKIM1; k=rsa; p=/);
    assert.equal(statSync(first.private_key).mode & 0o777, 0o600);
    const again = await place.aimx(['dkim-keygen']);
    assert.equal(again.exit, 1);
    assert.match(again.stderr, /use --force to replace it/);
    const forced = await place.json<{ record_value: string }>('dkim-keygen', '--force');
    assert.notEqual(forced.record_value, first.record_value);
    assert.equal((await place.aimx(['dkim-keygen'], { uid: NOBODY })).exit, 1);
  },
);

test('ingest without a daemon does the work itself, and refuses while it may not', rootOnly, async () => {
  using alone = new Place('[mailboxes.agent]\naddress = "agent@example.com"\nowner = "nobody"\n');
  const first = await alone.aimx(['ingest', 'agent@example.com', '--json'], { stdin: letter('alone') });
  assert.equal(first.exit, 0, first.stderr);
  assert.equal((JSON.parse(first.stdout) as IngestJson).outcome, 'delivered');
  assert.equal(alone.files('agent').length, 1);
  assert.match(
    (await alone.aimx(['trace', 'alone@example.net'])).stdout,
    /put in by hand \(aimx ingest\)/,
    'root reads the journal',
  );
  const foreign = await alone.aimx(['ingest', 'agent@example.com'], { stdin: letter('alone'), uid: NOBODY });
  assert.equal(foreign.exit, 2);
  assert.match(foreign.stderr, /No daemon answers .*\n {6}start it with aimx serve/);
});

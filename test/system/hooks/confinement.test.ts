/** What a hook gets, and what it does not (design §3.5, contract §6). */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { systemClock } from '../../../src/system/clock.ts';
import { IS_ROOT, openBench, sh } from './bench-runner.ts';

const AS_ROOT = IS_ROOT ? {} : { skip: 'not root: no other owner can be taken on' };

test("hook: its environment is the contract's and nothing else", async () => {
  await using bench = await openBench({
    hooks: [{ name: 'env', cmd: ['/usr/bin/env', '-0'], env: { TOKEN: 'secret', AIMX_EVENT: 'forged' } }],
  });
  const variables = { AIMX_SUBJECT: 'Hi', AIMX_FROM: 'a@example.com', NOT_OURS: 'x' };
  const row = await bench.ended('env', { variables });
  const { stdout } = await bench.output(row);
  const { username, shell, homedir } = userInfo();
  assert.deepEqual(
    Object.fromEntries(
      stdout
        .split('\0')
        .filter(Boolean)
        .map((each) => each.split(/=(.*)/s).slice(0, 2)),
    ),
    {
      PATH: IS_ROOT
        ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
        : '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: homedir,
      USER: username,
      LOGNAME: username,
      SHELL: shell,
      TOKEN: 'secret',
      AIMX_HOOK_NAME: 'env',
      AIMX_EVENT: 'on_receive',
      AIMX_MAILBOX: 'box',
      AIMX_ID: '2026-11-24-200000-hello',
      AIMX_RUN_ID: row.runId,
      AIMX_ATTEMPT: '1',
      AIMX_SUBJECT: 'Hi',
      AIMX_FROM: 'a@example.com',
    },
  );
});

test('hook: what a message says reaches it as data only, byte for byte', async () => {
  const subject = `$(touch /tmp/x) \`id\` 'single' "double" \\ \n\t; exit 9 # é 日本 ${"'".repeat(50)}`;
  await using bench = await openBench({ hooks: [sh('print', 'printf %s "$AIMX_SUBJECT"')] });
  const row = await bench.ended('print', { variables: { AIMX_SUBJECT: `${subject}\0` } });
  assert.equal((await bench.output(row)).stdout, subject);
});

test('hook: argv is passed as written, stdin is the copy of the message, cwd is the home', async () => {
  const script = 'printf "<%s>" "$@"; cat; pwd';
  await using bench = await openBench({
    hooks: [{ name: 'argv', cmd: ['/bin/sh', '-c', script, 'zero', 'a b', "it's $HOME", ''] }],
  });
  const row = await bench.ended('argv');
  // A home that does not exist keeps no hook from starting.
  const cwd = existsSync(userInfo().homedir) ? userInfo().homedir : '/';
  assert.equal((await bench.output(row)).stdout, `<a b><it's $HOME><>message 1\n${cwd}\n`);
});

test('hook: no value of a message and no secret stands on any command line', async () => {
  const script = 'touch "$FOLDER/up"; while [ ! -e "$FOLDER/go" ]; do sleep 0.02; done';
  await using bench = await openBench({ hooks: [] });
  await using inner = await openBench({
    folder: bench.folder,
    hooks: [{ ...sh('wait', script), env: { FOLDER: bench.folder, TOKEN: 'needle-in-env' } }],
  });
  const seen: string[] = [];
  const ended = inner.ended('wait', { variables: { AIMX_SUBJECT: 'needle-in-subject' } });
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        if (line.includes('needle-in')) seen.push(line);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  // From before the launcher starts until the hook runs, and once more while it does.
  while (!inner.exists('up')) {
    look();
    await systemClock.sleep(1);
  }
  look();
  inner.touch('go');
  assert.equal((await ended).state, 'succeeded');
  assert.deepEqual(seen, []);
});

test('hook: it runs as the owner with no way to gain privileges', AS_ROOT, async () => {
  const script =
    'id -u; id -g; id -G; grep NoNewPrivs /proc/self/status | cut -f2; ulimit -c; kill -9 1 2>/dev/null || echo refused';
  await using bench = await openBench({ owner: 'nobody', hooks: [sh('who', script)] });
  const row = await bench.ended('who');
  assert.equal((await bench.output(row)).stdout, '65534\n65534\n65534\n1\n0\nrefused\n');
});

test("hook: it has its owner's supplementary groups and not the daemon's", AS_ROOT, async (t) => {
  const group = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name, , , members]) => members && name !== members.split(',')[0]);
  const owner = group?.[3]?.split(',')[0];
  if (group === undefined || owner === undefined) return t.skip('no account with a supplementary group here');
  await using bench = await openBench({ owner, hooks: [sh('groups', 'id -G')] });
  const { stdout } = await bench.output(await bench.ended('groups'));
  assert.ok(
    stdout
      .trim()
      .split(' ')
      .includes(group[2] ?? ''),
    `${stdout} has ${group[2]}`,
  );
});

test('hook: its own env cannot make the programs before it load code', AS_ROOT, async () => {
  // As LD_PRELOAD, it would be read by setpriv while that is still root.
  await using bench = await openBench({
    owner: 'nobody',
    hooks: [{ name: 'audit', cmd: ['/bin/true'], env: { LD_AUDIT: '/nonexistent' } }],
  });
  const { stderr } = await bench.output(await bench.ended('audit'));
  // The loader complains once for each program that it was asked in: the hook, and none of ours.
  assert.equal(stderr.split('\n').filter((line) => line.includes('/nonexistent')).length, 1);
});

test('hook: a child that lets go of everything is gone with its namespace', AS_ROOT, async () => {
  // A length that no other process sleeps for, by which it is found.
  const length = `98765.${process.pid}`;
  const script = `setsid sleep ${length} </dev/null >/dev/null 2>&1 9<&- & sleep 0.3`;
  await using bench = await openBench({ owner: 'nobody', hooks: [sh('leaver', script)] });
  assert.equal((await bench.ended('leaver')).state, 'succeeded');
  const left = readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${length}\0`;
    } catch {
      return false;
    }
  });
  assert.deepEqual(left, []);
});

test('hook: an owner that is not ours may open /dev/stdout and /dev/stderr by name', AS_ROOT, async () => {
  await using bench = await openBench({
    owner: 'nobody',
    hooks: [sh('names', 'echo out >/dev/stdout; echo err >/dev/stderr')],
  });
  const { stdout, stderr } = await bench.output(await bench.ended('names'));
  assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
});

test('hook: in a pid namespace it sees itself and its own only', AS_ROOT, async () => {
  await using bench = await openBench({
    owner: 'nobody',
    hooks: [sh('proc', 'ls /proc | grep -c "^[0-9]"')],
  });
  const count = Number((await bench.output(await bench.ended('proc'))).stdout);
  assert.ok(count > 0 && count < 12, `${count} processes`);
});

test(
  'hook: in a namespace it has no handle but its own three, and cannot free its lock',
  AS_ROOT,
  async () => {
    const script = 'ls /proc/self/fd | tr "\\n" " "; flock -u 9 2>/dev/null && echo freed; sleep 1.5';
    await using bench = await openBench({ owner: 'nobody', hooks: [sh('handles', script)] });
    const row = await bench.ended('handles');
    assert.equal(row.state, 'succeeded', row.reason ?? '');
    // 3 is the folder that ls looks into.
    assert.equal((await bench.output(row)).stdout, '0 1 2 3 ');
  },
);

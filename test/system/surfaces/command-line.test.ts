import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Fixture, MESSAGE, startFixture } from './control-fixture.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'the fixture gives files to another user, which root alone may';
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const EVIL = MESSAGE.replace('turin-1', 'evil-1')
  .replace('Book the 9:40', 'x\x1b]0;owned\x07')
  .replace('One seat', '\x1b[2Jseat');

let fixture: Fixture;
let id: string;

before(async () => {
  if (!isRoot) return;
  fixture = await startFixture();
  id = (await fixture.deliver(MESSAGE, 'support')) ?? '';
  await fixture.finishRuns('failed');
  await fixture.deliver(MESSAGE, 'support');
  await fixture.deliver(EVIL, 'sam');
});
after(async () => fixture?.[Symbol.asyncDispose]());

async function aimx(args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    env: {
      AIMX_CONFIG_DIR: fixture.configDir,
      AIMX_DATA_DIR: fixture.dataDir,
      AIMX_RUNTIME_DIR: fixture.runtimeDir,
      ...options.env,
    },
    cwd: '/',
  });
  child.stdin.end(options.stdin ?? '');
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, exit: await exit };
}

test('exit codes and one line what, one line what to do', { skip }, async () => {
  const checks: readonly [readonly string[], number, RegExp][] = [
    [['--version'], 0, /^$/],
    [['--help'], 0, /^$/],
    [['lst'], 2, /^aimx: Unknown command 'lst' \(Did you mean list\?\)\n {6}\S.*\n$/],
    [['list', '--bogus'], 2, /^aimx: Unknown option/],
    [['runs'], 2, /^aimx: aimx runs needs one of: list, show/],
    [['list', '--limit', '0'], 2, /^aimx: Cannot use "0" for --limit\n/],
    [['list', 'nothing'], 1, /^aimx: There is no mailbox "nothing" that you may use\n/],
    [['runs', 'show', 'x'], 1, /^aimx: There is no run "x"/],
  ];
  for (const [args, exit, stderr] of checks) {
    const answer = await aimx(args);
    assert.equal(answer.exit, exit, args.join(' '));
    assert.match(answer.stderr, stderr, args.join(' '));
  }
});

test('without a daemon and a journal: exit 2 with what to do', { skip }, async () => {
  const env = { AIMX_RUNTIME_DIR: '/nowhere', AIMX_DATA_DIR: '/nowhere' };
  for (const args of [
    ['trace', 'x'],
    ['runs', 'list'],
    ['raw', 'x'],
    ['runs', 'cancel', 'x'],
  ]) {
    const { exit, stderr } = await aimx(args, { env });
    assert.equal(exit, 2, args.join(' '));
    assert.match(stderr, /aimx serve/);
  }
});

test('--json has the shapes of the contract', { skip }, async () => {
  const list = JSON.parse((await aimx(['list', 'support', '--json'])).stdout);
  assert.deepEqual(Object.keys(list), ['messages', 'next_cursor']);
  assert.deepEqual(Object.keys(list.messages[0]), [
    'id',
    'mailbox',
    'folder',
    'from',
    'to',
    'subject',
    'date',
    'received_at',
    'read',
    'labels',
    'trusted',
    'has_attachments',
    'size_bytes',
    'path',
  ]);
  const runs = JSON.parse((await aimx(['runs', 'list', '--json'])).stdout);
  assert.deepEqual(Object.keys(runs.runs[0]), [
    'run_id',
    'mailbox',
    'id',
    'hook',
    'event',
    'generation',
    'attempt',
    'state',
    'reason',
    'exit_code',
    'signal',
    'due_at',
    'started_at',
    'ended_at',
    // Beside the contract's.
    'send_status',
  ]);
  const error = await aimx(['runs', 'show', 'x', '--json']);
  assert.deepEqual(Object.keys(JSON.parse(error.stdout).error), ['code', 'message', 'hint']);
  assert.equal(error.exit, 1);
});

test('trace says why each hook ran or did not, and what was absorbed', { skip }, async () => {
  const { stdout } = await aimx(['trace', `support/${id}`]);
  assert.match(stdout, /received over SMTP from 192\.0\.2\.7/);
  assert.match(stdout, /only then the 250 went out/);
  assert.match(stdout, /another copy came from 192\.0\.2\.7 .*\n?.*the same bytes/);
  assert.match(stdout, /Hook answer started once and failed/);
  assert.match(stdout, /Hook book did not start: it is held/);
  assert.match(stdout, /1 further copy was absorbed: no second file, no second start\./);
  const json = JSON.parse((await aimx(['trace', `support/${id}`, '--json'])).stdout);
  assert.equal(json.absorbed_count, 1);
});

test('the same trace is read from the journal where no daemon runs', { skip }, async () => {
  const { stdout, exit } = await aimx(['trace', `support/${id}`], { env: { AIMX_RUNTIME_DIR: '/nowhere' } });
  assert.equal(exit, 0);
  assert.match(stdout, /Hook answer started once and failed/);
});

test('list and mailboxes list end with what waits for a decision', { skip }, async () => {
  for (const args of [['list'], ['mailboxes', 'list'], ['mailbox', 'list']])
    assert.match((await aimx(args)).stdout, /1 run held: aimx runs list --held\n$/);
});

test('escape sequences of a mail do nothing', { skip }, async () => {
  for (const args of [
    ['list'],
    ['read', `sam/${id}`],
    ['trace', 'evil-1@example.com'],
    ['runs', 'output', '--attempt', '1'],
  ]) {
    const runs = JSON.parse((await aimx(['runs', 'list', '--json', '--state', 'failed'])).stdout);
    const { stdout, exit } = await aimx(args[0] === 'runs' ? [...args, runs.runs[0].run_id] : args);
    assert.equal(exit, 0, args.join(' '));
    assert.doesNotMatch(stdout, /[\x1b\x07]/, args.join(' '));
  }
});

test('completion scripts of bash are valid and name commands', { skip }, async () => {
  const { stdout } = await aimx(['completion', 'bash']);
  const script = `${stdout}\nCOMP_WORDS=(aimx run rel); COMP_CWORD=2; _aimx; echo "\${COMPREPLY[@]}"`;
  const bash = spawn('bash', ['-c', script]);
  assert.equal((await text(bash.stdout)).trim(), 'release');
  for (const shell of ['zsh', 'fish']) assert.equal((await aimx(['completion', shell])).exit, 0);
  assert.equal((await aimx(['completion', 'tcsh'])).exit, 2);
});

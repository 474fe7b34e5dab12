/**
 * `aimx trace` answers "why did this hook run five times?" and "why did it not run?" to somebody who never
 * saw the code. Every case makes it happen and reads the words.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mail, send } from '../daemon/mail.ts';
import { type Answer, eventually, Place, type RunJson, rootOnly, runIn, Server } from './program.ts';

/** A mailbox of its own for each case, with one hook of the mailbox's name. */
function mailbox(name: string, cmd: string, more = 'fire_on_untrusted = true'): string {
  return [
    `[mailboxes.${name}]`,
    `address = "${name}@example.com"`,
    'owner = "nobody"',
    `[[mailboxes.${name}.hooks]]`,
    `name = "${name}"`,
    'event = "on_receive"',
    `cmd = ["/bin/sh", "-c", '${cmd}']`,
    more,
    '',
  ].join('\n');
}

const CONFIG = [
  mailbox('once', 'cat > /dev/null'),
  mailbox('untrusted', 'true', ''),
  mailbox('removed', 'true', ''),
  mailbox('retried', 'test "$AIMX_ATTEMPT" -ge 2 || exit 75', 'fire_on_untrusted = true\nretries = 4'),
  mailbox('cut', 'sleep 60'),
  mailbox('slow', 'sleep 60', 'fire_on_untrusted = true\ntimeout_secs = 1'),
  mailbox('long', 'sleep 60'),
  mailbox('failing', 'echo no luck >&2; exit 3'),
  mailbox('blocked', 'true'),
  mailbox('two', 'sleep 5'),
  '[[mailboxes.two.hooks]]\nname = "second"\nevent = "on_receive"\nfire_on_untrusted = true\ncmd = ["/bin/true"]\n',
].join('');

let place: Place;
let server: Server;

before(async () => {
  if (rootOnly.skip !== false) return;
  place = new Place(CONFIG);
  server = await Server.serve(place);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
});

function deliver(name: string, content = mail(name)): Promise<string | null> {
  return send(server.port, { to: `${name}@example.com`, content });
}

/** A process and everything below it, the highest first: whoever could say how a child ended goes before it. */
function descendants(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => descendants(Number(child)))];
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with the one before.
  }
}

/** The text of a trace on one line, so that no assertion depends on where it is broken. */
async function story(reference: string, ...more: readonly string[]): Promise<string> {
  const answer: Answer = await place.aimx(['trace', reference, ...more]);
  assert.equal(answer.exit, 0, answer.stderr);
  return answer.stdout.replace(/\s+/g, ' ');
}

test(
  'one mail, one start; copies that came later are told with when, from where and why',
  rootOnly,
  async () => {
    await deliver('once');
    await runIn(place, 'once', 'succeeded');
    for (let copy = 0; copy < 3; copy += 1) await deliver('once');
    await place.aimx(['ingest', 'once@example.com'], { stdin: mail('once').replaceAll('\r\n', '\n') });
    const text = await story('once@example.net');
    assert.match(text, /received over SMTP from 127\.0\.0\.1, which calls itself client\.example\.net/);
    assert.match(
      text,
      /another copy came from 127\.0\.0\.1 for once@example\.com: the same bytes; answered 250 and absorbed: no second file, no second start \(3 times, the last at \+/,
    );
    assert.match(text, /another copy came by aimx ingest for once@example\.com: the same bytes; absorbed/);
    assert.match(
      text,
      /In short One file in mailbox once\. Hook once started once and succeeded after .* 4 further copies were absorbed: no second file, no second start\. $/,
    );
    const trace = await place.json<{
      events: readonly { event: string; at: string; detail: { decided_at: string } }[];
    }>('trace', 'once@example.net');
    for (const { at, detail } of trace.events.filter(({ event }) => event === 'delivery.absorbed'))
      assert.ok(at <= detail.decided_at, 'a copy is told at its arrival');
  },
);

test('why five times: five letters under one Message-ID', rootOnly, async () => {
  for (let letter = 0; letter < 3; letter += 1) await deliver('two', mail('reused', `Letter ${letter}.`));
  const { messages } = await eventually('three files', async () => {
    const page = await place.json<{ messages: readonly { id: string }[] }>('list', 'two');
    return page.messages.length === 3 ? page : null;
  });
  const [newest, , oldest] = messages;
  const ambiguous = await place.aimx(['trace', 'reused@example.net']);
  assert.equal(ambiguous.exit, 1);
  assert.match(
    ambiguous.stderr,
    /names 3 messages: two\/\S+, two\/\S+, two\/\S+\n {6}name one of them as <mailbox>\/<id>/,
  );
  const first = await story(`two/${oldest?.id}`);
  assert.match(
    first,
    /2 other messages have the same Message-ID and were not the same letter, so each is a message with a file and starts of its own: two\/\S+ and two\/\S+\./,
  );
  const last = await story(`two/${newest?.id}`);
  assert.match(last, /it has the Message-ID of \S+ but another content, so it is another message/);
  assert.match(
    last,
    /Hook second has not started: hooks of one message start one after the other, and hook two has not ended\./,
  );
});

test('why not: held because the sender is not trusted; released it says by whom', rootOnly, async () => {
  await deliver('untrusted');
  const { run_id } = await runIn(place, 'untrusted', 'held');
  const text = await story('untrusted@example.net');
  assert.match(
    text,
    /hook untrusted is held and does not start: the mailbox has trust = "none" and the hook does not say fire_on_untrusted = true/,
  );
  assert.match(
    text,
    new RegExp(
      `Hook untrusted did not start: it is held: the mailbox has trust = "none" .*\\. To let it go: aimx runs release ${run_id.slice(0, 12)} `,
    ),
  );
  for (const args of [['list'], ['mailboxes', 'list']])
    assert.match((await place.aimx(args)).stdout, /\d runs? held.*: aimx runs list --held\n$/);
  assert.match(
    (await place.aimx(['runs', 'release', run_id])).stdout,
    new RegExp(`^Released ${run_id.slice(0, 12)}\n$`),
  );
  await runIn(place, 'untrusted', 'succeeded');
  assert.match(
    await story('untrusted@example.net'),
    /Hook untrusted started once and succeeded after .*\. It was held before, until root released it\./,
  );
  const { stdout } = await place.aimx(['runs', 'replay', run_id]);
  assert.match(stdout, /is replay 1 of hook untrusted/);
  await eventually('the replay', async () => (await runIn(place, 'untrusted', 'succeeded')).generation === 1);
  assert.match(
    await story('untrusted@example.net'),
    /Hook untrusted \(replay 1\) started once and succeeded after .*\. It is a replay: root asked for it\. 2 starts of hooks for this message in all\./,
  );
});

test('why not: the hook was removed before its turn', rootOnly, async () => {
  await deliver('removed');
  const { run_id } = await runIn(place, 'removed', 'held');
  place.configure(
    CONFIG.replace(
      mailbox('removed', 'true', ''),
      '[mailboxes.removed]\naddress = "removed@example.com"\nowner = "nobody"\n',
    ),
  );
  server.signal('SIGHUP');
  await server.said('config.reloaded');
  await place.aimx(['runs', 'release', run_id]);
  await runIn(place, 'removed', 'cancelled');
  assert.match(
    await story('removed@example.net'),
    /Hook removed did not start; it is cancelled: the hook, or its mailbox, was removed meanwhile\./,
  );
});

test('why twice: it asked for another start with exit code 75', rootOnly, async () => {
  await deliver('retried');
  await eventually('the first end', async () => (await runIn(place, 'retried', 'due')).attempt === 1);
  assert.match(
    await story('retried@example.net'),
    /hook retried is to start again in 10 s: the hook ended with exit code 75 and asks to be started again/,
  );
  assert.match(
    await story('retried@example.net'),
    /Hook retried has started once and is to start again at \d\d:\d\d:\d\d UTC: the hook ended with exit code 75 and asks to be started again\./,
  );
});

test('what was cut short: launcher and hook were killed', rootOnly, async () => {
  await deliver('cut');
  const { run_id } = await runIn(place, 'cut', 'running');
  const trace = await place.json<{ events: readonly { event: string; detail: { pid?: number } }[] }>(
    'trace',
    'cut@example.net',
  );
  const pid = trace.events.find(({ event }) => event === 'run.started')?.detail.pid;
  assert.ok(pid !== undefined && pid > 1);
  for (const one of descendants(pid)) killNow(one);
  await runIn(place, 'cut', 'interrupted');
  assert.match(
    await story('cut@example.net'),
    new RegExp(
      `Hook cut started once and is interrupted: it was cut short before it could say how it ended\\. Whether it has done its work is not known, so it does not start again by itself\\. To start it again: aimx runs replay ${run_id.slice(0, 12)}; to leave it: aimx runs cancel ${run_id.slice(0, 12)} `,
    ),
  );
  assert.match((await place.aimx(['list'])).stdout, /1 (run )?interrupted: aimx runs list --held\n$/);
  assert.equal((await place.aimx(['runs', 'cancel', run_id])).exit, 0);
  assert.match(
    await story('cut@example.net'),
    /hook cut was closed by root: it does not start again .* Hook cut started once, was interrupted, and is closed by root\./,
  );
});

test('what was ended: by its time limit, by somebody, by itself', rootOnly, async () => {
  await Promise.all([deliver('slow'), deliver('long'), deliver('failing')]);
  const { run_id: slow } = await runIn(place, 'slow', 'timed_out');
  assert.match(
    await story('slow@example.net'),
    new RegExp(
      `Hook slow started once and was ended at its time limit \\(timeout_secs\\) after \\S+ m?s\\. What it printed: aimx runs output ${slow.slice(0, 12)} `,
    ),
  );
  const { run_id: long } = await runIn(place, 'long', 'running');
  assert.match(await story('long@example.net'), /Hook long started once and is running\./);
  assert.equal((await place.aimx(['runs', 'cancel', long])).exit, 0);
  assert.match(
    await story('long@example.net'),
    /Hook long started once and was cancelled after .* by root, while it ran\./,
  );
  const again = await place.aimx(['runs', 'cancel', long]);
  assert.equal(again.exit, 1);
  assert.match(again.stderr, /has already ended: cancelled/);
  const { run_id: failing } = await runIn(place, 'failing', 'failed');
  assert.match(
    await story('failing@example.net'),
    new RegExp(
      `Hook failing started once and failed after .*: the hook ended with exit code 3\\. Its last line on stderr: "no luck"\\. What it printed: aimx runs output ${failing.slice(0, 12)} `,
    ),
  );
  assert.match(
    (await place.aimx(['runs', 'output', failing])).stdout,
    /^stdout: nothing\nstderr:\nno luck\n$/,
  );
});

test('what waits for its mailbox says so, with what to do, and goes on', rootOnly, async () => {
  await deliver('blocked');
  await runIn(place, 'blocked', 'succeeded');
  const folder = join(place.folder, 'data', 'inbox', 'blocked');
  chownSync(folder, 1, 1);
  try {
    await deliver('blocked', mail('obstructed'));
    await server.said('delivery.waiting');
    const text = await story('obstructed@example.net');
    assert.match(text, /delivery waits: .*blocked.*; /);
    assert.match(
      text,
      /In short Not delivered yet: .*\. .*\. It is tried again by itself, next at \d\d:\d\d:\d\d UTC\. Hook blocked has not started: it starts once the file is in the mailbox\./,
    );
    const shown = await place.aimx(['mailboxes', 'show', 'blocked']);
    assert.match(shown.stdout, /mailbox-unsafe/);
    for (const list of [['list'], ['mailboxes', 'list']])
      assert.match((await place.aimx(list)).stdout, /^1 message waits: aimx mailboxes show blocked$/m);
  } finally {
    execFileSync('chown', ['nobody:nogroup', folder]);
    chmodSync(folder, 0o700);
  }
});

test('a message for four mailboxes is read in each', rootOnly, async () => {
  const names = ['once', 'two', 'failing', 'blocked'];
  const stdin = mail('four');
  const { wireClient } = await import('../inbound/wire-client.ts');
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  await client.command('MAIL FROM:<ada@example.net>');
  for (const name of names) assert.match(await client.command(`RCPT TO:<${name}@example.com>`), /^250 /);
  await client.command('DATA');
  client.send(`${stdin}.\r\n`);
  assert.match(await client.reply(), /^250 /);
  for (const name of names) {
    const { body } = await eventually(`the file in ${name}`, async () => {
      const answer = await place.aimx(['read', 'four@example.net', '--mailbox', name, '--json']);
      return answer.exit === 0 ? (JSON.parse(answer.stdout) as { body: string }) : null;
    });
    assert.equal(body, 'Text of four.\n', name);
    assert.doesNotMatch(await story('four@example.net', '--mailbox', name), /did not survive/);
  }
});

test('runs of one message are told in the order of the config', rootOnly, async () => {
  const { runs } = await place.json<{ runs: readonly RunJson[] }>('runs', 'list', '--mailbox', 'two');
  assert.ok(runs.some(({ hook }) => hook === 'second'));
});

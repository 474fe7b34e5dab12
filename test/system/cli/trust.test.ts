/**
 * "Who can start my agent?", asked with the commands that an operator has: really signed mail, real DNS
 * packets, and the words that come out.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { send } from '../daemon/mail.ts';
import { type DnsServer, startDnsServer } from '../dns/dns-server.ts';
import { signingDomain } from '../signed-mail.ts';
import { eventually, Place, type RunJson, rootOnly, runIn, Server } from './program.ts';

const CORP = signingDomain('corp.example');
const MAILER = signingDomain('mailer.example');
/** Nobody has asked for its key before. */
const OTHER = signingDomain('other.example');

function config(senders: string): string {
  return [
    '[mailboxes.agent]',
    'address = "agent@example.com"',
    'owner = "nobody"',
    'trust = "verified"',
    `trusted_senders = [${senders}]`,
    '[[mailboxes.agent.hooks]]',
    'name = "pay"',
    'event = "on_receive"',
    'cmd = ["/bin/cat"]',
    '',
  ].join('\n');
}

let dns: DnsServer;
let place: Place;
let server: Server;

/** Writes the configuration with the test's DNS in it. */
function configure(senders: string): void {
  place.configure(config(senders));
  const file = join(place.folder, 'etc', 'config.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('servers = []', `servers = ["${dns.address}"]`));
}

before(async () => {
  if (rootOnly.skip !== false) return;
  dns = await startDnsServer({ records: { TXT: { ...CORP.txt, ...MAILER.txt, ...OTHER.txt } } });
  place = new Place(config(''));
  configure('"bob@corp.example"');
  server = await Server.serve(place);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
  await dns?.[Symbol.asyncDispose]();
});

async function letter(name: string, { signer = CORP, from = 'ann@corp.example' } = {}): Promise<void> {
  const content = await signer.compose({
    from,
    replyTo: 'answers@corp.example',
    to: 'agent@example.com',
    subject: name,
    messageId: `<${name}@corp.example>`,
    text: `Text of ${name}.`,
  });
  assert.match((await send(server.port, { from, content })) ?? '', /^250 /);
  await eventually(`the run of ${name}`, async () => (await runOf(name)) ?? null);
}

async function runOf(name: string): Promise<RunJson | undefined> {
  const { runs } = await place.json<{ runs: readonly RunJson[] }>('runs', 'list');
  return runs.find(({ id }) => id.endsWith(name));
}

/** What a command says, on one line. */
async function said(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, exit } = await place.aimx(args);
  assert.equal(exit, 0, stderr);
  return stdout.replace(/\s+/g, ' ');
}

test('a listed sender starts the hook; others are held, each with what to do', rootOnly, async () => {
  await letter('own', { from: 'bob@corp.example' });
  await runIn(place, 'pay', 'succeeded');
  assert.match(
    await said('trace', 'own@corp.example'),
    /In short One file in mailbox agent\. Its sender is trusted: the DKIM signature of corp\.example covers what it says\. Hook pay started once/,
  );
  await letter('unknown');
  await letter('forged', { signer: MAILER, from: 'bob@corp.example' });
  const unknown = await said('trace', 'unknown@corp.example');
  assert.match(
    unknown,
    /Its sender is not trusted: ann@corp\.example is not in trusted_senders; add it to the list of mailbox agent .*\. Hook pay did not start: it is held, since its sender is not trusted\. To let it go: aimx runs release [0-9a-f]{12}/,
  );
  assert.match(
    await said('trace', 'forged@corp.example'),
    /Its sender is not trusted: the signature is mailer\.example's, From is corp\.example's; ask them to sign as corp\.example/,
  );
  assert.match(await said('runs', 'list', '--held'), /not-aligned: .*no-match: /);
});

test(
  'a signed letter that is changed where nobody signed it is held, and not started again',
  rootOnly,
  async () => {
    const content = await CORP.compose({
      from: 'bob@corp.example',
      to: 'agent@example.com',
      subject: 'once',
      messageId: '<once@corp.example>',
      text: 'Pay invoice 17.',
    });
    const mail = { from: 'bob@corp.example', content };
    assert.match((await send(server.port, mail)) ?? '', /^250 /);
    await eventually('the first start', async () => (await runOf('once'))?.state === 'succeeded');
    const changed = [`Comments: again\r\n${content}`, content.replace('invoice 17.', 'invoice 17. ')];
    for (const again of changed)
      assert.match((await send(server.port, { ...mail, content: again })) ?? '', /^250 /);
    await eventually('two held runs', async () => {
      const { runs } = await place.json<{ runs: readonly RunJson[] }>('runs', 'list', '--held');
      return (
        runs.filter(({ id, reason }) => id.includes('-once') && reason?.startsWith('replayed: ')).length === 2
      );
    });
    const text = await said('runs', 'release', '--re-evaluate');
    assert.match(
      text,
      /Still held \S+ pay, agent\/\S+-once\S* replayed: the sender's signed Message-ID came before/,
    );
  },
);

test('list marks who is trusted, and shows no address that is only a name', rootOnly, async () => {
  const content = 'From: "bob@corp.example" <eve@evil.example>\r\nSubject: posing\r\n\r\nText\r\n';
  assert.match((await send(server.port, { from: 'eve@evil.example', content })) ?? '', /^250 /);
  await eventually('the file', async () => (await runOf('posing')) ?? null);
  const { stdout } = await place.aimx(['list']);
  assert.match(stdout, /-own +bob@corp\.example +own +new trusted\n/);
  assert.match(stdout, /-forged +bob@corp\.example +forged +new\n/);
  assert.match(stdout, /-posing +eve@evil\.example +posing +new\n/);
  const { runs } = await place.json<{ runs: readonly RunJson[] }>('runs', 'list', '--held');
  const posing = runs.find(({ id }) => id.endsWith('posing'));
  assert.equal((await place.aimx(['runs', 'cancel', posing?.run_id ?? ''])).exit, 0);
});

test('mailboxes show says the rules, and counts why runs are held', rootOnly, async () => {
  const shown = await said('mailboxes', 'show', 'agent');
  assert.match(shown, /trust verified: senders on the list, authenticated by DKIM senders bob@corp\.example/);
  assert.match(shown, /Runs are held because of 2 replayed, the newest [0-9a-f]{12} \(\S+\):/);
  assert.match(shown, /aimx runs release --re-evaluate --mailbox agent/);
});

test(
  'runs release --re-evaluate lets go what a changed configuration trusts, and names the rest',
  rootOnly,
  async () => {
    const nothing = await said('runs', 'release', '--re-evaluate');
    assert.match(nothing, /^Nothing was released\. Still held \S+ pay, agent\/\S+ replayed: .* no-match: /);
    configure('"*@corp.example"');
    server.signal('SIGHUP');
    await server.said('config.reloaded');
    assert.match(
      await said('trace', 'unknown@corp.example'),
      /By the configuration of today its sender is trusted: the DKIM signature of corp\.example .* aimx runs release --re-evaluate --mailbox agent/,
    );
    const released = await said('runs', 'release', '--re-evaluate');
    assert.match(released, /^Released [0-9a-f]{12} Still held .* pay, agent\/\S+forged not-aligned: /);
    await eventually('the released run', async () => (await runOf('unknown'))?.state === 'succeeded');
    assert.equal((await runOf('forged'))?.state, 'held');
    assert.equal((await runOf('unknown'))?.attempt, 1);
    // Nothing is held any more, so there is nothing to let go.
    assert.match(
      await said('trace', 'unknown@corp.example'),
      /By the configuration of today its sender is trusted: the DKIM signature of corp\.example covers what it says\. Hook pay started once/,
    );
  },
);

test('runs release refuses the name of a mailbox that is not there', rootOnly, async () => {
  const { stderr, exit } = await place.aimx(['runs', 'release', '--re-evaluate', '--mailbox', 'agnet']);
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /^aimx: There is no mailbox "agnet" that you may use\n +aimx mailboxes list shows yours\n/,
  );
});

test(
  'while DNS fails, trace says when it is asked again, and nothing of it afterwards',
  rootOnly,
  async () => {
    configure('"*@corp.example", "eve@other.example"');
    server.signal('SIGHUP');
    await server.said('config.reloaded', 2);
    dns.fail('TXT k1._domainkey.other.example');
    await letter('outage', { signer: OTHER, from: 'eve@other.example' });
    const during = await said('trace', 'outage@corp.example');
    assert.match(during, /not trusted: DNS did not answer for other\.example/);
    assert.match(during, /DNS is asked again at \d\d:\d\d:\d\d UTC\./);
    dns.heal();
    await eventually('the run', async () => (await runOf('outage'))?.state === 'succeeded');
    const afterwards = await said('trace', 'outage@corp.example');
    assert.doesNotMatch(afterwards, /is asked again at/);
    assert.match(afterwards, /It was held before, until DNS said who wrote the message\./);
  },
);

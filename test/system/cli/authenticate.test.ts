/** `aimx authenticate` as a person types it, on really signed mail and real DNS packets. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { AuthenticateOutput } from '../../../src/operations/authenticate.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { signingDomain } from '../signed-mail.ts';
import { type Answer, NOBODY, Place, rootOnly } from './program.ts';

const corp = signingDomain('corp.example');
const mailer = signingDomain('mailer.example');
const server = await startDnsServer({ records: { TXT: { ...corp.txt, ...mailer.txt } } });
after(() => server[Symbol.asyncDispose]());

const LETTER = { from: 'Boss <boss@corp.example>', to: 'agent@example.com', subject: 'Pay', text: 'Pay 10.' };
const BY_CORP = ['--ip', '127.0.0.1', '--helo', 'mta.corp.example', '--mail-from', 'bounce@corp.example'];

const place = new Place('', { dnsServers: [server.address] });
after(() => place[Symbol.dispose]());

function ask(stdin: string, ...args: readonly string[]): Promise<Answer> {
  return place.aimx(['authenticate', ...args], { stdin });
}

async function askJson(stdin: string, ...args: readonly string[]): Promise<AuthenticateOutput> {
  const { stdout, stderr, exit } = await ask(stdin, ...args, '--json');
  assert.equal(exit, 0, stdout + stderr);
  return JSON.parse(stdout) as AuthenticateOutput;
}

test('authenticate: one line a method, and what a mailbox would make of it', async () => {
  const { stdout, stderr, exit } = await ask(await corp.compose(LETTER), ...BY_CORP);
  assert.equal(exit, 0, stderr);
  assert.match(stdout, /^From boss@corp\.example\n/);
  assert.match(stdout, /^ {2}SPF +pass +corp\.example in MAIL FROM, aligned with From/m);
  assert.match(stdout, /^ {2}DKIM +pass +corp\.example by selector k1, aligned with From/m);
  assert.match(stdout, /^ {2}DMARC +pass +corp\.example asks for reject$/m);
  assert.match(stdout, /^ {2}ARC +none$/m);
  assert.match(stdout, /^corp\.example vouches for From$/m);
  assert.match(stdout, /that lists the sender would trust it\n$/);
});

test('authenticate: says why a forged From is not trusted', async () => {
  const { stdout, exit } = await ask(await mailer.compose(LETTER), '--ip', '192.0.2.9', '--mail-from', '<>');
  assert.equal(exit, 0);
  assert.match(stdout, /^ {2}DKIM +pass +mailer\.example by selector k1, not aligned with From/m);
  assert.match(
    stdout,
    /^ {2}DMARC +fail +corp\.example asks for reject, neither SPF nor a DKIM signature passes/m,
  );
  assert.match(stdout, /^Nothing that is aligned with From vouches for it$/m);
  assert.match(stdout, /would not trust it, even if it lists the sender: not-aligned: /);
});

test('authenticate --json: one value of a stable shape', async () => {
  const output = await askJson(await corp.compose(LETTER), ...BY_CORP);
  assert.deepEqual(output.verdict, {
    spf: 'pass',
    dkim: 'pass',
    dmarc: 'pass',
    auth_domain: 'corp.example',
    rank: 'aligned-dkim',
    provisional: false,
  });
  assert.deepEqual(Object.keys(output), [
    'verdict',
    'author',
    'fields',
    'spf',
    'dkim',
    'dmarc',
    'arc',
    'iprev',
    'trust',
    'checks',
  ]);
  const [signature] = output.dkim.signatures;
  assert.ok(signature);
  assert.deepEqual(Object.keys(signature).toSorted(), [
    'algorithm',
    'alignment',
    'domain',
    'reason',
    'result',
    'selector',
    'signature_start',
    'signed_at',
    'uncovered',
  ]);
  assert.deepEqual(output.author, { addresses: ['boss@corp.example'], count: 1, domain: 'corp.example' });
  assert.equal(output.dmarc.record_domain, 'corp.example');
  assert.deepEqual(output.trust, { trusted: 'true', reason: null });
});

test('authenticate: LF line ends become CRLF, and fields of aimx raw before a message do no harm', async () => {
  const content = await corp.compose(LETTER);
  const raw = `Return-Path: <bounce@corp.example>\r\nReceived: from x by y\r\nAuthentication-Results: y; dmarc=fail\r\n`;
  for (const stdin of [content.replaceAll('\r\n', '\n'), raw + content])
    assert.equal((await askJson(stdin)).verdict.rank, 'aligned-dkim');
});

test('authenticate: DNS that does not answer is said, and is no failure', async () => {
  const content = await corp.compose(LETTER);
  server.fail('TXT k1._domainkey.corp.example');
  const { stdout, exit } = await ask(content);
  server.heal();
  assert.equal(exit, 0);
  assert.match(stdout, /^ {2}DKIM +temperror /m);
  assert.match(stdout, /^DNS did not answer something that matters: ask again later$/m);
  // Nobody asks again by himself about a message that did not come in.
  assert.match(
    stdout,
    /^Whether a mailbox with trust = "verified" would trust it cannot be said until then$/m,
  );
  assert.doesNotMatch(stdout, /by itself/);
});

test('authenticate: what cannot be is refused with what to do', async () => {
  const check = async (stdin: string, args: readonly string[], exit: number, said: RegExp): Promise<void> => {
    const answer = await ask(stdin, ...args);
    assert.equal(answer.exit, exit, answer.stderr);
    assert.match(answer.stderr, said);
    assert.equal(answer.stdout, '');
  };
  const letter = 'From: a@corp.example\n\nText\n';
  await check(letter, ['--ip', '192.0.2'], 2, /^aimx: "192\.0\.2" is no IP address\n +give --ip as /);
  await check(letter, ['--ip', 'localhost'], 2, /is no IP address/);
  await check(letter, ['--mail-from', 'a@b@c'], 2, /^aimx: "a@b@c" is no address\n +give --mail-from as /);
  await check('', [], 2, /^aimx: The message is empty\n/);
  await check(letter, ['--adress', 'x'], 2, /--adress/);
  const { stdout, exit } = await ask(letter, '--ip', 'no', '--json');
  assert.equal(exit, 2);
  assert.equal(JSON.parse(stdout).error.code, 'request.invalid');
});

test('authenticate: a message above the limit of the config is refused', async () => {
  using small = new Place('[smtp]\nmax_message_size = "64KiB"\n');
  const { stderr, exit } = await small.aimx(['authenticate'], { stdin: 'x'.repeat(70_000) });
  assert.equal(exit, 1);
  assert.match(stderr, /^aimx: The message is larger than 65536 bytes\n/);
});

test('authenticate: needs neither root nor a config', rootOnly, async () => {
  const { stdout, stderr, exit } = await place.aimx(['authenticate'], {
    stdin: 'Subject: nobody wrote this\n\nText\n',
    uid: NOBODY,
    env: { AIMX_CONFIG_DIR: '/nonexistent' },
  });
  assert.equal(exit, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^From names no address\n/);
});

test('raw and trace: a message that came in shows what it was checked for', rootOnly, async () => {
  using own = new Place('[mailboxes.agent]\naddress = "agent@example.com"\nowner = "root"\n', {
    dnsServers: [server.address],
  });
  const { stderr, exit } = await own.aimx(['ingest', 'agent@example.com'], {
    stdin: await corp.compose(LETTER),
  });
  assert.equal(exit, 0, stderr);
  const reference = `agent/${own.files('agent')[0]?.replace(/\.md$/, '')}`;
  const raw = (await own.aimx(['raw', reference])).stdout;
  const [field = ''] = /^Authentication-Results:(?:.*\r\n[ \t])*.*\r\n/m.exec(raw) ?? [];
  const unfolded = field.replace(/\r\n[ \t]+/g, ' ');
  assert.match(unfolded, /^Authentication-Results: example\.com; spf=none /);
  assert.match(
    unfolded,
    /; dkim=pass \(aligned with From\) header\.d=corp\.example header\.s=k1 header\.a=rsa-sha256 header\.b=/,
  );
  assert.match(
    unfolded,
    /; dmarc=pass \(.*\) header\.from=corp\.example policy\.dmarc=reject; arc=none\r\n$/,
  );
  const trace = (await own.aimx(['trace', reference])).stdout.replace(/\s+/g, ' ');
  assert.match(
    trace,
    /sender checked: corp\.example vouches for From; SPF none .*DKIM passes \(corp\.example by selector k1, aligned with From\); DMARC passes \(corp\.example asks for reject\)/,
  );
});

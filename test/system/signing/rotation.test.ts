/**
 * Keys as an operator makes and changes them: `aimx dkim-keygen` in processes of its own, records in a
 * real DNS server, and every message judged by our own authentication.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { authenticate } from '../../../src/authentication/authenticate.ts';
import { signMessage } from '../../../src/authentication/dkim/sign.ts';
import type { DkimActivateOutput } from '../../../src/operations/dkim-activate.ts';
import type { DkimKeygenOutput } from '../../../src/operations/dkim-keygen.ts';
import { createSigningKeys } from '../../../src/operations/signing-keys.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { createResolver } from '../../../src/system/dns/resolver.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { Place } from '../cli/program.ts';
import { type DnsServer, startDnsServer } from '../dns/dns-server.ts';

const LETTER = [
  'From: Agent <agent@example.com>',
  'To: someone@example.net',
  'Subject: Done',
  `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
  'Message-ID: <1@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'It is done.',
  '',
].join('\r\n');

let server: DnsServer;
let place: Place;
let configDir: string;
/** TXT records that are published. */
const zone: Record<string, readonly string[]> = {
  '_dmarc.example.com': ['v=DMARC1; p=reject; adkim=s'],
  '_dmarc.example.org': ['v=DMARC1; p=reject; adkim=s'],
};

before(async () => {
  server = await startDnsServer({ ttl: 0, negativeTtl: 0, records: { TXT: zone } });
  place = new Place('', { dnsServers: [server.address] });
  configDir = place.environment['AIMX_CONFIG_DIR'] ?? '';
});
after(async () => {
  place?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

function publish({ record_name, record_value, ed25519 }: DkimKeygenOutput): void {
  zone[record_name ?? ''] = [record_value];
  if (ed25519 !== null) zone[ed25519.record_name ?? ''] = [ed25519.record_value];
  server.set({ TXT: zone });
}

async function* octets(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** One for the whole test, as the daemon has: what changes, it has to notice. */
function signingKeys(): ReturnType<typeof createSigningKeys> {
  const config = { domain: 'example.com', domains: ['example.org'], dkimSelector: 'aimx' };
  return createSigningKeys({ files: linuxFiles, configDir, config: () => config });
}

async function sign(keys: ReturnType<typeof signingKeys>, letter = LETTER): Promise<string> {
  const domain = /@([a-z.]+)>/.exec(letter)?.[1] ?? '';
  const found = await keys.keysFor(domain);
  const content = (): AsyncIterable<Uint8Array> => octets(letter);
  return (await signMessage({ content, keys: found.keys, at: systemClock.now() })) + letter;
}

/** `selector result` of every signature, and what DMARC says. */
async function judge(message: string): Promise<readonly string[]> {
  await using dns = createResolver({
    servers: [server.address],
    timeoutMs: 2000,
    clock: systemClock,
    random: systemRandom,
  });
  const verdict = await authenticate(
    {
      clientAddress: '192.0.2.9',
      helo: 'relay.example',
      reversePath: 'bounce@relay.example',
      receivedAt: systemClock.now(),
      content: Buffer.from(message),
    },
    { dns, signal: new AbortController().signal },
  );
  const signatures = verdict.details?.signatures ?? [];
  assert.ok(signatures.every(({ uncovered }) => uncovered.length === 0));
  return [...signatures.map(({ selector, result }) => `${selector} ${result}`), `dmarc ${verdict.dmarc}`];
}

test('dkim-keygen: keys that are made, published, rotated and activated sign without a gap or a restart', async () => {
  const keys = signingKeys();
  const first = await place.json<DkimKeygenOutput>('dkim-keygen');
  assert.equal(first.signs, true);
  assert.equal(first.private_key, join(configDir, 'dkim/private.key'));
  assert.equal(statSync(first.ed25519?.private_key ?? '').mode & 0o777, 0o600);
  assert.deepEqual(await judge(await sign(keys)), ['aimx permerror', 'aimx-ed permerror', 'dmarc fail']);
  publish(first);
  const old = await sign(keys);
  assert.deepEqual(await judge(old), ['aimx pass', 'aimx-ed pass', 'dmarc pass']);

  const next = await place.json<DkimKeygenOutput>('dkim-keygen', '--rotate');
  assert.deepEqual([next.signs, next.selector, next.ed25519?.selector], [false, 'aimx2', 'aimx2-ed']);
  assert.deepEqual(await judge(await sign(keys)), ['aimx pass', 'aimx-ed pass', 'dmarc pass']);
  const twice = await place.aimx(['dkim-keygen', '--rotate']);
  assert.match(twice.stderr, /^aimx: The next key is prepared already/);

  const early = await place.aimx(['dkim-keygen', '--activate']);
  assert.equal(early.exit, 1);
  assert.match(early.stderr, /there is no record at aimx2\._domainkey\.example\.com; .*aimx2-ed/);
  zone['aimx2._domainkey.example.com'] = [first.record_value];
  zone['aimx2-ed._domainkey.example.com'] = [next.ed25519?.record_value ?? ''];
  server.set({ TXT: zone });
  const wrong = await place.aimx(['dkim-keygen', '--activate']);
  assert.match(
    wrong.stderr,
    /the next keys: the record at aimx2\._domainkey\.example\.com has another key\n/,
  );
  assert.deepEqual(await judge(await sign(keys)), ['aimx pass', 'aimx-ed pass', 'dmarc pass']);

  publish(next);
  const before = Date.now();
  const activated = await place.json<DkimActivateOutput>('dkim-keygen', '--activate');
  assert.deepEqual(activated.selectors, ['aimx2', 'aimx2-ed']);
  assert.deepEqual(activated.old_records, ['aimx._domainkey.example.com', 'aimx-ed._domainkey.example.com']);
  const keptDays = (Date.parse(activated.keep_old_records_until) - before) / 86_400_000;
  assert.ok(keptDays >= 12 && keptDays < 12.01, 'a queue of 5 days, and a week for who verifies late');
  assert.deepEqual(await judge(await sign(keys)), ['aimx2 pass', 'aimx2-ed pass', 'dmarc pass']);
  assert.deepEqual(await judge(old), ['aimx pass', 'aimx-ed pass', 'dmarc pass'], 'what is on its way');
  assert.deepEqual(readdirSync(join(configDir, 'dkim')).sort(), [
    'ed25519-public.key',
    'ed25519.key',
    'private.key',
    'public.key',
  ]);
  assert.match(
    readFileSync(first.private_key, 'utf8'),
    /^Selector: aimx2\n-----BEGIN RSA PRIVATE KEY-----\n/,
  );
  const none = await place.aimx(['dkim-keygen', '--activate']);
  assert.match(none.stderr, /^aimx: No key is prepared/);

  // Ed25519 goes with a rotation that has none.
  const third = await place.json<DkimKeygenOutput>('dkim-keygen', '--rotate', '--rsa-only');
  assert.deepEqual([third.selector, third.ed25519], ['aimx3', null]);
  const forced = await place.aimx(['dkim-keygen', '--activate', '--force']);
  assert.match(forced.stdout, /^Signs for example\.com with aimx3 from now on\nKeep the old records until /);
  publish(third);
  assert.deepEqual(await judge(await sign(keys)), ['aimx3 pass', 'dmarc pass']);
  assert.ok(!existsSync(join(configDir, 'dkim/ed25519.key')));
});

test('dkim-keygen --domain makes keys for another domain of the config, and for no other', async () => {
  using many = new Place('', { dnsServers: [server.address] });
  const etc = many.environment['AIMX_CONFIG_DIR'] ?? '';
  const path = join(etc, 'config.toml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `domains = ["example.org"]\n${text}`);
  const made = await many.json<DkimKeygenOutput>('dkim-keygen', '--domain', 'Example.org');
  assert.equal(made.private_key, join(etc, 'dkim/example.org/private.key'));
  assert.equal(made.record_name, 'aimx._domainkey.example.org');
  publish(made);
  const config = { domain: 'example.com', domains: ['example.org'], dkimSelector: 'aimx' };
  const keys = createSigningKeys({ files: linuxFiles, configDir: etc, config: () => config });
  const letter = LETTER.replace('agent@example.com', 'agent@example.org');
  assert.deepEqual(await judge(await sign(keys, letter)), ['aimx pass', 'aimx-ed pass', 'dmarc pass']);
  const foreign = await many.aimx(['dkim-keygen', '--domain', 'example.net']);
  assert.equal(foreign.exit, 1);
  assert.match(foreign.stderr, /"example\.net" is not one of our domains/);
});

test('dkim-keygen refuses what would not work', async () => {
  using empty = new Place('');
  const refused = async (args: readonly string[], expected: RegExp): Promise<void> => {
    const { exit, stderr } = await empty.aimx(['dkim-keygen', ...args]);
    assert.notEqual(exit, 0, args.join(' '));
    assert.match(stderr, expected);
  };
  await refused(['--rotate'], /There is no key in .* that could be rotated\n.*make the first one/);
  await refused(['--activate', '--rotate'], /Cannot use --activate together with --rotate/);
  await refused(['--selector', 'a b'], /Cannot use "a b" as selector/);
  await refused(['--selector', 'x'.repeat(63)], /at most 60 characters each/);
  await empty.json('dkim-keygen', '--selector', 's09');
  await refused(['--rotate', '--selector', 's09'], /The keys that sign have the selector "s09"/);
  const next = await empty.json<DkimKeygenOutput>('dkim-keygen', '--rotate');
  assert.equal(next.selector, 's10');
});

test('dkim-keygen --activate ends what a crash has cut short', async () => {
  using cut = new Place('');
  const first = await cut.json<DkimKeygenOutput>('dkim-keygen');
  const next = await cut.json<DkimKeygenOutput>('dkim-keygen', '--rotate');
  // The RSA key is in its place, nothing else is done yet.
  copyFileSync(next.private_key, first.private_key);
  const activated = await cut.json<DkimActivateOutput>('dkim-keygen', '--activate', '--force');
  assert.deepEqual(activated.selectors, ['aimx2', 'aimx2-ed']);
  assert.deepEqual(activated.old_records, ['aimx-ed._domainkey.example.com']);
  const folder = join(cut.environment['AIMX_CONFIG_DIR'] ?? '', 'dkim');
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.next')),
    [],
  );
  assert.match(readFileSync(join(folder, 'ed25519.key'), 'utf8'), /^Selector: aimx2-ed\n/);
});

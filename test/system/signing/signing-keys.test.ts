/** Signing keys from real files: what is used, what is refused, and what is said about it. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { generateDkimKey, withSelector } from '../../../src/authentication/dkim-key.ts';
import type { KeyConfig } from '../../../src/operations/key-files.ts';
import {
  createSigningKeys,
  type FileSigningKeys,
  logKeyStanding,
} from '../../../src/operations/signing-keys.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';

const RSA = (await generateDkimKey('rsa')).privatePem;
const OTHER_RSA = (await generateDkimKey('rsa')).privatePem;
const ED25519 = (await generateDkimKey('ed25519')).privatePem;

const CONFIG: KeyConfig = {
  domain: 'example.com',
  domains: ['example.org', 'agents.example.com', 'xn--bcher-kva.example'],
  dkimSelector: 'aimx',
};

const root = mkdtempSync(join(tmpdir(), 'aimx-keys-'));
after(() => rmSync(root, { recursive: true, force: true }));

let configDir: string;
let keys: FileSigningKeys;
let config: KeyConfig | null;
beforeEach(() => {
  configDir = mkdtempSync(join(root, 'etc-'));
  config = CONFIG;
  keys = createSigningKeys({ files: linuxFiles, configDir, config: () => config });
});

/** Puts a file in place in one step, below `dkim/`. */
function put(name: string, text: string, mode = 0o600): void {
  const path = join(configDir, 'dkim', name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.tmp`, text, { mode });
  chmodSync(`${path}.tmp`, mode);
  renameSync(`${path}.tmp`, path);
}

/** `rsa-sha256 aimx._domainkey.example.com` of every key, and the problem where there is none. */
async function found(domain: string): Promise<readonly string[]> {
  const { keys: list, problem } = await keys.keysFor(domain);
  const shown = list.map((key) => `${key.algorithm} ${key.selector}._domainkey.${key.domain}`);
  return problem === null ? shown : [...shown, problem.replaceAll(configDir, '')];
}

test('keysFor() finds private.key alone under the selector of the config (contract §1)', async () => {
  put('private.key', RSA);
  assert.deepEqual(await found('example.com'), ['rsa-sha256 aimx._domainkey.example.com']);
  config = { ...CONFIG, dkimSelector: 'other' };
  assert.deepEqual(await found('example.com'), ['rsa-sha256 other._domainkey.example.com']);
});

test('keysFor() has RSA first, Ed25519 second, each under its own selector where its file names one', async () => {
  put('ed25519.key', ED25519);
  put('private.key', RSA);
  assert.deepEqual(await found('EXAMPLE.com'), [
    'rsa-sha256 aimx._domainkey.example.com',
    'ed25519-sha256 aimx-ed._domainkey.example.com',
  ]);
  put('private.key', withSelector(RSA, 'k2'));
  put('ed25519.key', withSelector(ED25519, 'k2-ed'));
  assert.deepEqual(await found('example.com'), [
    'rsa-sha256 k2._domainkey.example.com',
    'ed25519-sha256 k2-ed._domainkey.example.com',
  ]);
});

test('keysFor() uses what is in the file now, and parses only what has changed', async () => {
  put('private.key', RSA);
  const [first] = (await keys.keysFor('example.com')).keys;
  const [again] = (await keys.keysFor('example.com')).keys;
  assert.equal(again?.privateKey, first?.privateKey);
  put('private.key', OTHER_RSA);
  const [other] = (await keys.keysFor('example.com')).keys;
  assert.ok(other !== undefined && first !== undefined);
  assert.ok(!other.privateKey.equals(first.privateKey));
  rmSync(join(configDir, 'dkim'), { recursive: true });
  assert.equal((await keys.keysFor('example.com')).keys.length, 0);
});

test('keysFor() says for a domain without a key what makes one', async () => {
  assert.deepEqual(await found('example.com'), [
    'There is no DKIM key for example.com at /dkim/private.key; aimx dkim-keygen makes one',
  ]);
  put('private.key', RSA);
  assert.deepEqual(await found('example.org'), [
    'There is no DKIM key for example.org at /dkim/example.org/private.key; aimx dkim-keygen --domain example.org makes one',
  ]);
  assert.deepEqual(await found('example.net'), [
    'example.net is not one of our domains, and nothing of it is signed',
  ]);
  config = null;
  assert.deepEqual(await found('example.com'), ['There is no config that says whose keys these are']);
});

test('keysFor() has keys of each domain, by A-labels', async () => {
  put('example.org/private.key', RSA);
  put('xn--bcher-kva.example/private.key', RSA);
  assert.deepEqual(await found('example.org'), ['rsa-sha256 aimx._domainkey.example.org']);
  assert.deepEqual(await found('bücher.example'), ['rsa-sha256 aimx._domainkey.xn--bcher-kva.example']);
});

test('keysFor() signs for a domain below ours with our key, which is aligned (RFC 7489 §3.1.1)', async () => {
  put('private.key', RSA);
  assert.deepEqual(await found('agents.example.com'), ['rsa-sha256 aimx._domainkey.example.com']);
  put('agents.example.com/private.key', RSA);
  assert.deepEqual(await found('agents.example.com'), ['rsa-sha256 aimx._domainkey.agents.example.com']);
});

test('keysFor() refuses what is no key, and says which file', async () => {
  const refused = async (expected: string): Promise<void> =>
    assert.deepEqual(await found('example.com'), [expected]);
  put('private.key', 'nothing');
  await refused('The key /dkim/private.key is no private key in PEM');
  put('private.key', ED25519);
  await refused('The key /dkim/private.key is of the type ed25519, not rsa');
  const short = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
  put('private.key', short.export({ type: 'pkcs1', format: 'pem' }).toString());
  await refused('The key /dkim/private.key has 512 bits, and no one accepts fewer than 1024 (RFC 8301)');
  rmSync(join(configDir, 'dkim/private.key'));
  put('elsewhere', RSA);
  symlinkSync('elsewhere', join(configDir, 'dkim/private.key'));
  const [linked = ''] = await found('example.com');
  assert.match(linked, /^The key \/dkim\/private\.key cannot be read: .*it is a symbolic link/);
  rmSync(join(configDir, 'dkim/private.key'));
  mkdirSync(join(configDir, 'dkim/private.key'));
  const [folder = ''] = await found('example.com');
  assert.match(folder, /^The key \/dkim\/private\.key cannot be read: /);
  rmSync(join(configDir, 'dkim'), { recursive: true });
  writeFileSync(join(configDir, 'dkim'), 'a file');
  assert.equal((await keys.keysFor('example.com')).keys.length, 0);
});

test('standing() names every domain without a key, and what signs and is doubtful', async () => {
  put('private.key', RSA, 0o640);
  put('ed25519.key', 'nothing');
  put('example.org/ed25519.key', ED25519);
  const { problems, warnings } = await keys.standing();
  assert.deepEqual(
    problems.map((problem) => problem.split(' at ')[0]),
    ['There is no DKIM key for xn--bcher-kva.example'],
  );
  const path = (name: string): string => join(configDir, 'dkim', name);
  assert.deepEqual(warnings, [
    `The key ${path('ed25519.key')} is no private key in PEM`,
    `The key ${path('private.key')} can be read by others: chmod 600 ${path('private.key')}`,
    'example.org signs with Ed25519 alone, which not everybody can verify',
  ]);
});

test('logKeyStanding() warns of each, and of nothing that is in order', async () => {
  const said: string[] = [];
  const say = (event: string): unknown => said.push(event);
  const log = { debug: say, info: say, warn: say, error: say } as const;
  config = { ...CONFIG, domains: [] };
  await logKeyStanding(keys, log as never);
  assert.deepEqual(said, ['dkim.no-key']);
  put('private.key', RSA, 0o644);
  await logKeyStanding(keys, log as never);
  assert.deepEqual(said, ['dkim.no-key', 'dkim.key-doubtful']);
  put('private.key', RSA);
  await logKeyStanding(keys, log as never);
  assert.equal(said.length, 2);
});

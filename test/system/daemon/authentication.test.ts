/**
 * Who wrote a message, asked by a real daemon with real packets to a DNS server on this machine, over
 * messages that another implementation signed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DnsServer, startDnsServer } from '../dns/dns-server.ts';
import { type SigningDomain, signingDomain } from '../signed-mail.ts';
import { DaemonUnderTest, Ground, type GroundOptions } from './daemon-under-test.ts';
import { send } from './mail.ts';

const CORP = signingDomain('corp.example');
const FOREIGN = signingDomain('mailer.example');
const ZONE = { records: { TXT: { ...CORP.txt, ...FOREIGN.txt } } };
const TRUST = 'trust = "verified"\ntrusted_senders = ["*@corp.example"]';

function guarded(dns: DnsServer, options: GroundOptions = {}): Ground {
  return new Ground({ dns: [dns.address], trust: TRUST, ...options });
}

/** A message from `ann@corp.example`, signed by whom the test says. */
function letter(name: string, signer: SigningDomain = CORP): Promise<string> {
  return signer.compose({
    from: 'Ann <ann@corp.example>',
    to: 'agent@example.com',
    subject: name,
    messageId: `<${name}@corp.example>`,
    text: `Text of ${name}.`,
  });
}

/** A field of the only message's frontmatter. */
function field(ground: Ground, name: string): string | undefined {
  const [file] = ground.files();
  return new RegExp(`^${name} = "(.*)"$`, 'm').exec(ground.text(file ?? ''))?.[1];
}

async function until(condition: () => boolean, what: string, msMax = 30_000): Promise<void> {
  const end = performance.now() + msMax;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await sleep(50);
  }
}

const FROM = 'ann@corp.example';

test('a signature of From’s domain starts the hook; one of another domain holds it and says why', async () => {
  await using dns = await startDnsServer(ZONE);
  using ground = guarded(dns);
  await using daemon = await DaemonUnderTest.start(ground);
  assert.match((await send(daemon.port, { from: FROM, content: await letter('own') })) ?? '', /^250 /);
  await until(() => ground.starts().length === 1, 'the hook of the trusted message');
  await daemon.settled();
  assert.deepEqual(
    ['spf', 'dkim', 'dmarc', 'trusted', 'auth_domain'].map((name) => field(ground, name)),
    ['pass', 'pass', 'pass', 'true', 'corp.example'],
  );
  await send(daemon.port, { from: 'x@mailer.example', content: await letter('forged', FOREIGN) });
  await daemon.settled();
  const { runs } = await daemon.ask<{ runs: readonly { readonly reason: string }[] }>('runs.list', {
    state: 'held',
  });
  assert.match(runs[0]?.reason ?? '', /^not-aligned: .*mailer\.example.*corp\.example/);
  assert.equal(ground.starts().length, 1);
  assert.ok(dns.asked.includes('TXT k1._domainkey.corp.example'), dns.asked.join());
});

test('DNS is silent: 250 at once, the file within 20 s, the hook held; it starts once when DNS is back', async () => {
  await using dns = await startDnsServer(ZONE);
  // As it is where nobody says otherwise.
  using ground = guarded(dns, { dnsTimeout: '5s' });
  await using daemon = await DaemonUnderTest.start(ground);
  dns.stopAnswering();
  const began = performance.now();
  assert.match((await send(daemon.port, { from: FROM, content: await letter('late') })) ?? '', /^250 /);
  const repliedMs = performance.now() - began;
  assert.ok(repliedMs < 2_000, `the 250 took ${repliedMs} ms`);
  await until(() => ground.files().length > 0, 'the file', 20_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['temperror', 'false']);
  assert.match(field(ground, 'trust_reason') ?? '', /^temperror: /);
  const events = daemon.events.map(({ event }) => event);
  assert.ok(events.includes('dns.silent') && events.includes('message.unverified'), events.join());
  assert.deepEqual(ground.starts(), []);
  dns.resume();
  await until(() => ground.starts().length === 1, 'the start after DNS came back', 40_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['pass', 'true']);
  assert.equal(field(ground, 'trust_reason'), undefined);
  // Nothing is left to be asked.
  const asked = dns.asked.length;
  await sleep(6_000);
  assert.deepEqual([ground.starts().length, dns.asked.length - asked], [1, 0]);
});

test('DNS comes back and says no: the hook stays held, with the reason that is now known', async () => {
  await using dns = await startDnsServer(ZONE);
  using ground = guarded(dns);
  await using daemon = await DaemonUnderTest.start(ground);
  dns.stopAnswering();
  await send(daemon.port, { from: 'x@mailer.example', content: await letter('forged') });
  await until(() => ground.files().length > 0, 'the file', 20_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['temperror', 'false']);
  // The key under which it was signed is not the one that the domain publishes.
  const [, foreignKey] = Object.entries(FOREIGN.txt).find(([name]) => name.startsWith('k1.')) ?? [];
  dns.set({ TXT: { ...ZONE.records.TXT, 'k1._domainkey.corp.example': foreignKey ?? [] } });
  dns.resume();
  await until(() => field(ground, 'dkim') === 'fail', 'the later answer', 40_000);
  await daemon.settled();
  assert.match(field(ground, 'trust_reason') ?? '', /^unauthenticated: /);
  const { runs } = await daemon.ask<{ runs: readonly { readonly reason: string }[] }>('runs.list', {
    state: 'held',
  });
  assert.match(runs[0]?.reason ?? '', /^unauthenticated: /);
  assert.deepEqual(ground.starts(), []);
});

const STOPS = [
  { point: 'pipeline.authenticated', nth: 2 },
  { point: 'pipeline.exchanging', nth: 1 },
  { point: 'mailbox.exchanged', nth: 1 },
  { point: 'pipeline.exchanged', nth: 1 },
];

test('kill -9 while a later answer is written: one file that shows it, one start', {
  concurrency: true,
}, async (t) => {
  await Promise.all(STOPS.map((stop) => t.test(`at ${stop.point}`, () => killWhileAnswered(stop))));
});

async function killWhileAnswered(stopAt: (typeof STOPS)[number]): Promise<void> {
  await using dns = await startDnsServer(ZONE);
  using ground = guarded(dns);
  {
    await using daemon = await DaemonUnderTest.start(ground, { stopAt });
    dns.stopAnswering();
    await send(daemon.port, { from: FROM, content: await letter('late') });
    await until(() => ground.files().length > 0, 'the file', 20_000);
    dns.resume();
    assert.deepEqual(await daemon.ended(), { code: null, signal: 'SIGKILL' });
  }
  await using daemon = await DaemonUnderTest.start(ground);
  await until(() => ground.starts().length === 1, 'the start', 40_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['pass', 'true']);
  assert.deepEqual([ground.starts().length, ground.files().length], [1, 1]);
}

test('a forged copy sent ahead while DNS is silent mutes nothing: the genuine one takes its place', async () => {
  await using dns = await startDnsServer(ZONE);
  using ground = guarded(dns);
  await using daemon = await DaemonUnderTest.start(ground);
  const genuine = await letter('once');
  const forged = genuine.replace(/^DKIM-Signature: (?:.*\r\n)(?:[ \t].*\r\n)*/im, '');
  assert.notEqual(forged, genuine);
  await send(daemon.port, { from: FROM, content: forged });
  await daemon.settled();
  assert.equal(field(ground, 'trusted'), 'false');
  dns.stopAnswering();
  await send(daemon.port, { from: FROM, content: genuine });
  await sleep(1_000);
  dns.resume();
  await until(() => ground.starts().length === 1, 'the start of the genuine one', 40_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['pass', 'true']);
  assert.equal(ground.files().length, 1);
});

test('a domain whose servers are slow does not hold up the mail of others', async () => {
  await using dns = await startDnsServer(ZONE);
  for (const name of ['slow.example', '_dmarc.slow.example']) dns.ignore(name);
  using ground = guarded(dns, { hook: null });
  await using daemon = await DaemonUnderTest.start(ground);
  const slow = (n: number): string =>
    `From: s@slow.example\r\nTo: agent@example.com\r\nSubject: slow ${n}\r\nMessage-ID: <${n}@slow.example>\r\nDate: Tue, 24 Nov 2026 09:12:44 +0100\r\n\r\nSlow.\r\n`;
  await Promise.all(
    Array.from({ length: 40 }, (_, n) => send(daemon.port, { from: 's@slow.example', content: slow(n) })),
  );
  await send(daemon.port, { from: FROM, content: await letter('quick') });
  const quick = (): boolean => ground.files().some((name) => name.includes('quick'));
  await until(quick, 'the mail of another domain', 5_000);
  // Those that waited are delivered too, as in an outage.
  await until(() => ground.files().length === 41, 'all', 20_000);
});

test('large messages of domains whose servers are slow do not hold up the mail of others', async () => {
  await using dns = await startDnsServer(ZONE);
  const slow = ['slow-1.example', 'slow-2.example', 'slow-3.example', 'slow-4.example'];
  for (const name of slow) for (const asked of [name, `_dmarc.${name}`]) dns.ignore(asked);
  using ground = guarded(dns, { hook: null, dnsTimeout: '7s' });
  await using daemon = await DaemonUnderTest.start(ground);
  const text = `${'x'.repeat(76)}\r\n`.repeat(300_000);
  const large = (domain: string): string =>
    `From: s@${domain}\r\nTo: agent@example.com\r\nSubject: large\r\nMessage-ID: <1@${domain}>\r\nDate: Tue, 24 Nov 2026 09:12:44 +0100\r\n\r\n${text}`;
  for (const domain of slow)
    assert.match((await send(daemon.port, { from: `s@${domain}`, content: large(domain) })) ?? '', /^250 /);
  await send(daemon.port, { from: FROM, content: await letter('quick') });
  const quick = (): boolean => ground.files().some((name) => name.includes('quick'));
  await until(quick, 'the mail of another domain', 4_000);
});

test('the authentication process is killed again and again: messages are delivered, and it is asked again', async () => {
  await using dns = await startDnsServer(ZONE);
  using ground = guarded(dns);
  await using daemon = await DaemonUnderTest.start(ground, { killAuthenticator: 2 });
  await send(daemon.port, { from: FROM, content: await letter('survivor') });
  await until(() => ground.files().length > 0, 'the file', 20_000);
  await until(() => ground.starts().length === 1, 'the start', 40_000);
  await daemon.settled();
  assert.deepEqual([field(ground, 'dkim'), field(ground, 'trusted')], ['pass', 'true']);
});

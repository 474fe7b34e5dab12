/**
 * Every way in which a message may claim an author whom a mailbox trusts (reliability.md §4): really
 * signed, then forged, and judged through real DNS packets.
 *
 * nodemailer signs what a sender would send; `signer.sim.ts` signs what only an attacker or another service
 * would.
 */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sealMessage } from 'mailauth';
import { createTransport } from 'nodemailer';
import { authenticate } from '../../../src/authentication/authenticate.ts';
import { generateTestKey, signMessage, type TestKey } from '../../../src/authentication/dkim/signer.sim.ts';
import { replyToWarning } from '../../../src/authentication/reply-to.ts';
import { decideTrust, type TrustContext, type TrustRules } from '../../../src/authentication/trust.ts';
import type { Verdict } from '../../../src/authentication/verdict.ts';
import { type EpochMs, systemClock } from '../../../src/system/clock.ts';
import { createResolver, type Resolver } from '../../../src/system/dns/resolver.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type DnsServer, startDnsServer } from '../dns/dns-server.ts';

const DAY = 86_400_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;
/** Cyrillic letters that look like those of corp.example. */
const LOOK_ALIKE = 'xn--r-7tbm6d.example';
const CLIENT = '192.0.2.25';

let corp: TestKey;
let foreign: TestKey;
let short: TestKey;
let server: DnsServer;
let dns: Resolver;

function resolverOf({ address }: DnsServer): Resolver {
  return createResolver({ servers: [address], timeoutMs: 2000, clock: systemClock, random: systemRandom });
}

before(async () => {
  corp = generateTestKey(2048);
  foreign = generateTestKey(null);
  short = generateTestKey(768);
  server = await startDnsServer({
    ttl: 0,
    negativeTtl: 0,
    records: {
      TXT: {
        's._domainkey.corp.example': [corp.record],
        'down._domainkey.corp.example': [corp.record],
        'short._domainkey.corp.example': [short.record],
        's._domainkey.evil.example': [foreign.record],
        's._domainkey.lists.example': [corp.record],
        [`s._domainkey.${LOOK_ALIKE}`]: [foreign.record],
        '_dmarc.corp.example': ['v=DMARC1; p=reject'],
        'corp.example': [`v=spf1 ip4:${CLIENT} -all`],
      },
    },
  });
  dns = resolverOf(server);
});
after(async () => {
  await dns?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

interface Letter {
  readonly from?: string;
  readonly to?: string;
  readonly selector?: string;
}

/** A letter of ann's as a mailer of her domain signs it. */
async function signed({ from, to, selector }: Letter = {}): Promise<string> {
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    dkim: {
      domainName: 'corp.example',
      keySelector: selector ?? 's',
      privateKey: pem(corp.privateKey),
    },
  });
  const { message } = await transport.sendMail({
    from: from ?? 'Ann <ann@corp.example>',
    to: to ?? 'agent@aimx.example',
    subject: 'Pay the invoice',
    text: 'Please pay invoice 17.\r\n',
    date: new Date(NOW),
    messageId: '<1@corp.example>',
  });
  return (message as Buffer).toString('latin1');
}

/** Fields as a plain message has them; `changed` takes the place of those of its name, `''` leaves one out. */
function plain(changed: Readonly<Record<string, string>> = {}): string {
  const fields: Record<string, string> = {
    From: 'Ann <ann@corp.example>',
    To: 'agent@aimx.example',
    Subject: 'Pay the invoice',
    Date: new Date(NOW).toUTCString().replace('GMT', '+0000'),
    'Message-ID': '<1@corp.example>',
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    ...changed,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== '');
  return `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\nPlease pay invoice 17.\r\n`;
}

const HEADERS = 'from:to:subject:date:message-id';

/** Signed as evil.example, which is its own domain and nobody else's. */
function signedByEvil(content: string, domain = 'evil.example'): string {
  return signMessage(content, { key: foreign, domain, headers: HEADERS });
}

const RULES: TrustRules = {
  name: 'agent',
  trust: 'verified',
  trustedSenders: ['*@corp.example'],
  trustSpf: false,
  requireAddressed: false,
  address: 'agent@aimx.example',
  aliases: [],
};

interface Arrival {
  readonly rules?: Partial<TrustRules>;
  readonly context?: Partial<TrustContext>;
  readonly afterDays?: number;
  readonly clientAddress?: string;
  readonly resolver?: Resolver;
}

async function verdictOf(
  content: string,
  { afterDays = 0, clientAddress = '203.0.113.9', resolver = dns }: Arrival = {},
): Promise<Verdict> {
  return await authenticate(
    {
      clientAddress,
      helo: 'mail.corp.example',
      reversePath: 'ann@corp.example',
      receivedAt: (NOW + 1000 + afterDays * DAY) as EpochMs,
      content: Buffer.from(content, 'latin1'),
    },
    { dns: resolver, signal: AbortSignal.timeout(8000) },
  );
}

/** `expected`: `true`, or how the reason begins. */
async function check(content: string, expected: string, arrival: Arrival = {}): Promise<Verdict> {
  const verdict = await verdictOf(content, arrival);
  const { trusted, reason } = decideTrust({ ...RULES, ...arrival.rules }, verdict, {
    receivedAt: (NOW + 1000 + (arrival.afterDays ?? 0) * DAY) as EpochMs,
    windowMs: 35 * DAY,
    arcSealers: [],
    deliveredTo: ['agent@aimx.example'],
    ...arrival.context,
  });
  const said = trusted === 'true' ? 'true' : (reason ?? trusted);
  assert.ok(
    said.startsWith(expected),
    `wanted ${expected}, found ${said}\n${JSON.stringify(verdict.details, null, 1)}`,
  );
  return verdict;
}

test('trust: a letter as its sender signed it', async () => {
  await check(await signed(), 'true');
  await check(await signed({ from: '"Ann of Corp" <ANN@Corp.Example>' }), 'true');
  await check(await signed({ from: 'Team: ann@corp.example;' }), 'true');
});

test('trust: a forged From under a foreign valid signature', async () => {
  await check(signedByEvil(plain()), "not-aligned: the signature is evil.example's, From is corp.example's");
  const both = signedByEvil(await signed().then((content) => content.replace('invoice 17', 'invoice 18')));
  await check(both, 'unauthenticated: the signature of corp.example does not verify');
  await check(plain(), 'unauthenticated: the message has no DKIM signature');
});

test('trust: a Reply-To that nobody signed is trusted with its message, and not used', async () => {
  const verdict = await check(`Reply-To: eve@evil.example\r\n${await signed()}`, 'true');
  assert.equal(
    replyToWarning(verdict, 'true', 'eve@evil.example'),
    'reply-to-unsigned: Reply-To is not covered by the signature of corp.example and is not used for answers',
  );
});

test('trust: a field that was added to a signed message', async () => {
  const letter = await signed();
  for (const [name, value] of [
    ['Subject', 'Pay eve'],
    ['Message-ID', '<2@corp.example>'],
    ['Date', new Date(NOW + 1000).toUTCString()],
    ['To', 'agent@aimx.example'],
    ['Content-Type', 'text/html'],
    ['Content-Transfer-Encoding', 'base64'],
  ]) {
    await check(`${name}: ${value}\r\n${letter}`, `duplicate-field: ${name} occurs more than once`);
    await check(letter.replace('\r\n\r\n', `\r\n${name}: ${value}\r\n\r\n`), 'duplicate-field');
  }
  // Of which the signed message had none.
  const without = signMessage(plain(), { key: corp, domain: 'corp.example', headers: HEADERS });
  await check(without, 'true');
  await check(
    `Content-Transfer-Encoding: base64\r\n${without}`,
    'not-covered: the signature of corp.example does not cover Content-Transfer-Encoding',
  );
  await check(`Content-Transfer-Encoding: 7bit\r\n${without}`, 'true');
});

test('trust: a signature that leaves open what a start rests on', async () => {
  for (const name of ['subject', 'date', 'message-id']) {
    const headers = HEADERS.split(':')
      .filter((one) => one !== name)
      .join(':');
    await check(signMessage(plain(), { key: corp, domain: 'corp.example', headers }), 'not-covered');
  }
  // Its copies could not be told from other letters, and a Message-ID put before it makes one of each.
  const nameless = plain({ 'Message-ID': '' });
  const open = signMessage(nameless, { key: corp, domain: 'corp.example', headers: 'from:to:subject:date' });
  await check(open, 'not-covered: it has no Message-ID');
  await check(
    `Message-ID: <2@evil.example>\r\n${open}`,
    'not-covered: the signature of corp.example does not cover Message-ID',
  );
  const closed = signMessage(nameless, { key: corp, domain: 'corp.example', headers: HEADERS });
  await check(`Message-ID: <2@evil.example>\r\n${closed}`, 'unauthenticated');
});

test('trust: a signed message sent again when its fingerprint is forgotten', async () => {
  const letter = await signed();
  await check(letter, 'true', { afterDays: 33 });
  await check(letter, 'stale: it was written 36 days before it came', { afterDays: 36 });
  const ahead = signMessage(plain({ Date: 'Wed, 01 Jan 2200 00:00:00 +0000' }), {
    key: corp,
    domain: 'corp.example',
    headers: HEADERS,
  });
  await check(ahead, 'stale: it says that it was written');
});

test('trust: two authors, however they are written', async () => {
  const letter = await signed();
  await check(`From: eve@evil.example\r\n${letter}`, 'multiple-from');
  await check(letter.replace('\r\n\r\n', '\r\nFrom: eve@evil.example\r\n\r\n'), 'multiple-from');
  await check(letter.replace('\r\n\r\n', '\r\nFROM : ann@corp.example\r\n\r\n'), 'multiple-from');
  await check(
    await signed({ from: 'ann@corp.example, eve@evil.example' }),
    'multiple-from: From names 2 addresses',
  );
  const group = 'Board: ann@corp.example, eve@evil.example;';
  await check(
    signMessage(plain({ From: group }), { key: corp, domain: 'corp.example', headers: HEADERS }),
    'multiple-from',
  );
  await check(signedByEvil(plain({ From: 'Nobody:;' })), 'multiple-from: From names no address');
});

test('trust: names that look like a trusted sender', async () => {
  await check(
    signedByEvil(plain({ From: '"ann@corp.example" <eve@evil.example>' })),
    'no-match: eve@evil.example',
  );
  await check(
    signedByEvil(plain({ From: 'ann@corp.example <eve@evil.example>' })),
    'no-match: eve@evil.example',
  );
  await check(
    signedByEvil(plain({ From: '"ann@corp.example>, <x" <eve@evil.example>' })),
    'no-match: eve@evil.example',
  );
  await check(
    signedByEvil(plain({ From: 'eve@evil.example (ann@corp.example)' })),
    'no-match: eve@evil.example',
  );
  await check(signedByEvil(plain({ From: `ann@${LOOK_ALIKE}` }), LOOK_ALIKE), `no-match: ann@${LOOK_ALIKE}`);
  const cyrillic = Buffer.from('ann@\u0441\u043er\u0440.example', 'utf8').toString('latin1');
  await check(signedByEvil(plain({ From: cyrillic })), 'no-match: ann@xn--');
});

test('trust: a signed letter to somebody else, sent on to the mailbox', async () => {
  const letter = await signed({ to: 'bob@other.example' });
  await check(letter, 'true');
  await check(letter, 'not-addressed: neither To nor Cc names agent@aimx.example', {
    rules: { requireAddressed: true },
  });
  await check(
    `Cc: agent@aimx.example\r\n${letter}`,
    'not-addressed: agent@aimx.example stands in a To or Cc that',
    { rules: { requireAddressed: true } },
  );
  await check(await signed(), 'true', { rules: { requireAddressed: true } });
});

test('trust: signatures that are worth nothing', async () => {
  const body = '\r\n\r\nPlease pay invoice 17.\r\n'.length - 4;
  const partly = signMessage(plain(), {
    key: corp,
    domain: 'corp.example',
    headers: HEADERS,
    tags: { l: String(body) },
  });
  await check(
    `${partly}And pay eve, too.\r\n`,
    'unauthenticated: the signature of corp.example does not verify',
  );
  await check(
    signMessage(plain(), { key: short, domain: 'corp.example', selector: 'short', headers: HEADERS }),
    'unauthenticated: the signature of corp.example does not verify',
  );
  const expires = String(NOW / 1000 + 3600);
  const expiring = signMessage(plain(), {
    key: corp,
    domain: 'corp.example',
    headers: HEADERS,
    tags: { t: String(NOW / 1000), x: expires },
  });
  await check(expiring, 'true');
  await check(expiring, 'unauthenticated: the signature of corp.example does not verify', { afterDays: 1 });
  await check((await signed()).replace('invoice 17', 'invoice 71'), 'unauthenticated');
  await check(
    signMessage(plain(), { key: corp, domain: 'corp.example', selector: 'gone', headers: HEADERS }),
    'unauthenticated',
  );
});

test('trust: DNS that does not answer delays it, and neither gives nor takes it', async () => {
  const letter = await signed({ selector: 'down' });
  server.fail('down._domainkey.corp.example');
  const verdict = await check(letter, 'temperror: DNS did not answer for corp.example');
  assert.equal(verdict.provisional, true);
  server.heal();
  // What failed is remembered for seconds: another resolver, as when it is asked again later.
  await using later = resolverOf(server);
  await check(letter, 'true', { resolver: later });
});

test('trust: SPF alone counts only where the mailbox says so', async () => {
  await check(plain(), 'unauthenticated', { clientAddress: CLIENT });
  await check(plain(), 'true', { clientAddress: CLIENT, rules: { trustSpf: true } });
  await check(plain(), 'unauthenticated', { rules: { trustSpf: true } });
  await check(`Subject: x\r\n${plain()}`, 'duplicate-field', {
    clientAddress: CLIENT,
    rules: { trustSpf: true },
  });
});

/** As a mailing list passes a letter on: changed, and sealed with what was found before. */
async function throughList(letter: string, found: string): Promise<string> {
  const changed = letter.replace(/^Subject: /m, 'Subject: [list] ');
  const seal = await sealMessage(Buffer.from(changed, 'latin1'), {
    signingDomain: 'lists.example',
    selector: 's',
    privateKey: pem(corp.privateKey),
    authResults: `lists.example; ${found}`,
    cv: 'none',
  });
  return seal.toString('latin1') + changed;
}

test('trust: ARC counts only where its sealer is named, and for what it found', async () => {
  const named = { context: { arcSealers: ['lists.example'] } };
  const passed = await throughList(await signed(), 'dkim=pass header.d=corp.example header.s=s');
  await check(passed, 'unauthenticated: the signature of corp.example does not verify');
  await check(passed, 'unauthenticated', { context: { arcSealers: ['corp.example'] } });
  await check(passed, 'true', named);
  await check(passed.replace('invoice 17', 'invoice 18'), 'unauthenticated', named);
  await check(passed, 'stale', { ...named, afterDays: 36 });
  const failed = await throughList(await signed(), 'dkim=fail header.d=corp.example header.s=s');
  await check(failed, 'unauthenticated', named);
  const other = await throughList(plain(), 'dkim=pass header.d=evil.example header.s=s');
  await check(other, 'unauthenticated', named);
});

/** `h=` as these services write it. */
const SERVICES: Readonly<Record<string, string>> = {
  Gmail: 'to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to',
  'Microsoft 365': 'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck',
  Fastmail:
    'cc:content-transfer-encoding:content-type:content-type:date:date:from:from:in-reply-to:in-reply-to:message-id:mime-version:references:reply-to:subject:subject:to:to',
};

test('trust: plain letters as Gmail, Microsoft 365 and Fastmail sign them', async () => {
  for (const headers of Object.values(SERVICES))
    await check(signMessage(plain(), { key: corp, domain: 'corp.example', headers }), 'true');
});

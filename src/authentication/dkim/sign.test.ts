import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { epochMs } from '../../system/clock.ts';
import { simulatedDns } from '../../system/dns.sim.ts';
import { authenticate } from '../authenticate.ts';
import { decideTrust } from '../trust.ts';
import { signMessage } from './sign.ts';
import type { SigningKey } from './signing.ts';
import { verifyDkim } from './verify-dkim.ts';

const AT = epochMs(Date.UTC(2026, 10, 25, 12));

// RFC 8463 §A.2: both keys of the example, the Ed25519 one as PKCS#8 (RFC 8410 §7).
const ED25519: SigningKey = {
  algorithm: 'ed25519-sha256',
  domain: 'football.example.com',
  selector: 'brisbane',
  privateKey: createPrivateKey({
    key: Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64'),
    ]),
    format: 'der',
    type: 'pkcs8',
  }),
};
const RSA: SigningKey = {
  algorithm: 'rsa-sha256',
  domain: 'football.example.com',
  selector: 'test',
  privateKey: createPrivateKey(`-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----`),
};
const KEYS = [ED25519, RSA];

const dns = simulatedDns({
  TXT: {
    'brisbane._domainkey.football.example.com': [
      'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
    ],
    'test._domainkey.football.example.com': [
      `v=DKIM1; k=rsa; p=${createPublicKey(RSA.privateKey).export({ type: 'spki', format: 'der' }).toString('base64')}`,
    ],
    '_dmarc.football.example.com': ['v=DMARC1; p=reject; adkim=s'],
  },
});

const LETTER = `From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Wed, 25 Nov 2026 12:00:00 +0000
Message-ID: <20030712040037.46341.5F8J@football.example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

Hi.

We lost the game.  Are you hungry yet?

Joe.
`.replaceAll('\n', '\r\n');

async function* inPieces(content: string, size: number): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(content, 'latin1');
  for (let from = 0; from < octets.length; from += size) yield octets.subarray(from, from + size);
}

function signatures(content: string, keys = KEYS, pieceBytes = 1000): Promise<string> {
  return signMessage({ content: () => inPieces(content, pieceBytes), keys, at: AT });
}

async function signed(content: string, keys = KEYS): Promise<string> {
  return (await signatures(content, keys)) + content;
}

async function results(message: string): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const found = await verifyDkim(Buffer.from(message, 'latin1'), { dns, signal, receivedAt: AT });
  return found.signatures.map(({ result, algorithm }) => `${algorithm} ${result}`);
}

const PASS = ['rsa-sha256 pass', 'ed25519-sha256 pass'];
const FAIL = ['rsa-sha256 fail', 'ed25519-sha256 fail'];

test('signMessage() signs with each key, RSA first, and both verify (RFC 8463 §3)', async () => {
  assert.deepEqual(await results(await signed(LETTER)), PASS);
  assert.deepEqual(await results(await signed(LETTER, [RSA])), PASS.slice(0, 1));
  assert.equal(await signed(LETTER, []), LETTER);
});

test('signMessage() satisfies DMARC with strict alignment and all that trust asks for', async () => {
  const content = Buffer.from(await signed(LETTER), 'latin1');
  const origin = { clientAddress: '192.0.2.1', helo: 'relay.example.org', reversePath: 'x@example.org' };
  const { signal } = new AbortController();
  const verdict = await authenticate({ ...origin, receivedAt: AT, content }, { dns, signal });
  assert.equal(verdict.dmarc, 'pass');
  assert.deepEqual(
    verdict.details?.signatures.map(({ uncovered }) => uncovered),
    [[], []],
  );
  const rules = { name: 'a', address: 'suzie@shopping.example.net', aliases: [], trustSpf: false } as const;
  const asked = { ...rules, trust: 'verified', trustedSenders: ['joe@football.example.com'] } as const;
  const trust = decideTrust({ ...asked, requireAddressed: true }, verdict, {
    receivedAt: AT,
    windowMs: 35 * 86_400_000,
    arcSealers: [],
    deliveredTo: ['suzie@shopping.example.net'],
  });
  assert.deepEqual(trust, { trusted: 'true', reason: null });
});

test('signMessage() verifies with another implementation', async () => {
  const { results: found } = await dkimVerify(Buffer.from(await signed(LETTER), 'latin1'), {
    resolver: async (name: string, type: string) => {
      const answer = await dns.resolve(name, type as 'TXT', { signal: new AbortController().signal });
      assert.equal(answer.kind, 'records');
      return answer.kind === 'records' ? answer.records.map((text) => [text]) : [];
    },
    minBitLength: 1024,
  });
  assert.deepEqual(
    found.map(({ signingDomain, algo, status }) => [signingDomain, algo, status?.result]),
    [
      ['football.example.com', 'rsa-sha256', 'pass'],
      ['football.example.com', 'ed25519-sha256', 'pass'],
    ],
  );
});

test('signMessage() writes the tags of RFC 6376 §3.5, no x= and no l=, in lines of 78 (RFC 5322 §2.1.1)', async () => {
  const fields = await signatures(LETTER);
  assert.match(fields, /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=football\.example\.com;/);
  assert.match(fields, /\r\n$/);
  assert.match(fields, new RegExp(`[ ;]t=${AT / 1000};`));
  assert.doesNotMatch(fields, /;\s*[xl]=/);
  for (const line of fields.split('\r\n')) assert.ok(line.length <= 78, line);
  const long = await signatures('References: <a@b>\r\n'.repeat(30), [
    { ...RSA, domain: `${'label.'.repeat(30)}example`, selector: 's'.repeat(60) },
  ]);
  assert.equal(long.trimEnd().split(/\r\n(?! )/).length, 1);
  assert.doesNotMatch(long, /\r\n[ \t]*\r\n/);
});

test('signMessage() names each field as often as it occurs and once more (RFC 6376 §5.4.2)', async () => {
  const fields = `${LETTER.slice(0, LETTER.indexOf('\r\n\r\n') + 2)}In-Reply-To: <q@x>\r\ncC: a@b\r\nCC: c@d\r\n`;
  const [field = ''] = (await signatures(`${fields}\r\n`, [RSA])).split(/\r\n(?! )/);
  const [, names = ''] = /h=([^;]*);/.exec(field.replace(/\s/g, '')) ?? [];
  const counts = Map.groupBy(names.split(':'), (name) => name);
  const shown = [...counts].map(([name, { length }]) => `${name} ${length}`);
  assert.deepEqual(shown, [
    'from 2',
    'to 2',
    'cc 3',
    'subject 2',
    'date 2',
    'message-id 2',
    'reply-to 1',
    'references 1',
    'mime-version 2',
    'content-type 2',
    'content-transfer-encoding 2',
    'in-reply-to 2',
  ]);
});

test('signMessage() holds for nothing but what was signed', async () => {
  const message = await signed(LETTER);
  for (const [from, to] of [
    ['dinner', 'supper'],
    ['joe@football', 'jim@football'],
    ['Suzie Q', 'Susie Q'],
    ['hungry', 'thirsty'],
    ['charset=utf-8', 'charset=utf-7'],
    ['25 Nov', '26 Nov'],
    ['MIME-Version: 1.0', 'MIME-Version: 1.1'],
  ] as const)
    assert.deepEqual(await results(message.replace(from, to)), FAIL, from);
  for (const name of ['From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'References']) {
    assert.deepEqual(await results(`${name}: x\r\n${message}`), FAIL, `${name} on top`);
    assert.deepEqual(await results(message.replace('\r\n\r\n', `\r\n${name}: x\r\n\r\n`)), FAIL, name);
  }
  for (const name of ['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'])
    assert.deepEqual(await results(`${name}: x\r\n${message}`), FAIL, `${name} on top`);
});

test('signMessage() survives what relays do: other white space, trace fields on top (RFC 6376 §3.4)', async () => {
  const message = await signed(LETTER);
  const relayed = message
    .replace('Is dinner ready?', 'Is dinner\r\n\tready?  ')
    .replace('Subject:', 'SUBJECT :')
    .replace('game.  Are', 'game. \tAre');
  assert.deepEqual(await results(`Received: from a by b; today\r\n${relayed}\r\n\r\n`), PASS);
});

test('signMessage() gives the same signatures however the content is cut', async () => {
  const message = `${LETTER}\r\n \t trailing \r\n${'long '.repeat(60_000)}\r\n\r\n`;
  const whole = await signatures(message, KEYS, message.length);
  for (const size of [1, 7, 64, 4096, 70_000])
    assert.equal(await signatures(message, KEYS, size), whole, String(size));
});

test('signMessage() takes a message without a body, without an end of its header, without a field', async () => {
  for (const content of ['From: a@b\r\n', 'From: a@b\r\n\r\n', 'From: a@b'])
    assert.deepEqual(await results(await signed(content)), PASS, JSON.stringify(content));
  assert.match(await signatures(''), /bh=47DEQpj8HBSa\+\/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=/);
});

test('signMessage() refuses a header section that no reader would take', async () => {
  const endless = `X: ${'x'.repeat(1024 * 1024)}`;
  await assert.rejects(signatures(endless), { code: 'request.too-large' });
});

test('signMessage() lets other work go on while it hashes', async () => {
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 0);
  await signatures(`From: a@b\r\n\r\n${'x'.repeat(4 * 1024 * 1024)}`, [ED25519], 4 * 1024 * 1024);
  clearInterval(counting);
  assert.ok(turns > 5, `${turns} turns`);
});

const text = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\t', '\xe4', ':', ';', '='), maxLength: 30 });
const fold = fc.constantFrom('', '\r\n ', '\r\n\t');
const field = fc
  .tuple(fc.constantFrom('From', 'to', 'SUBJECT', 'Reply-To', 'X-Other', 'Received'), text, fold, text)
  .map(([name, before, folded, after]) => `${name}: ${before}${folded}x${after}\r\n`);
const body = fc
  .array(fc.constantFrom('a', ' ', '\t', '\r\n', '\r\n\r\n', '\r', '\n', '.', '\xff'), { maxLength: 40 })
  .map((pieces) => pieces.join(''));

test('signMessage() verifies for any fields and body, cut anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(field, { maxLength: 8 }),
      body,
      fc.integer({ min: 1, max: 50 }),
      async (fields, content, size) => {
        const message = `From: joe@football.example.com\r\n${fields.join('')}\r\n${content}`;
        assert.deepEqual(await results((await signatures(message, KEYS, size)) + message), PASS);
      },
    ),
    { numRuns: 200 },
  );
});

test('signMessage() fails with any octet of a signed field or of the body made another', async () => {
  const message = await signed(LETTER);
  const start = message.indexOf('From:');
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: start, max: message.length - 1 }), async (at) => {
      // White space and line ends may change under the relaxed forms.
      fc.pre(/[^\s]/.test(message[at] as string));
      const changed = `${message.slice(0, at)}~${message.slice(at + 1)}`;
      assert.ok(!(await results(changed)).some((result) => result.endsWith(' pass')), String(at));
    }),
    { numRuns: 200 },
  );
});

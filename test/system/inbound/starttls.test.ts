import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createTransport } from 'nodemailer';
import type { Config } from '../../../src/config/config.ts';
import { startInbound } from './inbound-under-test.ts';
import { wireClient } from './wire-client.ts';

const MESSAGE = 'Message-ID: <1@example.net>\r\n\r\nText\r\n';

let folder = '';
let tls: Config['tls'];

function makeCertificate(name: string): { readonly certPath: string; readonly keyPath: string } {
  const certPath = join(folder, `${name}-cert.pem`);
  const keyPath = join(folder, `${name}-key.pem`);
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'].concat([
      '-subj',
      `/CN=${name}.example.com`,
      '-keyout',
      keyPath,
      '-out',
      certPath,
    ]),
    { stdio: 'ignore' },
  );
  return { certPath, keyPath };
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimx-tls-'));
  tls = { ...makeCertificate('one'), explicit: true };
});
after(() => rmSync(folder, { recursive: true }));

test('inbound: STARTTLS, then the session starts over and the message is taken as ESMTPS', async () => {
  await using server = await startInbound({ tls });
  using client = await wireClient(server.port);
  await client.reply();
  assert.match(await client.command('EHLO client.example.net'), /STARTTLS/);
  assert.match(await client.command('STARTTLS'), /^220 2\.0\.0/);
  await client.startTls();
  assert.match(await client.command('MAIL FROM:<a@example.net>'), /^503/);
  assert.doesNotMatch(await client.command('EHLO client.example.net'), /STARTTLS/);
  await client.command('MAIL FROM:<a@example.net>');
  await client.command('RCPT TO:<agent@example.com>');
  await client.command('DATA');
  client.send(`${MESSAGE}.\r\n`);
  assert.match(await client.reply(), /^250/);
  const { arrival } = server.journal.kept[0]?.acceptance ?? assert.fail('nothing was kept');
  assert.equal(arrival.protocol, 'ESMTPS');
  assert.match(arrival.tls ?? '', /^TLSv1\.3 TLS_/);
});

test('inbound: a session under TLS ends with close_notify', async () => {
  await using server = await startInbound({ tls });
  const peer = spawn(
    'openssl',
    ['s_client', '-starttls', 'smtp', '-connect', `127.0.0.1:${server.port}`, '-msg', '-ign_eof'],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  peer.stdin.write('QUIT\r\n');
  let output = '';
  for await (const text of peer.stdout) output += text;
  assert.match(output, /<<< TLS 1\.3, Alert[^\n]*warning close_notify/);
});

test('inbound: bytes behind STARTTLS are thrown away and the session is closed', async () => {
  await using server = await startInbound({ tls });
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  client.send('STARTTLS\r\nMAIL FROM:<evil@example.net>\r\n');
  const rest = await client.closed();
  assert.doesNotMatch(rest, /^250/m);
});

test('inbound: a handshake that does not come is not waited for', async () => {
  await using server = await startInbound({ tls, smtp: { tlsTimeoutMs: 100 } });
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  assert.match(await client.command('STARTTLS'), /^220/);
  await client.closed();
});

test('inbound: what is no handshake ends the connection and nothing else', async () => {
  await using server = await startInbound({ tls });
  using client = await wireClient(server.port);
  await client.reply();
  await client.command('EHLO client.example.net');
  assert.match(await client.command('STARTTLS'), /^220/);
  client.send('MAIL FROM:<evil@example.net>\r\n');
  assert.doesNotMatch(await client.closed(), /250/);
  using next = await wireClient(server.port);
  assert.match(await next.reply(), /^220/);
});

test('inbound: a large message comes in whole under TLS, from nodemailer', async () => {
  await using server = await startInbound({ tls });
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  const content = Buffer.alloc(3_000_000, 'aimx');
  await transport.sendMail({
    from: 'a@example.net',
    to: 'agent@example.com',
    subject: 'large',
    attachments: [{ filename: 'a.bin', content }],
  });
  transport.close();
  const [kept] = server.journal.kept;
  assert.equal(kept?.acceptance.content.kind, 'spooled');
  assert.equal(kept.acceptance.arrival.protocol, 'ESMTPS');
});

test('inbound: the certificate is read again on reload, and a bad one leaves the old one', async () => {
  const paths = makeCertificate('live');
  const next = makeCertificate('next');
  await using server = await startInbound({ tls: { ...paths, explicit: true } });
  const commonName = async (): Promise<string> => {
    using client = await wireClient(server.port);
    await client.reply();
    await client.command('EHLO client.example.net');
    await client.command('STARTTLS');
    await client.startTls();
    return String((client.socket as TLSSocket).getPeerCertificate().subject.CN);
  };
  assert.equal(await commonName(), 'live.example.com');
  copyFileSync(next.certPath, paths.certPath);
  await assert.rejects(server.inbound.reloadTls(), { code: 'config.invalid' });
  assert.equal(await commonName(), 'live.example.com');
  copyFileSync(next.keyPath, paths.keyPath);
  await server.inbound.reloadTls();
  assert.equal(await commonName(), 'next.example.com');
});

test('inbound: absent default files are a warning and no STARTTLS, absent named ones an error', async () => {
  const absent = { certPath: join(folder, 'none.pem'), keyPath: join(folder, 'none.key') };
  await assert.rejects(startInbound({ tls: { ...absent, explicit: true } }), { code: 'config.invalid' });
  await using server = await startInbound({ tls: { ...absent, explicit: false } });
  assert.deepEqual(
    server.lines.filter(({ level }) => level === 'warn').map(({ event }) => event),
    ['smtp.no-starttls'],
  );
  using client = await wireClient(server.port);
  await client.reply();
  assert.doesNotMatch(await client.command('EHLO client.example.net'), /STARTTLS/);
  assert.match(await client.command('STARTTLS'), /^(?:502|454|500)/);
});

/**
 * The queue's worker: a real daemon, a DNS server for MX and addresses, and real servers on loopback that
 * misbehave as each test says.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/system/clock.ts';
import { submitByHand } from '../answers/submit-by-hand.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { outgoingOf, preparedJournal } from '../daemon/ground-journal.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { type SmtpPeer, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

const QUEUE_ID = '0011223344556677';
/** Writes down what it is told. */
function toldHook(startsPath: string): string {
  return [
    '[[mailboxes.agent.hooks]]',
    'name = "told"',
    'event = "after_send"',
    `env = { STARTS = ${JSON.stringify(startsPath)} }`,
    `cmd = ["/bin/sh", "-c", 'echo "$AIMX_SEND_STATUS $AIMX_MESSAGE_ID" >> "$STARTS"; cat > /dev/null']`,
  ].join('\n');
}

const RECORDS = {
  MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
  A: { 'mx.example.net': ['127.0.0.1'] },
};

interface Scene extends AsyncDisposable {
  readonly ground: Ground;
}

/** A ground whose mail goes to `peer`, with one message of `agent` in its queue. */
async function scene(peer: Pick<SmtpPeer, 'port'>, to: readonly string[], dns: string): Promise<Scene> {
  const { folder, startsPath } = new Ground();
  const ground = new Ground({
    folder,
    dns: [dns],
    hook: null,
    top: ['[outbound]', `port = ${peer.port}`, 'allow_private = true'].join('\n'),
    bottom: toldHook(startsPath),
  });
  const { journal, mailboxId } = await preparedJournal(ground);
  await using _journal = journal;
  const at = systemClock.now();
  await submitByHand(journal, { mailbox: 'agent', mailboxId, queueId: QUEUE_ID, subject: 'Lunch', to, at });
  return {
    ground,
    [Symbol.asyncDispose]: async () => ground[Symbol.dispose](),
  };
}

/** The copy in `sent`, once it says `status`. */
async function sentCopy(ground: Ground, status: string): Promise<string> {
  const folder = join(ground.folder, 'data', 'sent', 'agent');
  let text = '';
  for (let tries = 0; tries < 200; tries += 1) {
    const [name] = (() => {
      try {
        return readdirSync(folder);
      } catch {
        return [];
      }
    })();
    text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
    if (text.includes(`delivery_status = "${status}"`)) return text;
    await sleep(50);
  }
  throw new Error(`the sent copy does not say ${status}:\n${text}`);
}

test('a message goes to the domain’s MX, and its copy says so', async () => {
  await using peer = await startSmtpPeer();
  await using dns = await startDnsServer({ records: RECORDS });
  await using at = await scene(peer, ['bob@example.net', 'eve@example.net'], dns.address);
  {
    await using daemon = await DaemonUnderTest.start(at.ground);
    await peer.until(1).catch((error: unknown) => assert.fail(`${error}\n${daemon.log}`));
    const text = await sentCopy(at.ground, 'delivered');
    assert.match(text, /outbound = true/);
    assert.match(text, /\n\nShall we\?\n$/);
  }
  assert.deepEqual(peer.messages[0]?.to, ['bob@example.net', 'eve@example.net']);
  assert.equal(peer.messages[0]?.from, `agent+b-${QUEUE_ID}@example.com`);
  const row = await outgoingOf(at.ground, QUEUE_ID);
  assert.equal(row.status, 'delivered');
  assert.match(row.recipients[0]?.remote ?? '', /^mx\.example\.net \[127\.0\.0\.1\]:/);
});

test('one recipient that is refused for good is reported in the sender’s mailbox; the other has it', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase, argument }) =>
      phase === 'rcpt' && argument.includes('eve@') ? '550 5.1.1 no such user' : undefined,
  });
  await using dns = await startDnsServer({ records: RECORDS });
  await using at = await scene(peer, ['bob@example.net', 'eve@example.net'], dns.address);
  {
    await using daemon = await DaemonUnderTest.start(at.ground);
    await peer.until(1);
    await sentCopy(at.ground, 'failed');
    await daemon.settled();
  }
  assert.deepEqual(peer.messages[0]?.to, ['bob@example.net']);
  assert.equal(at.ground.files().length, 1, 'one report');
  assert.match(at.ground.text(at.ground.files()[0] ?? ''), /eve@example\.net/);
});

test('a reset behind the final dot is a doubt: recorded, put off, and not sent again at once', async () => {
  await using peer = await startSmtpPeer({
    script: ({ phase }) => (phase === 'dot' ? { keepThenReset: true } : undefined),
  });
  await using dns = await startDnsServer({ records: RECORDS });
  await using at = await scene(peer, ['bob@example.net'], dns.address);
  {
    await using _daemon = await DaemonUnderTest.start(at.ground);
    await peer.until(1);
    assert.match(await sentCopy(at.ground, 'deferred'), /may have arrived/);
  }
  const row = await outgoingOf(at.ground, QUEUE_ID);
  assert.equal(row.recipients[0]?.doubts, 1);
  assert.ok((row.recipients[0]?.nextAt ?? 0) > systemClock.now() + 60_000);
  assert.equal(peer.messages.length, 1);
});

test('a reset before the final dot hands nothing over; the next host takes it', async () => {
  await using first = await startSmtpPeer({
    host: '127.0.0.2',
    script: ({ phase }) => (phase === 'data' ? { reset: true } : undefined),
  });
  await using second = await startSmtpPeer({ host: '127.0.0.3', port: first.port });
  await using dns = await startDnsServer({
    records: {
      MX: {
        'example.net': [
          { preference: 10, exchange: 'a.example.net' },
          { preference: 20, exchange: 'b.example.net' },
        ],
      },
      A: { 'a.example.net': ['127.0.0.2'], 'b.example.net': ['127.0.0.3'] },
    },
  });
  await using at = await scene(first, ['bob@example.net'], dns.address);
  await using _daemon = await DaemonUnderTest.start(at.ground);
  await second.until(1);
  await sentCopy(at.ground, 'delivered');
  assert.equal(first.messages.length, 0);
});

/** Routes that need no server. */
for (const [title, records, status, words] of [
  ['null MX', { MX: { 'example.net': [{ preference: 0, exchange: '' }] } }, 'failed', /takes no mail/],
  ['no such domain', {}, 'failed', /There is no domain/],
] as const)
  test(`${title}: given up at once, with a report`, async () => {
    await using dns = await startDnsServer({ records });
    await using at = await scene({ port: 2 }, ['bob@example.net'], dns.address);
    await using daemon = await DaemonUnderTest.start(at.ground);
    assert.match(await sentCopy(at.ground, status), words);
    await daemon.settled();
    assert.equal(at.ground.files().length, 1);
  });

test('nobody listens: put off, and nothing is reported yet', async () => {
  await using dns = await startDnsServer({ records: RECORDS });
  await using at = await scene({ port: 2 }, ['bob@example.net'], dns.address);
  await using _daemon = await DaemonUnderTest.start(at.ground);
  assert.match(await sentCopy(at.ground, 'deferred'), /connection refused/);
  assert.equal(at.ground.files().length, 0);
});

/** `kill -9` on the way out, and how many copies the other side has when all is done. */
for (const [point, kept] of [
  ['outbound.claimed', 0],
  ['outbound.routed', 0],
  ['journal.advanced.transmitting', 0],
  ['outbound.transmitting', 0],
  ['outbound.dotted', 1],
  ['journal.advanced.attempted', 1],
  ['outbound.attempted', 1],
] as const)
  test(`kill -9 at ${point}: ${kept === 0 ? 'nothing has left' : 'it has left once'}, and the rows say what is known`, async () => {
    await using peer = await startSmtpPeer();
    await using dns = await startDnsServer({ records: RECORDS });
    await using at = await scene(peer, ['bob@example.net'], dns.address);
    // It may end before it has said that it listens.
    await DaemonUnderTest.start(at.ground, { stopAt: { point, nth: 1 } }).then(
      async (doomed) => {
        await using _doomed = doomed;
        assert.equal((await doomed.ended()).signal, 'SIGKILL', doomed.log);
      },
      (error: unknown) => assert.match(String(error), /ended with SIGKILL/),
    );
    assert.equal(peer.messages.length, kept);
    const isDoubtful = point.includes('transmitting') || point === 'outbound.dotted';
    {
      await using _daemon = await DaemonUnderTest.start(at.ground);
      await sentCopy(at.ground, isDoubtful ? 'deferred' : 'delivered');
    }
    assert.equal(peer.messages.length, isDoubtful ? kept : 1);
    assert.equal((await outgoingOf(at.ground, QUEUE_ID)).recipients[0]?.doubts, isDoubtful ? 1 : 0);
  });

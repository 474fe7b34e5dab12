/**
 * A hook that answers every mail, through the real command line, while it and the daemon are killed and
 * its runs are replayed: each correspondent has one answer.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { send } from '../daemon/mail.ts';
import { seededRandom } from '../daemon/seeded-random.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

const AIMX = join(import.meta.dirname, '..', '..', '..', 'bin', 'aimx');
const CORRESPONDENTS = 5;
const DISTURBANCES = 8;

interface Runs {
  readonly runs: readonly { readonly run_id: string; readonly state: string }[];
}

function letter(from: string): string {
  return `From: ${from}@example.net\r\nTo: agent@example.com\r\nSubject: Hello from ${from}\r\nDate: Wed, 25 Nov 2026 12:00:00 +0000\r\nMessage-ID: <${from}@example.net>\r\n\r\nPlease answer.\r\n`;
}

/** Answers, and now and then ends badly right after it has answered. */
function answeringHook(ground: string): string {
  const script = [
    'AIMX_CONFIG_DIR="$PLACE" AIMX_RUNTIME_DIR="$PLACE/run" "$AIMX" reply "$AIMX_MAILBOX/$AIMX_ID" --body "Thank you." >> "$STARTS" || exit 75',
    '[ "$AIMX_ATTEMPT" -gt 1 ] || kill -9 $$',
  ].join('; ');
  const env = `AIMX = ${JSON.stringify(AIMX)}, PLACE = ${JSON.stringify(ground)}, STARTS = ${JSON.stringify(join(ground, 'starts', 'log'))}`;
  return [
    '[[mailboxes.agent.hooks]]',
    'name = "answer"',
    'event = "on_receive"',
    'fire_on_untrusted = true',
    'timeout_secs = 60',
    'retries = 3',
    'on_interrupt = "retry"',
    `env = { ${env} }`,
    `cmd = ["/bin/sh", "-c", '''${script}''']`,
  ].join('\n');
}

test('a hook that answers every mail, killed and replayed: each correspondent has one answer', async () => {
  const random = seededRandom();
  const { seed } = random;
  await using peer = await startSmtpPeer();
  await using dns = await startDnsServer({
    records: {
      MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
      A: { 'mx.example.net': ['127.0.0.1'] },
    },
  });
  const { folder } = new Ground();
  using ground = new Ground({
    folder,
    hook: null,
    dns: [dns.address],
    top: `[outbound]\nport = ${peer.port}\nallow_private = true`,
    bottom: answeringHook(folder),
  });
  const names = Array.from({ length: CORRESPONDENTS }, (_, index) => `person${index}`);
  let daemon = await DaemonUnderTest.start(ground);
  try {
    for (const name of names) await send(daemon.port, { content: letter(name), from: `${name}@example.net` });
    for (let n = 0; n < DISTURBANCES; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100 + random.below(900)));
      if (random.below(10) < 4) {
        await daemon.kill();
        daemon = await DaemonUnderTest.start(ground);
        continue;
      }
      const { runs } = await daemon.ask<Runs>('runs.list', {});
      const ended = runs.filter(({ state }) =>
        ['succeeded', 'failed', 'interrupted', 'timed_out'].includes(state),
      );
      const run = ended[random.below(Math.max(1, ended.length))];
      // Another disturbance may have begun it anew meanwhile.
      if (run !== undefined) await daemon.ask('runs.replay', { run_id: run.run_id }).catch(() => undefined);
    }
    await daemon.settled(90_000);
    // What was behind its dot when the daemon was killed waits some minutes; it is asked for now.
    await daemon.ask('queue.retry', { all: true });
    await peer.until(CORRESPONDENTS, 30_000);
    await daemon.settled();
    const { messages } = await daemon.ask<{
      messages: readonly { readonly recipients: readonly { readonly address: string }[] }[];
    }>('queue.list', { all: true });
    const answered = messages.flatMap(({ recipients }) => recipients.map(({ address }) => address)).sort();
    assert.deepEqual(answered, names.map((name) => `${name}@example.net`).sort(), `SEED=${seed}`);
    // One answer each; a copy of the same octets may have come twice only where a kill fell behind its dot.
    const ids = new Set(peer.messages.map(({ content }) => /^Message-ID: (.*)$/im.exec(content)?.[1]));
    assert.equal(ids.size, CORRESPONDENTS, `SEED=${seed}`);
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
});

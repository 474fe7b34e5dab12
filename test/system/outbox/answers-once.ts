/**
 * A hook that answers every mail, through the real command line, while it and the daemon are killed and
 * its runs are replayed: each correspondent has one answer.
 *
 * A seed decides who is killed when. Half of the correspondents are elsewhere, behind DNS and a real SMTP
 * server; the other half has a mailbox here.
 */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueuedView } from '../../../src/operations/queue.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { send } from '../daemon/mail.ts';
import { type SeededRandom, seededRandom } from '../daemon/seeded-random.ts';
import { startDnsServer } from '../dns/dns-server.ts';
import { type SmtpPeer, startSmtpPeer } from '../smtp-peer/smtp-peer.ts';

const AIMX = join(import.meta.dirname, '..', '..', '..', 'bin', 'aimx');

export interface AnswersOnceOptions {
  readonly correspondents: number;
  /** Kills of the daemon and replays. */
  readonly disturbances: number;
  /** Times that a hook which fails is started again. */
  readonly retries: number;
}

interface Run {
  readonly run_id: string;
  readonly id: string;
  readonly generation: number;
  readonly state: string;
}

/** States in which a run may be replayed. */
const ENDED = ['succeeded', 'failed', 'interrupted', 'timed_out', 'cancelled'];
/** How late after its start a hook is killed at the latest: about twice what it takes when the machine is busy. */
const HOOK_KILL_MS_MAX = 2_000;
const PAUSE_MS_MAX = 900;
const SETTLE_MS_MAX = 240_000;

/** A letter whose subject says after how many seconds the hook is killed at its first start. */
function letter(from: string, random: SeededRandom): string {
  const killAfter = (random.below(HOOK_KILL_MS_MAX) / 1000).toFixed(3);
  return [
    `From: ${from}`,
    'To: agent@example.com',
    `Subject: Question ${killAfter}`,
    'Date: Wed, 25 Nov 2026 12:00:00 +0000',
    `Message-ID: <question-of-${from}>`,
    '',
    'Please answer.',
    '',
  ].join('\r\n');
}

/** Dies of SIGKILL before, while or after it answers, at its first start for a message. */
function answeringHook(folder: string, retries: number): string {
  const script = [
    'export AIMX_CONFIG_DIR="$PLACE" AIMX_RUNTIME_DIR="$PLACE/run"',
    'mark=$PLACE/starts/$AIMX_ID',
    'if ! [ -e "$mark" ]; then',
    '  : > "$mark"',
    '  (sleep "$(echo "$AIMX_SUBJECT" | cut -d " " -f 2)"; kill -9 $$) > /dev/null 2>&1 &',
    'fi',
    '"$AIMX" reply "$AIMX_MAILBOX/$AIMX_ID" --body "Thank you." || exit 75',
    // Longer than what it takes to answer, so that some are killed behind it.
    'sleep 0.3',
  ].join('\n');
  const env = `{ AIMX = ${JSON.stringify(AIMX)}, PLACE = ${JSON.stringify(folder)} }`;
  return [
    '[[mailboxes.agent.hooks]]',
    'name = "answer"',
    'event = "on_receive"',
    'fire_on_untrusted = true',
    'timeout_secs = 60',
    `retries = ${retries}`,
    'on_interrupt = "retry"',
    `env = ${env}`,
    `cmd = ["/bin/sh", "-c", ${JSON.stringify(script)}]`,
    '[mailboxes.people]',
    'address = "people@example.com"',
    `owner = ${JSON.stringify(userInfo().username)}`,
  ].join('\n');
}

async function runsOf(daemon: DaemonUnderTest): Promise<readonly Run[]> {
  return (await daemon.ask<{ readonly runs: readonly Run[] }>('runs.list', { limit: 200 })).runs;
}

async function replay(daemon: DaemonUnderTest, { run_id }: Run): Promise<void> {
  // Refused where another replay has begun it anew meanwhile.
  await daemon.ask('runs.replay', { run_id }).catch(() => undefined);
}

class Scene {
  readonly #ground: Ground;
  readonly #random: SeededRandom;
  daemon: DaemonUnderTest;

  constructor(ground: Ground, random: SeededRandom, daemon: DaemonUnderTest) {
    this.#ground = ground;
    this.#random = random;
    this.daemon = daemon;
  }

  /** Kills the daemon and starts it again, or replays a run that has ended. */
  async disturb(): Promise<void> {
    const random = this.#random;
    await sleep(100 + random.below(PAUSE_MS_MAX));
    if (random.below(10) < 4) {
      await this.daemon.kill();
      this.daemon = await DaemonUnderTest.start(this.#ground);
      return;
    }
    const ended = (await runsOf(this.daemon)).filter(({ state }) => ENDED.includes(state));
    const run = ended[random.below(Math.max(1, ended.length))];
    if (run !== undefined) await replay(this.daemon, run);
  }

  /** Replays until the last generation of each run has succeeded: so each has had its chance to answer twice. */
  async finish(): Promise<void> {
    for (let round = 0; ; round += 1) {
      await this.daemon.settled(SETTLE_MS_MAX);
      const last = new Map<string, Run>();
      for (const run of await runsOf(this.daemon)) {
        const known = last.get(run.id);
        if (known === undefined || known.generation < run.generation) last.set(run.id, run);
      }
      const open = [...last.values()].filter(({ state }) => round === 0 || state !== 'succeeded');
      if (open.length === 0) return;
      assert.ok(round < 10, `never succeeded: ${JSON.stringify(open)}`);
      for (const run of open) await replay(this.daemon, run);
    }
  }
}

/** Copies of each correspondent's answers at the other side, by recipient. */
function arrived(peer: SmtpPeer): ReadonlyMap<string, readonly string[]> {
  const byRecipient = new Map<string, string[]>();
  for (const { to, content } of peer.messages) {
    const messageId = /^Message-ID: (.*)$/im.exec(content)?.[1] ?? '';
    for (const address of to) byRecipient.set(address, [...(byRecipient.get(address) ?? []), messageId]);
  }
  return byRecipient;
}

/** @throws where a correspondent has no answer, or two. The message names the seed. */
export async function answersOnce(options: AnswersOnceOptions): Promise<void> {
  const random = seededRandom();
  const context = `SEED=${random.seed}`;
  await using peer = await startSmtpPeer();
  await using dns = await startDnsServer({
    records: {
      MX: { 'example.net': [{ preference: 10, exchange: 'mx.example.net' }] },
      A: { 'mx.example.net': ['127.0.0.1'] },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'aimx-answers-'));
  using ground = new Ground({
    folder,
    hook: null,
    dns: [dns.address],
    top: `[outbound]\nport = ${peer.port}\nallow_private = true`,
    bottom: answeringHook(folder, options.retries),
  });
  const names = Array.from({ length: options.correspondents }, (_, index) =>
    index % 2 === 0 ? `person${index}@example.net` : `people+${index}@example.com`,
  );
  const scene = new Scene(ground, random, await DaemonUnderTest.start(ground));
  try {
    for (const name of names) await send(scene.daemon.port, { content: letter(name, random), from: name });
    for (let n = 0; n < options.disturbances; n += 1) await scene.disturb();
    await scene.finish();
    const { daemon } = scene;
    const away = names.filter((name) => name.endsWith('@example.net'));
    // What was behind its dot when the daemon was killed waits some minutes; it is asked for now.
    await daemon.ask('queue.retry', { all: true });
    await peer.until(away.length, 60_000);
    await daemon.settled(SETTLE_MS_MAX);

    const { messages } = await daemon.ask<{ readonly messages: readonly QueuedView[] }>('queue.list', {
      all: true,
      limit: 200,
    });
    const sent = messages.flatMap(({ recipients }) => recipients.map(({ address }) => address));
    assert.deepEqual(sent.toSorted(), names.toSorted(), context);
    const copies = arrived(peer);
    for (const name of away) {
      const ids = copies.get(name) ?? [];
      const recipient = messages
        .flatMap(({ recipients }) => recipients)
        .find(({ address }) => address === name);
      assert.equal(new Set(ids).size, 1, `${context}: ${name} has ${ids.length} answers: ${ids.join(' ')}`);
      // Another copy of the very same octets may only come with a try whose end a kill has hidden (RFC 1047).
      assert.ok(ids.length <= (recipient?.attempts ?? 0), `${context}: ${name} has ${ids.length} copies`);
    }
    const here = names.filter((name) => !away.includes(name));
    const delivered = ground
      .files('people')
      .map((name) => /^delivered_to = "(.*)"$/m.exec(ground.text(name, 'people'))?.[1] ?? name);
    assert.deepEqual(delivered.toSorted(), here.toSorted(), context);
  } finally {
    await scene.daemon[Symbol.asyncDispose]();
  }
}

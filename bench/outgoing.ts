/**
 * How many messages a second leave: submitted through the socket, composed, and taken by a server on this
 * machine, to one destination and to many.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { startDnsServer } from '../test/system/dns/dns-server.ts';
import { startSmtpPeer } from '../test/system/smtp-peer/smtp-peer.ts';
import { Daemon } from './daemon.ts';
import { formatNumber, type Section } from './figure.ts';
import { DOMAIN, type Ground, makeDaemonFolder } from './ground.ts';
import type { Plan } from './plan.ts';

const LEAVE_MS_MAX = 120_000;
const DESTINATIONS = 50;
/** Callers at once: agents that send in the same moment. */
const SENDERS = 8;
const TEXT = 'a line of text as long as lines of text in mail usually are\n'.repeat(22);

interface Measured {
  readonly name: string;
  readonly messages: number;
  /** Until `send` had answered all. */
  readonly submitted: number;
  /** Until the server had the last. */
  readonly left: number;
}

function post(agent: Agent, socketPath: string, input: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        agent,
        socketPath,
        path: '/v1/send',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`send answered ${response.statusCode}`)),
        );
      },
    );
    call.once('error', reject);
    call.end(JSON.stringify(input));
  });
}

async function rateOf(
  ground: Ground,
  name: string,
  messages: number,
  destinations: number,
): Promise<Measured> {
  const domains = Array.from({ length: destinations }, (_, index) => `d${index}.example`);
  await using dns = await startDnsServer({
    records: { A: Object.fromEntries(domains.map((domain) => [domain, ['127.0.0.1']])) },
  });
  await using peer = await startSmtpPeer();
  const folder = makeDaemonFolder(ground, ['/bin/true'], [dns.address]);
  appendFileSync(
    join(folder.configDir, 'config.toml'),
    `[outbound]\nport = ${peer.port}\nallow_private = true\nmax_per_destination = 10\n`,
  );
  await using daemon = await Daemon.start(ground, ['/bin/true'], folder);
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const socketPath = join(folder.runtimeDir, 'aimx.sock');
  await daemon.until(() => existsSync(socketPath), LEAVE_MS_MAX);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      for (let n = sender; n < messages; n += SENDERS)
        await post(agent, socketPath, {
          from: `plain@${DOMAIN}`,
          to: [`bob${n}@${domains[n % destinations]}`],
          subject: `bench ${n}`,
          body: TEXT,
        });
    }),
  );
  const submittedMs = performance.now() - began;
  agent.destroy();
  await peer.until(messages, LEAVE_MS_MAX);
  const leftMs = performance.now() - began;
  return { name, messages, submitted: messages / (submittedMs / 1_000), left: messages / (leftMs / 1_000) };
}

export async function measureOutgoing(ground: Ground, plan: Plan): Promise<Section> {
  const messages = plan.outgoingMessages;
  const measured = [
    await rateOf(ground, 'one destination', messages, 1),
    await rateOf(ground, `${DESTINATIONS} destinations`, messages, DESTINATIONS),
  ];
  return {
    title: 'Sending',
    figures: measured.map(({ name, left }) => ({
      name: `sent, 2 KiB, to ${name}`,
      value: left,
      unit: 'msgs/s',
      target: null,
      note: `${SENDERS} callers; from the first request to the last final dot at a server on this machine`,
    })),
    tables: [
      {
        title: 'Messages a second',
        columns: ['to', 'messages', 'answered by send', 'taken by the server'],
        rows: measured.map((one) => [
          one.name,
          String(one.messages),
          formatNumber(one.submitted),
          formatNumber(one.left),
        ]),
      },
    ],
    data: measured,
  };
}

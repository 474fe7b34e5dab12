/**
 * How many messages a second go all the way: accepted, authenticated by DNS on this machine, read, and
 * whole in their mailbox.
 */
import { randomBytes } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import { startDnsServer } from '../test/system/dns/dns-server.ts';
import { type SigningDomain, signingDomain } from '../test/system/signed-mail.ts';
import { Client } from './client.ts';
import { Daemon } from './daemon.ts';
import { formatNumber, type Section } from './figure.ts';
import { DOMAIN, type Ground, makeDaemonFolder } from './ground.ts';
import { newsletter } from './newsletter.ts';
import type { Plan } from './plan.ts';

const DELIVERY_MS_MAX = 120_000;
const KIB = 1024;

interface Kind {
  readonly name: string;
  readonly messages: number;
  readonly parts: () => SendMailOptions;
}

function kinds(plan: Plan): readonly Kind[] {
  const { pipelineMessages } = plan;
  const html = newsletter(100 * KIB);
  const text = 'a line of text as long as lines of text in mail usually are\r\n'.repeat(22);
  return [
    { name: '2 KiB, signed', messages: pipelineMessages, parts: () => ({ text }) },
    { name: '100 KiB of HTML, signed', messages: Math.ceil(pipelineMessages / 2), parts: () => ({ html }) },
    {
      name: 'an attachment of 10 MiB, signed',
      messages: Math.ceil(pipelineMessages / 40),
      parts: () => ({ text, attachments: [{ filename: 'data.bin', content: randomBytes(10 * KIB * KIB) }] }),
    },
  ];
}

export async function measurePipeline(ground: Ground, plan: Plan): Promise<Section> {
  const author = signingDomain('author.example');
  await using dns = await startDnsServer({ records: { TXT: author.txt } });
  const measured: { readonly kind: Kind; readonly rate: number }[] = [];
  for (const kind of kinds(plan))
    measured.push({ kind, rate: await rateOf(ground, dns.address, author, kind) });
  return {
    title: 'The whole pipeline',
    figures: measured.map(({ kind, rate }) => ({
      name: `pipeline, ${kind.name}`,
      value: rate,
      unit: 'msgs/s',
      target: null,
      note: 'SPF, DKIM, DMARC and iprev by real DNS; from the first final dot to the last file',
    })),
    tables: [
      {
        title: 'What was sent',
        columns: ['', 'messages', 'msgs/s'],
        rows: measured.map(({ kind, rate }) => [kind.name, String(kind.messages), formatNumber(rate)]),
      },
    ],
    data: measured.map(({ kind, rate }) => ({ name: kind.name, messages: kind.messages, rate })),
  };
}

async function rateOf(ground: Ground, dns: string, author: SigningDomain, kind: Kind): Promise<number> {
  const contents: string[] = [];
  const envelope = { from: `Ann <ann@${author.name}>`, to: `plain@${DOMAIN}`, subject: 'bench' };
  for (let n = 0; n < kind.messages; n += 1)
    contents.push((await author.compose({ ...envelope, ...kind.parts() })).replace(/\r\n$/, ''));
  const folder = makeDaemonFolder(ground, ['/bin/true'], [dns]);
  await using daemon = await Daemon.start(ground, ['/bin/true'], folder);
  await using client = await Client.open(daemon.port);
  const began = performance.now();
  for (const content of contents) await client.send('plain', content, `ann@${author.name}`);
  const all = await daemon.until(() => daemon.delivered('plain') >= kind.messages, DELIVERY_MS_MAX);
  if (!all) throw new Error(`${daemon.delivered('plain')} of ${kind.messages} delivered (${kind.name})`);
  return kind.messages / ((performance.now() - began) / 1_000);
}

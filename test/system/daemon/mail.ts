/** Mail that the tests send, and sending it over the wire. */
import { wireClient } from '../inbound/wire-client.ts';

export interface TestMail {
  readonly from?: string;
  readonly to?: string;
  readonly content: string;
}

/** A message with a Message-ID of its own. CRLF line ends. */
export function mail(name: string, body = `Text of ${name}.`): string {
  return [
    'From: Ada <ada@example.net>',
    'To: agent@example.com',
    `Subject: ${name}`,
    'Date: Tue, 24 Nov 2026 09:12:44 +0100',
    `Message-ID: <${name}@example.net>`,
    '',
    body,
    '',
  ].join('\r\n');
}

/** Sends it in a session of its own. @returns the reply to the final dot; null where the connection ended before. */
export async function send(port: number, { from, to, content }: TestMail): Promise<string | null> {
  try {
    using client = await wireClient(port);
    await client.startData({ from: from ?? 'ada@example.net', to: to ?? 'agent@example.com' });
    client.send(`${content.replace(/(^|\n)\./g, '$1..')}${content.endsWith('\r\n') ? '' : '\r\n'}.\r\n`);
    const reply = await client.reply();
    client.send('QUIT\r\n');
    return reply;
  } catch {
    return null; // Cut: the sender does not know, as in life.
  }
}

/** Sends everything and the final dot, and is gone before it reads a reply. */
export async function sendAndCut(port: number, content: string): Promise<void> {
  using client = await wireClient(port);
  await client.startData({ from: 'ada@example.net', to: 'agent@example.com' });
  client.send(`${content}.\r\n`);
  await new Promise<void>((resolve) => client.socket.write('', () => resolve()));
}

/**
 * A sending MTA, as small as the demo needs it: one message a connection, and the ways in which
 * senders come to repeat one (RFC 1047, RFC 5321 §4.5.4.1).
 */
import net from 'node:net';

export interface Mail {
  readonly reversePath: string;
  readonly forwardPath: string;
  /** CRLF line ends, no dot at the beginning of a line. */
  readonly content: string;
}

/** How a connection ends. */
export type Ending =
  /** Reads the reply to the final dot, then says QUIT. */
  | 'quit'
  /** Sends the final dot and is cut before it reads a reply: it cannot know, so it will come again. */
  | 'cut-after-dot';

/** No step of a loopback conversation takes longer, even on a machine under load. */
const STEP_MS_MAX = 10_000;

/**
 * Sends a mail over a connection of its own.
 *
 * @returns The reply to the final dot; null where the connection was cut before it was read.
 * @throws Error with the server's reply where a step is refused, or where a step takes too long.
 */
export async function sendMail(
  at: { readonly host: string; readonly port: number },
  mail: Mail,
  ending: Ending,
): Promise<string | null> {
  const socket = net.connect({ ...at, noDelay: true });
  socket.setTimeout(STEP_MS_MAX, () => socket.destroy(new Error('The server did not answer in time')));
  try {
    const replies = repliesOf(socket);
    const say = async (line: string, wanted: string): Promise<string> => {
      if (line !== '') socket.write(`${line}\r\n`);
      const { value, done } = await replies.next();
      if (done === true) throw new Error(`The server closed the connection after "${line}"`);
      if (!value.startsWith(wanted)) throw new Error(`The server answered "${line}" with "${value}"`);
      return value;
    };
    await say('', '220');
    await say('EHLO sender.example', '250');
    await say(`MAIL FROM:<${mail.reversePath}>`, '250');
    await say(`RCPT TO:<${mail.forwardPath}>`, '250');
    await say('DATA', '354');
    if (ending === 'cut-after-dot') {
      await new Promise<void>((resolve) => socket.end(`${mail.content}\r\n.\r\n`, resolve));
      return null;
    }
    const reply = await say(`${mail.content}\r\n.`, '250');
    socket.end('QUIT\r\n');
    return reply;
  } finally {
    if (ending === 'cut-after-dot') socket.destroySoon();
    else socket.end();
  }
}

/** The last line of each reply. */
async function* repliesOf(socket: net.Socket): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (line[3] !== '-') yield line;
    }
  }
  return undefined;
}

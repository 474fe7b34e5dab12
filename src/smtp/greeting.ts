/** The answer to EHLO and HELO: who we are and what we can do (RFC 5321 §4.1.1.1). */
import type { Reply } from './reply.ts';

/** The extensions are in force for every client; STARTTLS is named while it can still be used. */
export function greetClient(
  verb: 'EHLO' | 'HELO',
  options: { readonly hostname: string; readonly maxMessageBytes: number; readonly tlsAvailable: boolean },
  isTls: boolean,
): Reply {
  if (verb === 'HELO') return { code: 250, enhanced: null, text: [options.hostname] };
  const text = [
    options.hostname,
    'PIPELINING', // RFC 2920
    `SIZE ${options.maxMessageBytes}`, // RFC 1870
    '8BITMIME', // RFC 6152
    'SMTPUTF8', // RFC 6531
    'ENHANCEDSTATUSCODES', // RFC 2034
    'CHUNKING', // RFC 3030
  ];
  if (options.tlsAvailable && !isTls) text.push('STARTTLS'); // RFC 3207
  return { code: 250, enhanced: null, text };
}

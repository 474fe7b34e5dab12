/** MAIL and RCPT for an envelope, or why this server cannot be given it. Pure. */
import { isAscii } from '../../address/octets.ts';
import type { Capabilities } from './capabilities.ts';
import type { Impossible, OutgoingEnvelope } from './outcome.ts';

export type EnvelopeCommands =
  | { readonly kind: 'commands'; readonly mail: string; readonly rcpts: readonly string[] }
  | Impossible;

export function formatEnvelope(envelope: OutgoingEnvelope, capabilities: Capabilities): EnvelopeCommands {
  const { reversePath, recipients, sizeBytes } = envelope;
  const { sizeMax } = capabilities;
  const paths = [reversePath, ...recipients];
  // Addresses come from parsers of ours; what would begin a command of its own must not depend on them.
  if (paths.some((path) => /[\0-\x1f\x7f]/.test(path)))
    return impossible('5.1.3', 'an address has a control character');
  const smtputf8 = envelope.smtputf8 || !paths.every(isAscii);
  if (smtputf8 && !capabilities.smtputf8)
    return impossible('5.6.7', 'it does not take addresses beyond ASCII (SMTPUTF8, RFC 6531)');
  if (sizeMax !== null && sizeMax > 0 && sizeBytes > sizeMax)
    return impossible('5.3.4', `it takes messages of up to ${sizeMax} bytes, and this one has ${sizeBytes}`);
  const parameters = [
    ...(sizeMax === null ? [] : [`SIZE=${sizeBytes}`]),
    // A header beyond ASCII is 8-bit; whoever takes it takes 8BITMIME (RFC 6531 §3.1).
    ...(smtputf8 ? [...(capabilities.eightBitMime ? ['BODY=8BITMIME'] : []), 'SMTPUTF8'] : []),
  ];
  return {
    kind: 'commands',
    mail: [`MAIL FROM:<${reversePath}>`, ...parameters].join(' '),
    rcpts: recipients.map((recipient) => `RCPT TO:<${recipient}>`),
  };
}

function impossible(status: string, reason: string): Impossible {
  return { kind: 'impossible', status, reason, reply: null };
}

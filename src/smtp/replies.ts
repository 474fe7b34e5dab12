/**
 * Every reply the receiving side gives, by what it says. The reply to a commit is not here: only
 * what became of the commit makes it (`session.ts`).
 *
 * Codes: RFC 5321 §4.2.3 and §4.3.2; enhanced codes: RFC 3463, RFC 6531 §3.5 for 5.6.7. What
 * clients may depend on stands in contract §7.
 */
import type { Reply } from './reply.ts';

export const REPLIES = {
  ok: { code: 250, enhanced: '2.0.0', text: ['Ok'] },
  senderOk: { code: 250, enhanced: '2.1.0', text: ['Sender ok'] },
  recipientOk: { code: 250, enhanced: '2.1.5', text: ['Recipient ok'] },
  startContent: { code: 354, enhanced: null, text: ['End data with <CR><LF>.<CR><LF>'] },
  help: {
    code: 214,
    enhanced: '2.0.0',
    text: ['See RFC 5321: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS'],
  },
  cannotVerify: { code: 252, enhanced: '2.5.0', text: ['Not verified; send the message and see'] },
  startTls: { code: 220, enhanced: '2.0.0', text: ['Ready to start TLS'] },

  unknownCommand: { code: 500, enhanced: '5.5.1', text: ['Command not recognized'] },
  lineTooLong: { code: 500, enhanced: '5.5.2', text: ['Line too long'] },
  bareLineEnd: { code: 500, enhanced: '5.5.2', text: ['Bare CR or LF; lines end in CRLF'] },
  nulOctet: { code: 500, enhanced: '5.5.2', text: ['NUL is not allowed in a command'] },
  notUtf8: { code: 500, enhanced: '5.5.2', text: ['Octets beyond ASCII that are not UTF-8'] },
  beyondAscii: { code: 500, enhanced: '5.5.2', text: ['Characters beyond ASCII are not allowed here'] },
  notImplemented: { code: 502, enhanced: '5.5.1', text: ['Command not implemented'] },
  noArgumentAllowed: { code: 501, enhanced: '5.5.4', text: ['This command takes no argument'] },
  argumentMissing: { code: 501, enhanced: '5.5.4', text: ['Argument missing'] },
  badClientName: { code: 501, enhanced: '5.5.4', text: ['A domain or an address literal is needed'] },
  badFrom: { code: 501, enhanced: '5.5.4', text: ['Syntax: MAIL FROM:<reverse-path>'] },
  badTo: { code: 501, enhanced: '5.5.4', text: ['Syntax: RCPT TO:<forward-path>'] },
  badReversePath: { code: 501, enhanced: '5.1.7', text: ['Bad reverse-path syntax'] },
  badForwardPath: { code: 501, enhanced: '5.1.3', text: ['Bad forward-path syntax'] },
  pathNeedsSmtputf8: { code: 501, enhanced: '5.6.7', text: ['Address beyond ASCII without SMTPUTF8'] },
  badParameter: { code: 501, enhanced: '5.5.4', text: ['Bad parameter'] },
  unknownParameter: { code: 555, enhanced: '5.5.4', text: ['Parameter not recognized'] },
  badChunk: { code: 501, enhanced: '5.5.4', text: ['Syntax: BDAT size [LAST]'] },

  helloFirst: { code: 503, enhanced: '5.5.1', text: ['EHLO or HELO first'] },
  mailFirst: { code: 503, enhanced: '5.5.1', text: ['MAIL first'] },
  recipientFirst: { code: 503, enhanced: '5.5.1', text: ['RCPT first'] },
  noValidRecipients: { code: 554, enhanced: '5.5.1', text: ['No valid recipients'] },
  transactionOpen: { code: 503, enhanced: '5.5.1', text: ['A transaction is already open'] },
  chunksBegun: { code: 503, enhanced: '5.5.1', text: ['The message has begun with BDAT'] },
  chunkAfterFailure: { code: 503, enhanced: '5.5.1', text: ['The message has failed already; RSET first'] },
  binaryNeedsChunks: { code: 503, enhanced: '5.5.1', text: ['BODY=BINARYMIME needs BDAT'] },
  tlsUnavailable: { code: 502, enhanced: '5.5.1', text: ['STARTTLS is not offered'] },
  tlsAlready: { code: 503, enhanced: '5.5.1', text: ['TLS is already in use'] },

  tooLarge: { code: 552, enhanced: '5.3.4', text: ['Message too large'] },
  noRoom: { code: 452, enhanced: '4.3.1', text: ['No room for another message; try again later'] },
  busy: { code: 451, enhanced: '4.3.0', text: ['Cannot take the message now; try again later'] },
  broken: { code: 421, enhanced: '4.3.0', text: ['Local error; try again later'] },
  tooManyRecipients: { code: 452, enhanced: '4.5.3', text: ['Too many recipients'] },
  unknownMailbox: { code: 550, enhanced: '5.1.1', text: ['No such mailbox here'] },
  notOurDomain: { code: 550, enhanced: '5.7.1', text: ['Relaying denied'] },
  bareLineEndInContent: {
    code: 550,
    enhanced: '5.6.11',
    text: ['Bare CR or LF in the message; lines end in CRLF'],
  },
  mailLoop: { code: 554, enhanced: '5.4.6', text: ['Too many Received fields: mail loop'] },

  tooManyErrors: { code: 421, enhanced: '4.7.0', text: ['Too many unknown commands, closing'] },
  tooManyCommands: { code: 421, enhanced: '4.7.0', text: ['Too many commands without a message, closing'] },
  notHttp: { code: 421, enhanced: '4.7.0', text: ['This is SMTP, closing'] },
  pipelinedTooMuch: { code: 421, enhanced: '4.7.0', text: ['Too much sent ahead of a reply, closing'] },
  timedOut: { code: 421, enhanced: '4.4.2', text: ['Timed out, closing'] },
  shuttingDown: { code: 421, enhanced: '4.3.2', text: ['Shutting down, try again later'] },
} as const;

/** What makes a line no command at all. */
export type LineFlaw = 'too-long' | 'bare-line-end' | 'nul' | 'not-utf8';

export const LINE_FLAW_REPLIES: Readonly<Record<LineFlaw, Reply>> = {
  'too-long': REPLIES.lineTooLong,
  'bare-line-end': REPLIES.bareLineEnd,
  nul: REPLIES.nulOctet,
  'not-utf8': REPLIES.notUtf8,
};

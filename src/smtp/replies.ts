/**
 * Every reply the receiving side gives, by what it says. The reply to a commit is not here: only
 * what became of the commit makes it (`session.ts`).
 *
 * Codes: RFC 5321 §4.2.3 and §4.3.2; enhanced codes: RFC 3463, RFC 6531 §3.5 for 5.6.7. What
 * clients may depend on stands in contract §7.
 */
import { type Reply, reply } from './reply.ts';

export const REPLIES = {
  ok: reply(250, '2.0.0', 'Ok'),
  senderOk: reply(250, '2.1.0', 'Sender ok'),
  recipientOk: reply(250, '2.1.5', 'Recipient ok'),
  startContent: reply(354, null, 'End data with <CR><LF>.<CR><LF>'),
  help: reply(214, '2.0.0', 'See RFC 5321: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS'),
  cannotVerify: reply(252, '2.5.0', 'Not verified; send the message and see'),
  startTls: reply(220, '2.0.0', 'Ready to start TLS'),

  unknownCommand: reply(500, '5.5.1', 'Command not recognized'),
  lineTooLong: reply(500, '5.5.2', 'Line too long'),
  bareLineEnd: reply(500, '5.5.2', 'Bare CR or LF; lines end in CRLF'),
  nulOctet: reply(500, '5.5.2', 'NUL is not allowed in a command'),
  notUtf8: reply(500, '5.5.2', 'Octets beyond ASCII that are not UTF-8'),
  beyondAscii: reply(500, '5.5.2', 'Characters beyond ASCII are not allowed here'),
  notImplemented: reply(502, '5.5.1', 'Command not implemented'),
  noArgumentAllowed: reply(501, '5.5.4', 'This command takes no argument'),
  argumentMissing: reply(501, '5.5.4', 'Argument missing'),
  badClientName: reply(501, '5.5.4', 'A domain or an address literal is needed'),
  badFrom: reply(501, '5.5.4', 'Syntax: MAIL FROM:<reverse-path>'),
  badTo: reply(501, '5.5.4', 'Syntax: RCPT TO:<forward-path>'),
  badReversePath: reply(501, '5.1.7', 'Bad reverse-path syntax'),
  badForwardPath: reply(501, '5.1.3', 'Bad forward-path syntax'),
  pathNeedsSmtputf8: reply(501, '5.6.7', 'Address beyond ASCII without SMTPUTF8'),
  badParameter: reply(501, '5.5.4', 'Bad parameter'),
  unknownParameter: reply(555, '5.5.4', 'Parameter not recognized'),
  badChunk: reply(501, '5.5.4', 'Syntax: BDAT size [LAST]'),

  helloFirst: reply(503, '5.5.1', 'EHLO or HELO first'),
  mailFirst: reply(503, '5.5.1', 'MAIL first'),
  recipientFirst: reply(503, '5.5.1', 'RCPT first'),
  noValidRecipients: reply(554, '5.5.1', 'No valid recipients'),
  transactionOpen: reply(503, '5.5.1', 'A transaction is already open'),
  chunksBegun: reply(503, '5.5.1', 'The message has begun with BDAT'),
  chunkAfterFailure: reply(503, '5.5.1', 'The message has failed already; RSET first'),
  binaryNeedsChunks: reply(503, '5.5.1', 'BODY=BINARYMIME needs BDAT'),
  tlsUnavailable: reply(502, '5.5.1', 'STARTTLS is not offered'),
  tlsAlready: reply(503, '5.5.1', 'TLS is already in use'),

  tooLarge: reply(552, '5.3.4', 'Message too large'),
  noRoom: reply(452, '4.3.1', 'No room for another message; try again later'),
  busy: reply(451, '4.3.0', 'Cannot take the message now; try again later'),
  broken: reply(421, '4.3.0', 'Local error; try again later'),
  tooManyRecipients: reply(452, '4.5.3', 'Too many recipients'),
  unknownMailbox: reply(550, '5.1.1', 'No such mailbox here'),
  notOurDomain: reply(550, '5.7.1', 'Relaying denied'),
  bareLineEndInContent: reply(550, '5.6.11', 'Bare CR or LF in the message; lines end in CRLF'),
  mailLoop: reply(554, '5.4.6', 'Too many Received fields: mail loop'),

  tooManyErrors: reply(421, '4.7.0', 'Too many unknown commands, closing'),
  notHttp: reply(421, '4.7.0', 'This is SMTP, closing'),
  pipelinedTooMuch: reply(421, '4.7.0', 'Too much sent ahead of a reply, closing'),
  timedOut: reply(421, '4.4.2', 'Timed out, closing'),
  shuttingDown: reply(421, '4.3.2', 'Shutting down, try again later'),
} as const satisfies Readonly<Record<string, Reply>>;

/** What a line gets that is no command at all. */
export const LINE_FLAW_REPLIES = {
  'too-long': REPLIES.lineTooLong,
  'bare-line-end': REPLIES.bareLineEnd,
  nul: REPLIES.nulOctet,
  'not-utf8': REPLIES.notUtf8,
} as const satisfies Readonly<Record<string, Reply>>;

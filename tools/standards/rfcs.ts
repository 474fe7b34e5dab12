/** The RFCs that the code may cite, and how far aimx implements each. A cited one has a row here. */

export interface Rfc {
  readonly title: string;
  /** `followed`: a vocabulary or a piece of advice, not a protocol to implement. */
  readonly standing: 'implemented' | 'partly' | 'followed' | 'todo';
  /** What is in and what is not, or what it is used for. */
  readonly scope: string;
}

export const RFCS: Readonly<Record<number, Rfc>> = {
  1034: {
    title: 'Domain Names: Concepts and Facilities',
    standing: 'partly',
    scope: 'CNAMEs are followed, at most eight',
  },
  1035: {
    title: 'Domain Names: Implementation and Specification',
    standing: 'partly',
    scope: 'limits of names; questions and answers over UDP and TCP',
  },
  1047: {
    title: 'Duplicate Messages and SMTP',
    standing: 'implemented',
    scope: 'the `250` waits for the disk alone; what comes twice is absorbed',
  },
  1123: {
    title: 'Requirements for Internet Hosts',
    standing: 'followed',
    scope: 'advice on host names and mail',
  },
  1870: { title: 'SMTP SIZE', standing: 'implemented', scope: 'declared sizes, refused early' },
  2034: {
    title: 'SMTP ENHANCEDSTATUSCODES',
    standing: 'implemented',
    scope: 'every reply that may carry one',
  },
  2045: { title: 'MIME Part One', standing: 'implemented', scope: 'reading; transfer encodings' },
  2046: { title: 'MIME Part Two', standing: 'partly', scope: 'reading; message/partial is not put together' },
  2047: { title: 'MIME Part Three', standing: 'implemented', scope: 'encoded words in header fields' },
  2049: { title: 'MIME Part Five', standing: 'followed', scope: 'canonical form' },
  2181: { title: 'Clarifications to the DNS Specification', standing: 'partly', scope: 'TTLs' },
  2183: { title: 'Content-Disposition', standing: 'implemented', scope: 'names and kinds of attachments' },
  2231: {
    title: 'MIME Parameter Value Extensions',
    standing: 'implemented',
    scope: 'continuations, charsets',
  },
  2308: {
    title: 'Negative Caching of DNS Queries',
    standing: 'implemented',
    scope: 'NXDOMAIN and no data as long as the SOA says, at most an hour; failures four seconds',
  },
  2387: { title: 'multipart/related', standing: 'partly', scope: 'reading' },
  2392: { title: 'cid: and mid: URLs', standing: 'partly', scope: 'reading' },
  2606: { title: 'Reserved Top Level DNS Names', standing: 'followed', scope: 'names in tests' },
  2919: { title: 'List-Id', standing: 'implemented', scope: 'shown in the file' },
  2920: { title: 'SMTP PIPELINING', standing: 'implemented', scope: 'receiving' },
  2978: { title: 'IANA Charset Registration', standing: 'followed', scope: 'names of charsets' },
  3030: {
    title: 'SMTP CHUNKING and BINARYMIME',
    standing: 'partly',
    scope: 'BDAT; BINARYMIME is not offered',
  },
  3207: { title: 'SMTP STARTTLS', standing: 'implemented', scope: 'receiving' },
  3339: {
    title: 'Date and Time on the Internet',
    standing: 'implemented',
    scope: 'every time that is shown',
  },
  3461: {
    title: 'SMTP DSN',
    standing: 'partly',
    scope: 'its words in reports that come in; the rest comes with sending',
  },
  3463: {
    title: 'Enhanced Mail System Status Codes',
    standing: 'implemented',
    scope: 'the codes of our replies; what those of others mean',
  },
  3464: {
    title: 'Delivery Status Notifications',
    standing: 'partly',
    scope: 'read; written with sending',
  },
  3629: { title: 'UTF-8', standing: 'implemented', scope: 'decoding of names and bodies' },
  3676: { title: 'text/plain format=flowed', standing: 'implemented', scope: 'reading; lines are joined' },
  3696: {
    title: 'Checking and Transformation of Names',
    standing: 'followed',
    scope: 'no top-level domain is a number',
  },
  3834: {
    title: 'Automatic Responses to Mail',
    standing: 'partly',
    scope: 'answers are recognised; answering comes with sending',
  },
  3848: { title: 'Transmission Types', standing: 'implemented', scope: 'the `with` clause of Received' },
  3986: { title: 'URI Generic Syntax', standing: 'followed', scope: 'links in bodies' },
  4291: { title: 'IPv6 Addressing', standing: 'implemented', scope: 'address literals' },
  4648: { title: 'Base16, Base32, Base64', standing: 'implemented', scope: 'transfer encodings' },
  4954: { title: 'SMTP AUTH', standing: 'followed', scope: 'not offered: aimx is no submission server' },
  5234: { title: 'ABNF', standing: 'followed', scope: 'grammar in comments' },
  5248: {
    title: 'Registry of Enhanced Status Codes',
    standing: 'followed',
    scope: 'what the codes of others mean',
  },
  5321: {
    title: 'Simple Mail Transfer Protocol',
    standing: 'partly',
    scope: 'receiving in full; sending comes later',
  },
  5322: {
    title: 'Internet Message Format',
    standing: 'implemented',
    scope: 'reading, obsolete forms included',
  },
  5435: { title: 'Sieve: Notifications by Mail', standing: 'followed', scope: 'a value of Auto-Submitted' },
  5452: {
    title: 'DNS Resilience against Forged Answers',
    standing: 'implemented',
    scope: 'an id and a port of its own for each question; TCP where somebody guesses',
  },
  5598: { title: 'Internet Mail Architecture', standing: 'followed', scope: 'names of roles' },
  5890: { title: 'IDNA: Definitions', standing: 'partly', scope: 'A-labels and U-labels of domains' },
  5891: { title: 'IDNA: Protocol', standing: 'partly', scope: 'A-labels and U-labels of domains' },
  5952: { title: 'IPv6 Text Representation', standing: 'implemented', scope: 'addresses that are shown' },
  5965: {
    title: 'Abuse Reporting Format',
    standing: 'partly',
    scope: 'complaints are read; none are written',
  },
  6008: {
    title: 'Telling DKIM Signatures Apart',
    standing: 'implemented',
    scope: '`header.b`, the first characters of a signature',
  },
  6068: { title: 'mailto: URLs', standing: 'followed', scope: 'links in bodies' },
  6152: { title: 'SMTP 8BITMIME', standing: 'implemented', scope: 'receiving' },
  6177: {
    title: 'IPv6 Address Assignment to End Sites',
    standing: 'followed',
    scope: 'what counts as one client address',
  },
  6266: { title: 'Content-Disposition in HTTP', standing: 'followed', scope: 'names of attachments' },
  6376: {
    title: 'DKIM Signatures',
    standing: 'partly',
    scope: 'keys and their DNS record; verifying; signing comes next',
  },
  6409: { title: 'Message Submission', standing: 'followed', scope: 'not offered' },
  6522: { title: 'multipart/report', standing: 'partly', scope: 'read; written with sending' },
  6531: { title: 'SMTPUTF8', standing: 'implemented', scope: 'receiving' },
  6532: { title: 'Internationalized Email Headers', standing: 'implemented', scope: 'reading' },
  6533: {
    title: 'Internationalized Delivery Notifications',
    standing: 'partly',
    scope: 'read; written with sending',
  },
  6650: { title: 'Use of Abuse Reports', standing: 'followed', scope: 'complaints that come in' },
  6761: { title: 'Special-Use Domain Names', standing: 'followed', scope: '`localhost` of `aimx dev`' },
  6891: {
    title: 'EDNS(0)',
    standing: 'implemented',
    scope: '1232 octets over UDP; without it where a server refuses it',
  },
  7208: { title: 'SPF', standing: 'todo', scope: 'result words; checking comes next' },
  7489: {
    title: 'DMARC',
    standing: 'implemented',
    scope: 'receiving: records, discovery, alignment, results; no reports are sent',
  },
  7504: { title: 'SMTP 521 and 556', standing: 'followed', scope: 'domains without mail' },
  7505: { title: 'Null MX', standing: 'todo', scope: 'comes with sending' },
  7766: { title: 'DNS over TCP', standing: 'partly', scope: 'one question a connection' },
  8098: {
    title: 'Message Disposition Notification',
    standing: 'partly',
    scope: 'receipts are read; none are asked for or sent',
  },
  8259: { title: 'JSON', standing: 'followed', scope: 'machine-readable output' },
  8301: {
    title: 'DKIM Algorithms and Key Sizes',
    standing: 'implemented',
    scope: 'keys of 2048 bits are made, of 1024 to 4096 accepted; no SHA-1',
  },
  8410: { title: 'Ed25519 in X.509', standing: 'followed', scope: 'the form in which a key is loaded' },
  8446: { title: 'TLS 1.3', standing: 'followed', scope: 'closing alerts' },
  8463: { title: 'Ed25519 for DKIM', standing: 'partly', scope: 'verifying' },
  8601: {
    title: 'Authentication-Results',
    standing: 'implemented',
    scope: 'written for `aimx raw`; read within ARC sets',
  },
  8616: {
    title: 'Email Authentication for Internationalized Mail',
    standing: 'partly',
    scope: 'DKIM and ARC: U-labels in `d=` and `s=`, UTF-8 in tags',
  },
  8617: { title: 'ARC', standing: 'partly', scope: 'chains are validated; none is sealed' },
  8621: {
    title: 'JMAP for Mail',
    standing: 'followed',
    scope: 'which parts of a message are its body (§4.1.4)',
  },
  8767: {
    title: 'Serving Stale Data to Improve DNS Resiliency',
    standing: 'followed',
    scope: 'the cap of TTLs; nothing stale is used',
  },
  8996: { title: 'Deprecating TLS 1.0 and 1.1', standing: 'implemented', scope: 'TLS 1.2 and later' },
  9110: { title: 'HTTP Semantics', standing: 'followed', scope: 'the control socket' },
  9715: {
    title: 'IP Fragmentation Avoidance in DNS over UDP',
    standing: 'followed',
    scope: 'the size of answers over UDP',
  },
};

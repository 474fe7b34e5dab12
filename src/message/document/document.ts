/**
 * The document that a mailbox holds: `+++`, frontmatter in TOML 1.0, `+++`, an empty line, the body.
 *
 * Written strictly, one line a value; read leniently, since owners edit files by hand and the earlier
 * version wrote other ones. Values are what a TOML parser gives back. Optional fields that are `null`,
 * `""` or empty are omitted as contract §5 says.
 */
import { parse } from 'smol-toml';
import { tomlString, tomlStrings } from './toml-text.ts';

export interface AttachmentEntry {
  readonly filename: string;
  readonly content_type: string;
  readonly size: number;
  readonly path: string;
}

/** One recipient of a sent message. */
export interface SentRecipientEntry {
  readonly address: string;
  /** `pending`, `deferred`, `delivered`, `failed`. */
  readonly status: string;
  /** What was said last about it; `""` before the first try. */
  readonly reply: string;
  /** RFC 3339; null where it is not tried again. */
  readonly next_attempt: string | null;
  /** What came back about it afterwards; null: nothing. */
  readonly answer: string | null;
}

/** What the file of a sent message says beside the rest (contract §5); `outbound = true` goes with it. */
export interface SentFields {
  /** `markdown`, `text`, `html`. */
  readonly outbound_format: string;
  /** `pending`, `deferred`, `delivered`, `failed`. */
  readonly delivery_status: string;
  readonly bcc: string;
  /** RFC 3339; null until all recipients have it. */
  readonly delivered_at: string | null;
  readonly delivery_details: string;
  /** In the order of To, Cc, Bcc. */
  readonly recipients: readonly SentRecipientEntry[];
}

export interface Frontmatter {
  readonly id: string;
  readonly message_id: string;
  readonly thread_id: string;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly reply_to: string;
  readonly delivered_to: string;
  readonly subject: string;
  readonly date: string;
  readonly received_at: string;
  /** Null by CLI. */
  readonly received_from_ip: string | null;
  readonly size_bytes: number;
  readonly in_reply_to: string;
  readonly references: string;
  readonly list_id: string;
  readonly auto_submitted: string;
  readonly dkim: string;
  readonly spf: string;
  readonly dmarc: string;
  readonly trusted: string;
  readonly mailbox: string;
  readonly read: boolean;
  readonly read_at: string | null;
  readonly labels: readonly string[];
  readonly envelope_from: string;
  readonly tag: string | null;
  readonly trust_reason: string | null;
  readonly auth_domain: string | null;
  readonly warnings: readonly string[];
  readonly fingerprint: string;
  /** Null for a message that came in. */
  readonly sent: SentFields | null;
  readonly attachments: readonly AttachmentEntry[];
}

const FENCE = '+++';
/** Why a file without fences is malformed. */
export const NO_FRONTMATTER = 'it does not begin with a frontmatter between two lines of +++';

/** Fields that are there whatever their value. */
const NEVER_OMITTED: ReadonlySet<string> = new Set([
  'id',
  'message_id',
  'thread_id',
  'from',
  'to',
  'delivered_to',
  'subject',
  'date',
  'received_at',
  'size_bytes',
  'dkim',
  'spf',
  'dmarc',
  'trusted',
  'mailbox',
  'read',
]);

/** Every field that is the same for all files, in the order of contract §5; tables come last. */
const FIELD_ORDER = [
  'id',
  'message_id',
  'thread_id',
  'from',
  'to',
  'cc',
  'reply_to',
  'delivered_to',
  'subject',
  'date',
  'received_at',
  'received_from_ip',
  'size_bytes',
  'in_reply_to',
  'references',
  'list_id',
  'auto_submitted',
  'dkim',
  'spf',
  'dmarc',
  'trusted',
  'mailbox',
  'read',
  'read_at',
  'labels',
  'envelope_from',
  'tag',
  'trust_reason',
  'auth_domain',
  'warnings',
  'fingerprint',
] as const satisfies readonly (keyof Frontmatter)[];

export type FieldValue = string | number | boolean | readonly string[] | null;

/** A value as TOML. */
export function formatValue(value: Exclude<FieldValue, null>): string {
  if (typeof value === 'string') return tomlString(value);
  return typeof value === 'object' ? tomlStrings(value) : String(value);
}

/** What an optional field is omitted for. */
export function isEmpty(value: FieldValue): boolean {
  return value === null || value === '' || (typeof value === 'object' && value.length === 0);
}

/** The fields of a sent message that are no tables. */
function sentLines(sent: SentFields): readonly string[] {
  const optional = (field: 'bcc' | 'delivered_at' | 'delivery_details'): readonly string[] => {
    const value = sent[field];
    return value === null || isEmpty(value) ? [] : [`${field} = ${formatValue(value)}`];
  };
  return [
    'outbound = true',
    `outbound_format = ${tomlString(sent.outbound_format)}`,
    `delivery_status = ${tomlString(sent.delivery_status)}`,
    ...optional('bcc'),
    ...optional('delivered_at'),
    ...optional('delivery_details'),
  ];
}

function recipientLines(recipient: SentRecipientEntry): readonly string[] {
  const { address, status, reply, next_attempt: next, answer } = recipient;
  return [
    '',
    '[[recipients]]',
    `address = ${tomlString(address)}`,
    `status = ${tomlString(status)}`,
    ...(reply === '' ? [] : [`reply = ${tomlString(reply)}`]),
    ...(next === null ? [] : [`next_attempt = ${tomlString(next)}`]),
    ...(answer === null ? [] : [`answer = ${tomlString(answer)}`]),
  ];
}

/** Frontmatter as TOML, each line with its line end, without the fences. */
export function formatFrontmatter(frontmatter: Frontmatter): string {
  const lines: string[] = [];
  for (const field of FIELD_ORDER) {
    const value: FieldValue = frontmatter[field];
    if (isEmpty(value) && !NEVER_OMITTED.has(field)) continue;
    lines.push(`${field} = ${formatValue(value ?? '')}`);
  }
  const { sent } = frontmatter;
  if (sent !== null) lines.push(...sentLines(sent), ...sent.recipients.flatMap(recipientLines));
  for (const attachment of frontmatter.attachments) {
    lines.push('', '[[attachments]]');
    lines.push(`filename = ${tomlString(attachment.filename)}`);
    lines.push(`content_type = ${tomlString(attachment.content_type)}`);
    lines.push(`size = ${attachment.size}`);
    lines.push(`path = ${tomlString(attachment.path)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The whole document, with a final newline. @param body LF line ends, no final newline. */
export function formatDocument(frontmatter: Frontmatter, body: string): string {
  const text = body === '' ? '' : `${body}\n`;
  return `${FENCE}\n${formatFrontmatter(frontmatter)}${FENCE}\n\n${text}`;
}

/** A document as it was found. */
export type ParsedDocument =
  | {
      readonly kind: 'document';
      readonly frontmatter: Frontmatter;
      /** Every value as it stands in the file, unknown ones too. */
      readonly values: Readonly<Record<string, unknown>>;
      readonly body: string;
    }
  | { readonly kind: 'malformed'; readonly reason: string };

export interface SplitDocument {
  /** Lines of the frontmatter with their line ends. */
  readonly lines: readonly string[];
  /** The opening fence with its line end. */
  readonly lead: string;
  /** The closing fence and all behind it. */
  readonly rest: string;
}

/** Splits at the fences; null where one of them is missing. */
export function splitDocument(text: string): SplitDocument | null {
  const lead = /^\ufeff?\+\+\+[ \t]*\r?\n/.exec(text)?.[0];
  if (lead === undefined) return null;
  const lines: string[] = [];
  let at = lead.length;
  while (at < text.length) {
    const lf = text.indexOf('\n', at);
    const next = lf < 0 ? text.length : lf + 1;
    const line = text.slice(at, next);
    if (line.trimEnd() === FENCE) return { lines, lead, rest: text.slice(at) };
    lines.push(line);
    at = next;
  }
  return null;
}

/** The values; or, as a string, why the text is no TOML. */
export function parseToml(source: string): Readonly<Record<string, unknown>> | string {
  try {
    return parse(source);
  } catch (error) {
    // The parser has no other way to say that the text is no TOML.
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

function stringOf(value: unknown): string {
  if (typeof value === 'string') return value;
  // Dates that were written without quotes; smol-toml's own kind of date keeps its form.
  return value instanceof Date ? value.toISOString() : '';
}

function optionalOf(value: unknown): string | null {
  return value === undefined ? null : stringOf(value);
}

function tablesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null,
  );
}

function attachmentsOf(value: unknown): readonly AttachmentEntry[] {
  return tablesOf(value).map((entry) => ({
    filename: stringOf(entry['filename']),
    content_type: stringOf(entry['content_type']),
    size: typeof entry['size'] === 'number' ? entry['size'] : 0,
    path: stringOf(entry['path']),
  }));
}

function sentOf(values: Readonly<Record<string, unknown>>): SentFields | null {
  if (values['outbound'] !== true) return null;
  return {
    outbound_format: stringOf(values['outbound_format']),
    delivery_status: stringOf(values['delivery_status']),
    bcc: stringOf(values['bcc']),
    delivered_at: optionalOf(values['delivered_at']),
    delivery_details: stringOf(values['delivery_details']),
    recipients: tablesOf(values['recipients']).map((entry) => ({
      address: stringOf(entry['address']),
      status: stringOf(entry['status']),
      reply: stringOf(entry['reply']),
      next_attempt: optionalOf(entry['next_attempt']),
      answer: optionalOf(entry['answer']),
    })),
  };
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}

function frontmatterOf(values: Readonly<Record<string, unknown>>): Frontmatter {
  const text = (field: string): string => stringOf(values[field]);
  const optional = (field: string): string | null => optionalOf(values[field]);
  return {
    id: text('id'),
    message_id: text('message_id'),
    thread_id: text('thread_id'),
    from: text('from'),
    to: text('to'),
    cc: text('cc'),
    reply_to: text('reply_to'),
    delivered_to: text('delivered_to'),
    subject: text('subject'),
    date: text('date'),
    received_at: text('received_at'),
    received_from_ip: optional('received_from_ip'),
    size_bytes: typeof values['size_bytes'] === 'number' ? values['size_bytes'] : 0,
    in_reply_to: text('in_reply_to'),
    references: text('references'),
    list_id: text('list_id'),
    auto_submitted: text('auto_submitted'),
    dkim: text('dkim'),
    spf: text('spf'),
    dmarc: text('dmarc'),
    trusted: text('trusted'),
    mailbox: text('mailbox'),
    read: values['read'] === true,
    read_at: optional('read_at'),
    labels: stringsOf(values['labels']),
    envelope_from: text('envelope_from'),
    tag: optional('tag'),
    trust_reason: optional('trust_reason'),
    auth_domain: optional('auth_domain'),
    warnings: stringsOf(values['warnings']),
    fingerprint: text('fingerprint'),
    sent: sentOf(values),
    attachments: attachmentsOf(values['attachments']),
  };
}

/**
 * Reads a document. Never throws.
 *
 * Fields that are missing, as in files of the earlier version, or of another type come back empty.
 *
 * @param bytes UTF-8; may be the head of a file that was cut behind its frontmatter.
 */
export function parseDocument(bytes: Uint8Array): ParsedDocument {
  const parts = splitDocument(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  if (parts === null) return { kind: 'malformed', reason: NO_FRONTMATTER };
  const values = parseToml(parts.lines.join(''));
  if (typeof values === 'string')
    return { kind: 'malformed', reason: `its frontmatter is not TOML: ${values}` };
  const behindFence = parts.rest.slice(
    parts.rest.indexOf('\n') < 0 ? parts.rest.length : parts.rest.indexOf('\n') + 1,
  );
  const body = behindFence.replace(/^\r?\n/, '').replace(/\r?\n$/, '');
  return { kind: 'document', frontmatter: frontmatterOf(values), values, body };
}

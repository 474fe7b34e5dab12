/**
 * The input of every operation that comes from outside of this process, as schemas.
 *
 * Apart from the operations, since loading the library costs 130 ms, which a command that works on
 * files should not pay; types tie the two together.
 */
import { z } from 'zod';
import { RUN_STATES } from '../journal/journal.ts';
import { MAIL_FOLDERS } from '../mailbox/layout.ts';
import { AimxError } from '../system/errors.ts';
import type { InputOf, OperationName } from './operations.ts';
import { PAGE_MAX } from './page.ts';

/** Longer names, ids and addresses exist nowhere (RFC 5321 §4.5.3.1, RFC 5322 §2.1.1). */
const NAME_CHARACTERS_MAX = 998;

/** Runs that one request may name. */
const RUN_IDS_MAX = 1000;

const name = z.string().min(1).max(NAME_CHARACTERS_MAX);
const mailbox = name.optional().describe('Name of a mailbox');
const page = {
  limit: z.int().min(1).max(PAGE_MAX).optional().describe('Rows in this page, 50 where absent'),
  cursor: name.optional().describe('next_cursor of the page before'),
};
const reference = { message: name.describe('<mailbox>/<id>, an id or a Message-ID'), mailbox };
const runId = name.describe('Id of a run, or its first digits: at least 6');
const selection = {
  run_ids: z.array(runId).max(RUN_IDS_MAX).optional(),
  all: z.boolean().optional().describe('Every held run that fits mailbox and hook'),
  mailbox,
  hook: name.optional(),
};
const folder = z.enum(MAIL_FOLDERS).optional().describe('inbox where absent');
const flag = z.stringbool();

/** What is written below has limits of its own, in the words of a sender (src/message/compose/). */
const text = z.string();
const recipients = z.array(text).describe('Addresses, each alone or several with commas');
const written = {
  body: text,
  text_only: z.boolean().optional(),
  html_body: text.optional(),
  attachments: z
    .array(
      z.strictObject({
        filename: text,
        content_type: name.optional(),
        content_base64: z.base64(),
        inline_as: text.optional(),
      }),
    )
    .optional(),
  idempotency_key: name.optional().describe('The same key and content sends once, for 7 days'),
  dry_run: z.boolean().optional(),
};
const queued = name.describe(
  'A queue id or its beginning (4 digits at least), a Message-ID, or the id of a sent message',
);
const queueSelection = z.strictObject({
  messages: z.array(queued).max(RUN_IDS_MAX).optional(),
  all: z.boolean().optional(),
  mailbox,
});

export const INPUT_SCHEMAS: { readonly [Name in OperationName]: z.ZodType<InputOf<Name>> } = {
  list: z.strictObject({ mailbox, folder, ...page }),
  read: z.strictObject({
    ...reference,
    folder,
    new: z.boolean().optional().describe('Only what is new in a reply, without the quoted rest'),
  }),
  raw: z.strictObject(reference),
  trace: z.strictObject(reference),
  ingest: z.strictObject({ recipient: name, wait: flag.optional() }),
  'runs.list': z.strictObject({
    mailbox,
    hook: name.optional(),
    state: z.enum(RUN_STATES).optional(),
    held: z.boolean().optional(),
    ...page,
  }),
  'runs.show': z.strictObject({ run_id: runId }),
  'runs.output': z.strictObject({ run_id: runId, attempt: z.int().min(1).optional() }),
  'runs.release': z.strictObject({ ...selection, re_evaluate: z.boolean().optional() }),
  'runs.replay': z.strictObject({ run_id: runId }),
  'runs.cancel': z.strictObject(selection),
  'dedup.list': z.strictObject({ mailbox, ...page }),
  'dedup.forget': z.strictObject(reference),
  'mailboxes.list': z.strictObject({}),
  'mailboxes.show': z.strictObject({ mailbox: name }),
  'hooks.list': z.strictObject({ mailbox }),
  'config.check': z.strictObject({}),
  'dkim.keygen': z.strictObject({
    selector: name.optional(),
    domain: name.optional(),
    force: z.boolean().optional(),
    rsaOnly: z.boolean().optional(),
    rotate: z.boolean().optional(),
  }),
  send: z.strictObject({
    from: name.optional().describe('An address or a mailbox of yours'),
    to: recipients,
    cc: recipients.optional(),
    bcc: recipients.optional(),
    subject: text,
    in_reply_to: name.optional().describe('Message-ID that it answers'),
    references: text.optional(),
    ...written,
  }),
  reply: z.strictObject({
    ...reference,
    all: z.boolean().optional().describe('Also to the other recipients'),
    quote: z.boolean().optional(),
    ...written,
  }),
  forward: z.strictObject({
    ...reference,
    from: name.optional().describe('An address or a mailbox of yours'),
    to: recipients,
    cc: recipients.optional(),
    bcc: recipients.optional(),
    ...written,
    body: text.optional().describe('What is said before it'),
  }),
  'queue.list': z.strictObject({
    mailbox,
    held: z.boolean().optional(),
    failed: z.boolean().optional(),
    all: z.boolean().optional(),
    ...page,
  }),
  'queue.show': z.strictObject({ message: queued }),
  'queue.retry': queueSelection,
  'queue.cancel': queueSelection,
  'queue.hold': queueSelection,
  'queue.release': queueSelection,
  'queue.approve': queueSelection,
  attention: z.strictObject({}),
};

/** `limit: Too big, expected at most 500`, one an issue. */
function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => `${issue.path.length === 0 ? 'input' : issue.path.join('.')}: ${issue.message}`)
    .join('; ');
}

/**
 * @returns the input as the operation takes it.
 * @throws `request.invalid` with every fault at once.
 */
export function parseInput<Name extends OperationName>(operation: Name, input: unknown): InputOf<Name> {
  const parsed = INPUT_SCHEMAS[operation].safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AimxError(
    'request.invalid',
    `The input does not fit ${operation}: ${describeIssues(parsed.error.issues)}`,
    {
      hint: 'docs/reference/cli.md describes the input of each operation',
    },
  );
}

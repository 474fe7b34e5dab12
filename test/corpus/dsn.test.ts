/**
 * Reads reports of real servers, each with what another program could tell of it, when the corpus lies
 * beside the project; else this skips.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toDeliveryId, toMailboxId } from '../../src/journal/journal.ts';
import { decodeLine } from '../../src/message/header/encoded-word.ts';
import { readMessage } from '../../src/message/read-message.ts';
import { readNotice } from '../../src/message/report/notice.ts';
import type { DeliveryReport, MessageReport } from '../../src/message/report/report.ts';
import { untyped } from '../../src/message/report/report-fields.ts';
import { cleanReportedAddress } from '../../src/message/report/reported-address.ts';
import { answerOf } from '../../src/pipeline/answer.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/dsn');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/dsn is not here';

interface ExpectedRecipient {
  readonly 'final-recipient': string | null;
  readonly 'original-recipient': string | null;
  readonly action: string | null;
  readonly status: string | null;
  readonly 'diagnostic-code': string | null;
}

interface Expected {
  readonly report_type: string | null;
  readonly recipients: readonly ExpectedRecipient[];
  readonly original_message_id: string | null;
}

function oracle(): ReadonlyMap<string, Expected> {
  return new Map(Object.entries(JSON.parse(readFileSync(join(corpus, 'oracle.json'), 'utf8')) as object));
}

function reportOf(path: string): MessageReport | null {
  return readMessage(readFileSync(join(corpus, path))).report;
}

/** Where the oracle's reading and ours differ, and why ours stands; by the reason. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  'the report lies in an attached message, not in this one': [
    'maildir/bsd/lhost-x5-01.eml',
    'maildir/dos/lhost-x5-01.eml',
    'maildir/mac/lhost-x5-01.eml',
  ],
  'its second recipient belongs to another report, in the returned message': [
    'maildir/bsd/lhost-sendmail-38.eml',
    'maildir/bsd/lhost-sendmail-41.eml',
    'maildir/bsd/rhost-yahooinc-03.eml',
  ],
  'two recipients without an empty line between them are two': ['maildir/bsd/rhost-aol-03.eml'],
  '"expired" is no action of RFC 3464: delivery was given up, so it failed': [
    'maildir/bsd/lhost-sendgrid-03.eml',
  ],
  'no action is given: the class of the status tells it': ['maildir/bsd/lhost-sendmail-13.eml'],
  '"deliverable" is no action of RFC 3464: nothing was sent (a verification)': ['maildir/bsd/rfc3464-28.eml'],
};

function addressOf({ 'final-recipient': final, 'original-recipient': original }: ExpectedRecipient): string {
  return cleanReportedAddress(decodeLine((final ?? original ?? '').replace(/^[^;]*;/, '')));
}

function statusOf(status: string | null): string | null {
  return status === null || status === '' ? null : (status.split(' ')[0] ?? null);
}

/** Folded lines are joined by the other reader in its own way. */
function squeeze(text: string | null): string {
  return (text ?? '').replace(/\s+/g, '').slice(0, 1_000);
}

function agrees(report: MessageReport | null, expected: Expected): boolean {
  if (report?.kind !== 'delivery-report' || report.source !== 'fields') return false;
  return (
    report.recipients.length === expected.recipients.length &&
    report.recipients.every((found, index) => {
      const wanted = expected.recipients[index] as ExpectedRecipient;
      return (
        found.address === addressOf(wanted) &&
        found.action === (wanted.action?.toLowerCase() ?? null) &&
        found.status === statusOf(wanted.status) &&
        squeeze(found.diagnostic) === squeeze(untyped(decodeLine(wanted['diagnostic-code'] ?? '')).text)
      );
    })
  );
}

test('readReport() finds every recipient with action and status that the corpus of reports names', {
  skip,
}, (context) => {
  const excepted = new Map(
    Object.entries(OTHERWISE).flatMap(([reason, paths]) => paths.map((path) => [path, reason])),
  );
  let passed = 0;
  for (const [path, expected] of oracle()) {
    if (expected.recipients.length === 0) continue;
    const report = reportOf(path);
    if (excepted.delete(path)) {
      assert.ok(!agrees(report, expected), `${path} agrees, and is named as one that does not`);
      continue;
    }
    assert.ok(
      agrees(report, expected),
      `${path}: ${JSON.stringify({ expected: expected.recipients, report })}`,
    );
    passed += 1;
  }
  assert.deepEqual([...excepted], []);
  context.diagnostic(`${passed} reports agree, ${Object.values(OTHERWISE).flat().length} are named`);
});

/** Mails of which no machine-readable part tells anything, and that we do not take for delivery reports. */
const NO_DELIVERY_REPORTS: readonly { readonly reason: string; readonly path: RegExp }[] = [
  { reason: 'no bounce', path: /^maildir\/not\// },
  { reason: 'a complaint', path: /arf-(?!26)\d/ },
  { reason: 'an automatic answer', path: /rfc3834-|arf-26/ },
  { reason: 'JSON of an interface for programs, sent as mail', path: /lhost-amazonses-(?:09|1[0-3])\.eml/ },
  { reason: 'a mailing list program to a non-member; a loop alert', path: /lhost-fml-/ },
  { reason: 'forwarded by a person', path: /lhost-sendmail-14\.eml|make-test-36\.eml/ },
];

test('readReport() takes what servers write for people as delivery reports, and nothing else', {
  skip,
}, (context) => {
  const named: string[] = [];
  let unnamed = 0;
  let all = 0;
  for (const [path, expected] of oracle()) {
    if (expected.recipients.length > 0) continue;
    all += 1;
    const report = reportOf(path);
    const other = NO_DELIVERY_REPORTS.find((group) => group.path.test(path));
    if (other !== undefined) {
      assert.notEqual(report?.kind, 'delivery-report', `${path} is ${other.reason}`);
      if (/^a complaint|^an automatic/.test(other.reason)) assert.notEqual(report, null, path);
      named.push(path);
      continue;
    }
    assert.equal(report?.kind, 'delivery-report', path);
    assert.notEqual((report as DeliveryReport).recipients[0]?.action ?? null, null, path);
    if ((report as DeliveryReport).recipients[0]?.address === '') unnamed += 1;
  }
  context.diagnostic(
    `${all - named.length} notices, ${unnamed} without a recipient; ${named.length} are no delivery reports`,
  );
  assert.ok(unnamed <= 40, `${unnamed} notices without a recipient`);
});

test('readNotice() finds in the words for people the recipients that the fields for machines name', {
  skip,
}, (context) => {
  let read = 0;
  let same = 0;
  for (const [path, expected] of oracle()) {
    if (expected.recipients.length === 0) continue;
    const { body } = readMessage(readFileSync(join(corpus, path)));
    // The head of the body is what the fields say.
    const notice = readNotice(body.slice(body.indexOf('\n\n')));
    if (notice === null || notice.recipients[0]?.address === '') continue;
    read += 1;
    const names = expected.recipients
      .flatMap((one) => [one['final-recipient'], one['original-recipient']])
      .join(' ')
      .toLowerCase();
    if (notice.recipients.every(({ address }) => names.includes(address.toLowerCase()))) same += 1;
    else context.diagnostic(`${path}: ${notice.recipients.map(({ address }) => address).join()} of ${names}`);
  }
  context.diagnostic(`${same} of ${read} notices name the same recipients`);
  assert.ok(same / read >= 0.95, `${same} of ${read}`);
});

/** What the journal is asked when a mail of the corpus comes to the plain address, without a queue id. */
function askedFor(path: string): readonly string[] {
  const answer = answerOf({
    delivery: {
      deliveryId: toDeliveryId(1),
      mailboxId: toMailboxId('m'),
      folder: 'inbox',
      deliveredTo: ['sender@example.com'],
      tag: null,
    },
    message: { envelope: { reversePath: '' }, arrival: { via: 'smtp' } },
    read: readMessage(readFileSync(join(corpus, path))),
  });
  return answer?.messageIds ?? [];
}

/** The other reader takes the id of a message further inside; these name the one that was returned. */
const ANOTHER_MESSAGE = /lhost-(?:sendmail-(?:38|41)|x5-01)|rhost-yahooinc-03|rfc3464-26/;

test('answerOf() finds the Message-ID of the original wherever a report of the corpus returns it', {
  skip,
}, (context) => {
  let reports = 0;
  let named = 0;
  let returned = 0;
  for (const [path, { original_message_id: original }] of oracle()) {
    if (/^maildir\/not\//.test(path) || ANOTHER_MESSAGE.test(path) || reportOf(path) === null) continue;
    reports += 1;
    const asked = askedFor(path);
    if (asked.length > 0) named += 1;
    if (original === null || original === '' || original === 'None') continue;
    returned += 1;
    const id = original.trim().replace(/^<|>$/g, '');
    assert.ok(asked.includes(id), `${path}: ${id} is not among ${asked.join()}`);
  }
  context.diagnostic(`${named} of ${reports} reports name a message, ${returned} of them the other reader's`);
  assert.ok(named / reports >= 0.85, `${named} of ${reports}`);
});

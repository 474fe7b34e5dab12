/**
 * What comes in by SMTP for a message of ours, told from what does not concern it: a real daemon, and the
 * journal that it leaves.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from '../../../src/message/document/document.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { DaemonUnderTest, Ground } from '../daemon/daemon-under-test.ts';
import { openGroundJournal, outgoingOf, preparedJournal } from '../daemon/ground-journal.ts';
import { send } from '../daemon/mail.ts';
import { submitByHand } from './submit-by-hand.ts';

const QUEUE_ID = '0011223344556677';
const OTHER_ID = '8899aabbccddeeff';

/** Two messages of mailbox `agent`, submitted while no daemon runs. */
async function submitted(ground: Ground): Promise<void> {
  const { journal, mailboxId } = await preparedJournal(ground);
  await using _journal = journal;
  const at = systemClock.now();
  const of = { mailbox: 'agent', mailboxId, at };
  await submitByHand(journal, {
    ...of,
    queueId: QUEUE_ID,
    subject: 'Lunch',
    to: ['bob@example.net', 'eve@example.org'],
  });
  await submitByHand(journal, { ...of, queueId: OTHER_ID, subject: 'Dinner', to: ['bob@example.net'] });
}

async function answersOf(ground: Ground, queueId = QUEUE_ID): Promise<readonly (string | null)[]> {
  return (await outgoingOf(ground, queueId)).recipients.map(({ answer }) => answer);
}

function bounce(address: string, messageId: string): string {
  return `From: MAILER-DAEMON@mx.example.net
To: agent@example.com
Subject: Undelivered
Date: Tue, 24 Nov 2026 20:01:00 +0000
Message-ID: <bounce-${address}@mx.example.net>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ${address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <${messageId}>

--b--
`.replaceAll('\n', '\r\n');
}

function letter(from: string, more: string): string {
  return `From: ${from}
To: agent@example.com
Subject: Re: Lunch
Date: Tue, 24 Nov 2026 20:02:00 +0000
Message-ID: <${from}>
${more}
Yes.
`.replaceAll('\n', '\r\n');
}

interface Mail {
  readonly from?: string;
  readonly to?: string;
  readonly content: string;
}

/** The answers that the recipients of the first message have after these have come, in order. */
async function after(...mails: readonly Mail[]): Promise<readonly (string | null)[]> {
  using ground = new Ground({ hook: null });
  await submitted(ground);
  {
    await using daemon = await DaemonUnderTest.start(ground);
    for (const mail of mails) {
      assert.match((await send(daemon.port, mail)) ?? '', /^250 /);
      await daemon.settled();
    }
  }
  return await answersOf(ground);
}

const MESSAGE_ID = `${QUEUE_ID}@example.com`;
const RETURN_PATH = `agent+b-${QUEUE_ID}@example.com`;
const BOUNCED = 'bounced: 5.1.1 User unknown';

test('answers: a bounce to the return path, whatever Message-ID it names, marks its recipient', async () => {
  const content = bounce('Bob@Example.net', `${OTHER_ID}@example.com`);
  assert.deepEqual(await after({ from: '', to: RETURN_PATH, content }), [BOUNCED, null]);
});

test('answers: a bounce to the plain address is known by the Message-ID; a letter does not hide it', async () => {
  assert.deepEqual(
    await after(
      { from: '', content: bounce('bob@example.net', MESSAGE_ID) },
      { content: letter('bob@example.net', `In-Reply-To: <${MESSAGE_ID}>\n`) },
      { content: letter('eve@example.org', `References: <${MESSAGE_ID}> <2@example.org>\n`) },
    ),
    [BOUNCED, 'replied'],
  );
});

test('answers: an automatic answer, and whatever else comes to the return path, is told from a letter', async () => {
  assert.deepEqual(
    await after(
      {
        from: '',
        to: RETURN_PATH,
        content: letter('bob@example.net', `Auto-Submitted: auto-replied\nIn-Reply-To: <${MESSAGE_ID}>\n`),
      },
      { from: 'eve@example.org', to: RETURN_PATH, content: letter('eve@example.org', '') },
    ),
    ['auto-replied', 'auto-replied'],
  );
});

test('answers: what another mailbox gets, or names nothing of ours, is about nothing', async () => {
  assert.deepEqual(
    await after(
      { from: '', to: 'other@example.com', content: bounce('bob@example.net', MESSAGE_ID) },
      { from: '', to: 'agent+b-ffffffffffffffff@example.com', content: bounce('bob@example.net', '1@x') },
      { content: letter('eve@example.org', '') },
    ),
    [null, null],
  );
});

test('answers: the sent file shows what came back', { timeout: 60_000 }, async () => {
  using ground = new Ground({ hook: null });
  await submitted(ground);
  const { id } = await outgoingOf(ground, QUEUE_ID);
  await filed(ground);
  await using daemon = await DaemonUnderTest.start(ground);
  await send(daemon.port, { from: '', to: RETURN_PATH, content: bounce('bob@example.net', MESSAGE_ID) });
  const path = join(ground.folder, 'data', 'sent', 'agent', `${id}.md`);
  const frontmatter = async (): Promise<Record<string, unknown>> => {
    const document = parseDocument(await readFile(path));
    assert.ok(document.kind === 'document');
    return document.values;
  };
  // The copy is made anew once the answer stands.
  while (!JSON.stringify(await frontmatter()).includes(BOUNCED)) await sleep(20);
  const { outbound, recipients } = await frontmatter();
  assert.equal(outbound, true);
  assert.deepEqual(
    (recipients as readonly Record<string, unknown>[]).map(({ address, answer }) => [address, answer]),
    [
      ['bob@example.net', BOUNCED],
      ['eve@example.org', undefined],
    ],
  );
});

/** Waits until the copies of what was submitted lie in the sent folder, so that only what comes is on its way. */
async function filed(ground: Ground): Promise<void> {
  await using daemon = await DaemonUnderTest.start(ground);
  const count = (): number => daemon.events.filter(({ event }) => event === 'delivery.filed').length;
  while (count() < 2) await sleep(20);
}

for (const point of ['pipeline.answered', 'pipeline.staging', 'pipeline.staged', 'pipeline.published'])
  test(`answers: kill -9 at ${point}: one answer and one file`, { timeout: 60_000 }, async () => {
    using ground = new Ground();
    await submitted(ground);
    await filed(ground);
    {
      await using doomed = await DaemonUnderTest.start(ground, { stopAt: { point, nth: 1 } });
      await send(doomed.port, { from: '', to: RETURN_PATH, content: bounce('bob@example.net', MESSAGE_ID) });
      assert.equal((await doomed.ended()).signal, 'SIGKILL', doomed.log);
    }
    {
      await using daemon = await DaemonUnderTest.start(ground);
      await daemon.settled();
    }
    assert.deepEqual(await answersOf(ground), [BOUNCED, null]);
    assert.equal(ground.files().length, 1);
    assert.equal(ground.starts().length, 1);
    const { deliveryId } = await outgoingOf(ground, QUEUE_ID);
    await using journal = await openGroundJournal(ground);
    const { rows } = await journal.query('trace', { deliveryId });
    assert.equal(rows.filter(({ event }) => event === 'outgoing.answered').length, 1);
  });

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simulatedClock } from '../system/clock.sim.ts';
import { SimulatedConnection, type SimulatedServer } from '../system/outgoing-connection.sim.ts';
import { CLIENT_TIMEOUTS } from './client-timeouts.ts';
import { createSmtpClient } from './smtp-client.ts';
import type { OpenOutcome } from './transmission.ts';

const CONTENT = 'Subject: x\r\n\r\n.\r\nend\r\n';
const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-mx.example.net\r\n250-SIZE 1000\r\n250 PIPELINING\r\n',
  MAIL: '250 2.1.0 ok\r\n',
  RCPT: '250-2.1.5 here\r\n250 2.1.5 ok\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 2.0.0 bye\r\n',
};

/** Answers each command by its verb, and a message by 250. */
function server(replies: Readonly<Record<string, string>> = REPLIES): SimulatedServer {
  let isData = false;
  return {
    greeting: '220-mx.example.net\r\n220 ESMTP\r\n',
    answer(unanswered) {
      let said = '';
      let answered = 0;
      for (;;) {
        const end = isData ? '\r\n.\r\n' : '\r\n';
        const at = unanswered.indexOf(end, answered);
        if (at < 0) return { said, answered };
        const verb = unanswered.slice(answered, answered + 4);
        answered = at + end.length;
        said += isData ? '250 2.0.0 kept\r\n' : (replies[verb] ?? '500 5.5.2 what?\r\n');
        isData = !isData && verb === 'DATA';
      }
    },
  };
}

async function openOn(connection: SimulatedConnection, clock = simulatedClock()): Promise<OpenOutcome> {
  const client = createSmtpClient({
    network: { connect: async () => ({ kind: 'connected', connection }) },
    clock,
  });
  return await client.open(
    { host: 'mx.example.net', address: '192.0.2.1', port: 25 },
    {
      helo: 'us.example',
      tls: { kind: 'opportunistic' },
      credentials: null,
      signal: new AbortController().signal,
    },
  );
}

async function transmitOn(connection: SimulatedConnection): Promise<unknown> {
  const opened = await openOn(connection);
  if (opened.kind !== 'open') return opened;
  await using session = opened.session;
  return await session.transmit(
    {
      envelope: {
        reversePath: 'agent@example.com',
        recipients: ['a@example.net', 'b@example.net'],
        smtputf8: false,
        sizeBytes: CONTENT.length,
      },
      async *content() {
        yield Buffer.from(CONTENT);
      },
      beforeFinalDot: async () => undefined,
    },
    new AbortController().signal,
  );
}

test('createSmtpClient(): any cut of what the server says has the same outcome and says the same', async () => {
  const whole = new SimulatedConnection(server(), []);
  const expected = await transmitOn(whole);
  assert.match(JSON.stringify(expected), /"stage":"dot"/);
  assert.match(
    whole.wire,
    /RCPT TO:<b@example\.net>\r\nDATA\r\nSubject: x\r\n\r\n\.\.\r\nend\r\n\.\r\nQUIT\r\n$/,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }), async (sizes) => {
      const cut = new SimulatedConnection(server(), sizes);
      assert.deepEqual(await transmitOn(cut), expected);
      assert.equal(cut.wire, whole.wire);
    }),
  );
});

test('createSmtpClient(): a reply too many is noticed, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('EHLO', 'MAIL', 'RCPT', 'DATA'),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
      async (verb, sizes) => {
        const replies = { ...REPLIES, [verb]: `${REPLIES[verb]}250 2.0.0 kept\r\n` };
        const connection = new SimulatedConnection(server(replies), sizes);
        assert.match(JSON.stringify(await transmitOn(connection)), /^{"kind":"unavailable"/);
        assert.doesNotMatch(connection.wire, /\r\n\.\r\n$/);
      },
    ),
  );
});

test('createSmtpClient(): a server that refuses what comes and hangs up is heard', async () => {
  const good = server();
  const connection = new SimulatedConnection(
    {
      greeting: good.greeting,
      answer: (unanswered) =>
        unanswered.includes('Subject:')
          ? { said: '552 5.3.4 too large\r\n', answered: unanswered.length, resets: true }
          : good.answer(unanswered),
    },
    [],
  );
  const outcome = await transmitOn(connection);
  assert.match(JSON.stringify(outcome), /^{"kind":"answered".*"permanent":true.*"stage":"data"}$/);
});

test('createSmtpClient(): each part has the time of its own limit, and is given up behind it', async () => {
  const check = async (greeting: string, stage: string, limitMs: number): Promise<void> => {
    const clock = simulatedClock();
    const silent: SimulatedServer = { greeting, answer: () => ({ said: '', answered: 0 }) };
    let outcome: OpenOutcome | null = null;
    const opening = openOn(new SimulatedConnection(silent, []), clock).then((opened) => {
      outcome = opened;
    });
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns();
    clock.advance(limitMs - 1);
    await turns();
    assert.equal(outcome, null, `${stage} waits`);
    clock.advance(1);
    await opening;
    assert.deepEqual(outcome, {
      kind: 'unavailable',
      stage,
      reason: 'no answer within the time limit',
      reply: null,
    });
  };
  await check('', 'greeting', CLIENT_TIMEOUTS.greetingMs);
  await check('220 ESMTP\r\n', 'ehlo', CLIENT_TIMEOUTS.commandMs);
});

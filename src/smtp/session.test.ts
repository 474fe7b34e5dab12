import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS_WITHOUT_MESSAGE_MAX } from './command-budget.ts';
import { SimulatedDriver } from './driver.sim.ts';
import type { SessionOptions } from './session-events.ts';

const MAIL = 'MAIL FROM:<s@other.example>\r\n';
const RCPT = 'RCPT TO:<agent@example.com>\r\n';
const HELLO = 'EHLO client.example\r\n';
const OPEN = `${HELLO}${MAIL}${RCPT}`;

/** Code and enhanced code of a reply line. */
function codes(line: string): string {
  return /^(\d{3})[ -](\d\.\d{1,3}\.\d{1,3})?/.exec(line)?.slice(1).filter(Boolean).join(' ') ?? line;
}

/** Sends `before`, then `input`; compares the codes of the replies to `input`. */
function check(
  name: string,
  before: string,
  input: string,
  expected: readonly string[],
  options: Partial<SessionOptions> = {},
): void {
  it(`${name}: ${JSON.stringify(input.slice(0, 50))}`, () => {
    const driver = new SimulatedDriver(options);
    driver.send(before);
    assert.deepEqual(driver.send(input).map(codes), expected);
  });
}

describe('session: commands', () => {
  it('RFC 5321 §4.2 greets, and RFC 2034 §4 without an enhanced code', () => {
    const driver = new SimulatedDriver();
    assert.deepEqual(driver.send('EHLO c.example\r\n'), [
      '250-mx.example.com',
      '250-PIPELINING',
      '250-SIZE 1000',
      '250-8BITMIME',
      '250-SMTPUTF8',
      '250-ENHANCEDSTATUSCODES',
      '250-CHUNKING',
      '250 STARTTLS',
    ]);
    assert.deepEqual(driver.send('HELO c.example\r\n'), ['250 mx.example.com']);
  });
  check('RFC 5321 §4.1.1.1', '', 'EHLO\r\n', ['501 5.5.4']);
  check('RFC 5321 §4.1.1.1', '', 'EHLO a b\r\n', ['501 5.5.4']);
  check('RFC 5321 §4.1.3', '', 'HELO [IPv6:::1]\r\n', ['250']);
  check('RFC 5321 §2.4 verbs have no case', '', 'helo my_host\r\n', ['250']);
  check('RFC 5321 §4.1.1 trailing white space', '', 'NOOP \t\r\n', ['250 2.0.0']);
  check('RFC 5321 §4.1.1.9', '', 'NOOP what ever\r\n', ['250 2.0.0']);
  check('RFC 5321 §4.1.1.5', '', 'RSET\r\n', ['250 2.0.0']);
  check('RFC 5321 §4.1.1.5', '', 'RSET x\r\n', ['501 5.5.4']);
  check('RFC 5321 §4.1.1.8', '', 'HELP\r\n', ['214 2.0.0']);
  check('RFC 5321 §3.5.3', '', 'VRFY agent\r\n', ['252 2.5.0']);
  check('RFC 5321 §4.1.1.6', '', 'VRFY\r\n', ['501 5.5.4']);
  check('RFC 6531 §3.7.4.2', '', 'VRFY j\xc3\xb6rg SMTPUTF8\r\n', ['252 2.5.0']);
  check('RFC 5321 §4.1.1.7', '', 'EXPN list\r\n', ['502 5.5.1']);
  check('RFC 5321 §4.1.1.10', '', 'QUIT\r\nNOOP\r\n', ['221 2.0.0', 'close']);
  check('RFC 5321 §4.1.4 order', '', MAIL, ['503 5.5.1']);
  check('RFC 5321 §4.1.4 order', HELLO, RCPT, ['503 5.5.1']);
  check('RFC 5321 §4.1.4 order', HELLO, 'DATA\r\n', ['503 5.5.1']);
  check('RFC 5321 §3.3 order', HELLO + MAIL, 'DATA\r\n', ['503 5.5.1']);
  check('RFC 5321 §3.3 no valid recipients', `${HELLO}${MAIL}RCPT TO:<no@example.com>\r\n`, 'DATA\r\n', [
    '554 5.5.1',
  ]);
  check('RFC 5321 §4.1.4 order', HELLO + MAIL, MAIL, ['503 5.5.1']);
  check('RFC 5321 §4.1.4 EHLO ends the transaction', OPEN, `${HELLO}DATA\r\n`, [
    ...Array(8).fill('250'),
    '503 5.5.1',
  ]);
  check('RFC 5321 §4.1.1.5 RSET ends the transaction', OPEN, 'RSET\r\nDATA\r\n', ['250 2.0.0', '503 5.5.1']);
});

describe('session: MAIL and RCPT', () => {
  const mail = (input: string, expected: string, section: string): void =>
    check(section, HELLO, `MAIL ${input}\r\n`, [expected]);
  const recipient = (input: string, expected: string, section: string): void =>
    check(section, HELLO + MAIL, `RCPT ${input}\r\n`, [expected]);
  mail('FROM:<>', '250 2.1.0', 'RFC 5321 §4.5.5');
  mail('from:<a@b.example>', '250 2.1.0', 'RFC 5321 §2.4');
  mail('FROM: <a@b.example>', '250 2.1.0', 'a space that is common');
  mail('FROM:a@b.example', '501 5.1.7', 'RFC 5321 §4.1.2');
  mail('FROM:<a b@c.example>', '501 5.1.7', 'RFC 5321 §4.1.2');
  mail('FROM:<a@b.example>x', '501 5.1.7', 'RFC 5321 §4.1.2');
  mail('TO:<a@b.example>', '501 5.5.4', 'RFC 5321 §4.1.1.2');
  mail('FROM:<a@b.example> SIZE=1000 BODY=8bitmime', '250 2.1.0', 'RFC 1870 §3, RFC 6152 §2');
  mail('FROM:<a@b.example> SIZE=1001', '552 5.3.4', 'RFC 1870 §6.1');
  mail('FROM:<a@b.example> SIZE=99999999999999999999', '552 5.3.4', 'RFC 1870 §6.1');
  mail('FROM:<a@b.example> SIZE=x', '501 5.5.4', 'RFC 1870 §4');
  mail('FROM:<a@b.example> SIZE=1 SIZE=2', '501 5.5.4', 'RFC 5321 §4.1.1.11');
  mail('FROM:<a@b.example> BODY=9BIT', '501 5.5.4', 'RFC 6152 §2');
  mail('FROM:<a@b.example> SMTPUTF8=1', '501 5.5.4', 'RFC 6531 §3.4');
  mail('FROM:<a@b.example> RET=FULL', '555 5.5.4', 'RFC 5321 §4.1.1.11');
  mail('FROM:<a@b.example> =x', '501 5.5.4', 'RFC 5321 §4.1.2');
  mail('FROM:<j\xc3\xb6@b.example>', '501 5.6.7', 'RFC 6531 §3.5');
  mail('FROM:<j\xc3\xb6@b.example> SMTPUTF8', '250 2.1.0', 'RFC 6531 §3.3');
  mail('FROM:<j\xf6@b.example> SMTPUTF8', '500 5.5.2', 'RFC 3629 §3');
  recipient('TO:<agent@example.com>', '250 2.1.5', 'RFC 5321 §3.3');
  recipient('TO:<AGENT+tag@EXAMPLE.org>', '250 2.1.5', 'RFC 5321 §2.4');
  recipient('TO:<"agent"@example.com>', '250 2.1.5', 'RFC 5321 §4.1.2');
  recipient('TO:<Postmaster>', '250 2.1.5', 'RFC 5321 §4.5.1');
  recipient('TO:<@relay.example:agent@example.com>', '250 2.1.5', 'RFC 5321 §4.1.1.3');
  recipient('TO:<nobody@example.com>', '550 5.1.1', 'RFC 5321 §3.3');
  recipient('TO:<a@other.example>', '550 5.7.1', 'relaying');
  recipient('TO:<@example.com:a@other.example>', '550 5.7.1', 'relaying by a source route');
  recipient('TO:<a%other.example@example.com>', '550 5.1.1', 'relaying by a percent');
  recipient('TO:<other.example!a@example.com>', '550 5.1.1', 'relaying by a bang');
  recipient('TO:<"a@other.example"@example.com>', '550 5.1.1', 'relaying by a quoted at-sign');
  recipient('TO:<agent@[127.0.0.1]>', '550 5.7.1', 'relaying by a literal');
  recipient('TO:<agent@example.com@other.example>', '501 5.1.3', 'RFC 5321 §4.1.2');
  recipient('TO:<>', '501 5.1.3', 'RFC 5321 §4.1.1.3');
  recipient('TO:<agent>', '501 5.1.3', 'RFC 5321 §4.1.2');
  recipient('TO:<agent@example.com> NOTIFY=NEVER', '555 5.5.4', 'RFC 5321 §4.1.1.11');
  recipient('TO:<j\xc3\xb6@example.com>', '501 5.6.7', 'RFC 6531 §3.5');
  check('no room', HELLO, MAIL, ['452 4.3.1'], { hasRoom: () => false });
  check('RFC 5321 §4.5.3.1.10 too many recipients', OPEN + RCPT + RCPT, RCPT, ['452 4.5.3']);
});

describe('session: bad lines', () => {
  for (const line of ['NOOP\n', 'NO\rOP\r\n', 'NOOP\r\r\n', '\n', 'NO\0OP\r\n', 'NOOP \0\r\n']) {
    check('reliability §2', '', `${line}NOOP\r\n`, ['500 5.5.2', '250 2.0.0']);
  }
  check('reliability §2 8-bit', '', 'NOOP \xff\r\nNOOP \xc3\xa9\r\n', ['500 5.5.2', '500 5.5.2']);
  check('empty line', '', '\r\n', ['500 5.5.1']);
  check('misspelt', '', 'EHLLO x\r\n', ['500 5.5.1']);
  const noop = (total: number): string => `NOOP ${'x'.repeat(total - 7)}\r\n`;
  check('RFC 5321 §4.5.3.1.4', '', noop(512), ['250 2.0.0']);
  check('RFC 5321 §4.5.3.1.4', '', noop(513), ['500 5.5.2']);
  check('RFC 5321 §4.5.3.1.4', '', `${noop(100_000)}NOOP\r\n`, ['500 5.5.2', '250 2.0.0']);
  check('unknown commands end the session', '', 'X\r\n'.repeat(12), [
    ...Array(10).fill('500 5.5.1'),
    '421 4.7.0',
    'close',
  ]);
  it('ends a session of commands without a message, and no session of messages', () => {
    const idle = new SimulatedDriver();
    assert.deepEqual(idle.send('NOOP\r\n'.repeat(2_000)).map(codes), [
      ...Array(COMMANDS_WITHOUT_MESSAGE_MAX + 6).fill('250 2.0.0'),
      '421 4.7.0',
      'close',
    ]);
    const busy = new SimulatedDriver();
    busy.send(HELLO);
    for (let count = 0; count < 1_000; count += 1) busy.send(`${MAIL}${RCPT}DATA\r\nx\r\n.\r\n`);
    assert.equal(busy.stored.length, 1_000);
  });
  it('RFC 3030 takes a message in many chunks, but not in many that are small', () => {
    const driver = new SimulatedDriver({ maxMessageBytes: 10_000_000 });
    driver.send(OPEN);
    driver.send(`BDAT 600\r\n${'x'.repeat(600)}`.repeat(2_000));
    assert.deepEqual(driver.send('BDAT 0 LAST\r\n').map(codes), ['250 2.0.0']);
    driver.send(`${MAIL}${RCPT}`);
    assert.equal(driver.send('BDAT 1\r\nx'.repeat(2_000)).at(-1), 'close');
  });
  for (const method of ['GET / HTTP/1.1\r\n', 'POST /x HTTP/1.0\n', `GET /${'x'.repeat(5000)}\r\n`]) {
    check('HTTP', '', `${method}Host: x\r\n\r\n`, ['421 4.7.0', 'close']);
  }
  it('a line without an end keeps no more than its limit', () => {
    const driver = new SimulatedDriver();
    for (let count = 0; count < 100; count++) driver.send('x'.repeat(10_000));
    assert.deepEqual(driver.send('\r\nNOOP\r\n').map(codes), ['500 5.5.2', '250 2.0.0']);
  });
});

describe('session: DATA', () => {
  const data = (name: string, content: string, expected: readonly string[], stored: string | null): void => {
    it(`${name}: ${JSON.stringify(content.slice(0, 40))}`, () => {
      const driver = new SimulatedDriver();
      driver.send(`${OPEN}DATA\r\n`);
      assert.deepEqual(driver.send(content).map(codes), expected);
      assert.equal(driver.stored[0]?.content ?? null, stored);
    });
  };
  data('RFC 5321 §4.1.1.4', 'a\r\n.\r\n', ['250 2.0.0'], 'a\r\n');
  data('RFC 5321 §4.1.1.4 empty', '.\r\n', ['250 2.0.0'], '');
  data('RFC 5321 §4.5.2', '..\r\n...a\r\n.b\r\n. \r\n.\r\n', ['250 2.0.0'], '.\r\n..a\r\nb\r\n \r\n');
  data('a text line over 998 octets', `${'x'.repeat(999)}\r\n.\r\n`, ['552 5.3.4'], null);
  data('a text line over 998 octets', `${'x'.repeat(998)}\r\n.\r\n`, ['250 2.0.0'], `${'x'.repeat(998)}\r\n`);
  data('any octet', 'Subject: \xff\x00\x1b\r\n.\r\n', ['250 2.0.0'], 'Subject: \xff\x00\x1b\r\n');
  data(
    'too large, and the session lives',
    `${'x'.repeat(1001)}\r\n.\r\nNOOP\r\n`,
    ['552 5.3.4', '250 2.0.0'],
    null,
  );
  data('twice too large', 'x'.repeat(2001), ['552 5.3.4', 'close'], null);
  data(
    'RFC 5321 §6.3',
    `${'Received: x\r\n'.repeat(70)}\r\n.\r\n`,
    ['250 2.0.0'],
    `${'Received: x\r\n'.repeat(70)}\r\n`,
  );
  const loop = (count: number, code: string): void => {
    it(`RFC 5321 §6.3: ${count} Received fields`, () => {
      const driver = new SimulatedDriver({ maxMessageBytes: 100_000 });
      const fields = 'rECEIVED : from\r\n by\r\n'.repeat(count);
      driver.send(`${OPEN}DATA\r\n`);
      const replies = driver.send(`X-A: b\r\n${fields}\r\n${'Received: in the body\r\n'.repeat(200)}.\r\n`);
      assert.deepEqual(replies.map(codes), [code]);
    });
  };
  loop(100, '250 2.0.0');
  loop(101, '554 5.4.6');

  data('a bare CR before the end', 'x\r\r\n.\r\nNOOP\r\n', ['550 5.6.11', '250 2.0.0'], null);
  data('a bare LF far before the end', 'x\ny\r\n.\r\nNOOP\r\n', ['550 5.6.11', '250 2.0.0'], null);

  const LINE_ENDS = ['\n', '\r', '\r\n', '\r\0\n', '\n\r', '\r\r\n', ''];
  for (const before of LINE_ENDS) {
    for (const after of LINE_ENDS) {
      // A CR too many before the true end of data leaves it the end of data, of a message that is refused.
      if (`${before}.${after}`.includes('\r\n.\r\n')) continue;
      it(`smuggling: ${JSON.stringify(`${before}.${after}`)} ends nothing`, () => {
        const driver = new SimulatedDriver();
        driver.send(`${OPEN}DATA\r\n`);
        const inner = `text${before}.${after}${MAIL}${RCPT}DATA\r\nsecond`;
        assert.deepEqual(driver.send(inner), []);
        const isClean = !/\r(?!\n)|(?<!\r)\n/.test(inner);
        const replies = driver.send('\r\n.\r\nNOOP\r\n').map(codes);
        assert.deepEqual(replies, [isClean ? '250 2.0.0' : '550 5.6.11', '250 2.0.0']);
        assert.equal(driver.stored.length, isClean ? 1 : 0);
      });
    }
  }
});

describe('session: BDAT (RFC 3030)', () => {
  it('takes chunks as they are', () => {
    const driver = new SimulatedDriver();
    driver.send(OPEN);
    assert.deepEqual(driver.send('BDAT 5\r\n.\r\n\n\0BDAT 3 LAST\r\n\r.\rNOOP\r\n').map(codes), [
      '250 2.0.0',
      '250 2.0.0',
      '250 2.0.0',
    ]);
    assert.equal(driver.stored[0]?.content, '.\r\n\n\0\r.\r');
  });
  check('an empty last chunk', OPEN, 'BDAT 1\r\nxBDAT 0 LAST\r\n', ['250 2.0.0', '250 2.0.0']);
  check('§2 chunks are read where refused', HELLO, 'BDAT 6\r\nQUIT\r\nNOOP\r\n', ['503 5.5.1', '250 2.0.0']);
  check('§2 DATA after BDAT', OPEN, 'BDAT 1\r\nxDATA\r\n', ['250 2.0.0', '503 5.5.1']);
  check('RCPT after BDAT', OPEN, `BDAT 1\r\nx${RCPT}`, ['250 2.0.0', '503 5.5.1']);
  check(
    '§2 nothing but RSET after a failure',
    OPEN,
    `BDAT 1001\r\n${'x'.repeat(1001)}BDAT 1\r\nxRSET\r\n${MAIL}`,
    ['552 5.3.4', '503 5.5.1', '250 2.0.0', '250 2.1.0'],
  );
  check('twice too large', OPEN, 'BDAT 2001\r\n', ['552 5.3.4', 'close']);
  check('twice too large without a transaction', HELLO, 'BDAT 99999999999999999999\r\n', [
    '552 5.3.4',
    'close',
  ]);
  check('octets behind what is not understood are no commands', OPEN, 'BDAT x\r\nNOOP\r\n', [
    '501 5.5.4',
    'close',
  ]);
  check('octets behind what is not understood are no commands', OPEN, 'BDAT 5\nNOOP\r\n', [
    '500 5.5.2',
    'close',
  ]);
  const binary = `${HELLO}MAIL FROM:<> BODY=BINARYMIME\r\n${RCPT}`;
  check('§3 BINARYMIME needs BDAT', binary, 'DATA\r\nBDAT 2 LAST\r\n\0\n', ['503 5.5.1', '250 2.0.0']);
});

describe('session: STARTTLS (RFC 3207)', () => {
  check('§4', '', 'STARTTLS now\r\n', ['501 5.5.4']);
  check('not offered', '', 'STARTTLS\r\n', ['502 5.5.1'], { tlsAvailable: false });
  it('§4.2 begins anew', () => {
    const driver = new SimulatedDriver();
    driver.send(OPEN);
    assert.deepEqual(driver.send('STARTTLS\r\n').map(codes), ['220 2.0.0']);
    assert.equal(driver.transcript.at(-1), 'start-tls');
    assert.equal(driver.session.phase, 'waiting');
    driver.handle({ kind: 'tls-established' });
    assert.deepEqual(driver.send(MAIL).map(codes), ['503 5.5.1']);
    assert.ok(!driver.send(HELLO).some((line) => line.includes('STARTTLS')));
    assert.deepEqual(driver.send('STARTTLS\r\n').map(codes), ['503 5.5.1']);
    driver.send(`${MAIL}${RCPT}DATA\r\n.\r\n`);
    assert.equal(driver.stored[0]?.envelope.protocol, 'ESMTPS');
  });
  for (const cut of [true, false]) {
    it(`CVE-2011-0411: bytes before the handshake close the session (${cut ? 'later read' : 'same read'})`, () => {
      const driver = new SimulatedDriver();
      const replies = cut
        ? [...driver.send('STARTTLS\r\n'), ...driver.send('NOOP\r\n')]
        : driver.send('STARTTLS\r\nNOOP\r\n');
      assert.deepEqual(replies.map(codes), ['220 2.0.0', 'close']);
      if (!cut) assert.ok(!driver.transcript.includes('start-tls'));
    });
  }
});

describe('session: commit', () => {
  it('hands the envelope over as it was given', () => {
    const driver = new SimulatedDriver();
    driver.send(`${HELLO}MAIL FROM:<@r.example:S@other.example> SMTPUTF8 BODY=8BITMIME SIZE=9\r\n`);
    driver.send('RCPT TO:<Agent+T@Example.com>\r\nRCPT TO:<postmaster>\r\nDATA\r\nx\r\n.\r\n');
    assert.deepEqual(driver.stored[0]?.envelope, {
      reversePath: 'S@other.example',
      recipients: [
        { forwardPath: 'Agent+T@Example.com', route: { mailbox: 'agent', tag: 'T' } },
        { forwardPath: 'postmaster', route: { mailbox: 'agent', tag: null } },
      ],
      smtputf8: true,
      body: '8BITMIME',
      helo: 'client.example',
      protocol: 'UTF8SMTP',
    });
  });
  it('holds what is pipelined until the commit is answered', () => {
    const driver = new SimulatedDriver({ answersAtOnce: false });
    driver.send(`${OPEN}DATA\r\nx\r\n.\r\nNOOP\r\n`);
    assert.equal(driver.session.phase, 'waiting');
    assert.equal(driver.session.heldBytes, 6);
    assert.deepEqual(driver.send('QUIT\r\n'), []);
    assert.deepEqual(driver.answer(), [
      '250 2.0.0 Ok: queued as m1',
      '250 2.0.0 Ok',
      '221 2.0.0 mx.example.com closing',
      'close',
    ]);
  });
  it('ends a session that sends without end ahead of a reply', () => {
    const driver = new SimulatedDriver({ answersAtOnce: false });
    driver.send(`${OPEN}DATA\r\nx\r\n.\r\n`);
    for (let count = 0; count < 100; count++) driver.send('NOOP\r\n'.repeat(1000));
    assert.ok(driver.session.heldBytes <= 256 * 1024);
    assert.deepEqual(driver.answer().map(codes), ['250 2.0.0', '421 4.7.0', 'close']);
  });
  const failed = (failure: 'no-room' | 'busy' | 'broken', expected: readonly string[]): void => {
    it(`a commit that fails as ${failure}`, () => {
      const driver = new SimulatedDriver({ answersAtOnce: false });
      driver.send(`${OPEN}DATA\r\nx\r\n.\r\n${MAIL}`);
      assert.deepEqual(driver.handle({ kind: 'commit-failed', failure }).map(codes), expected);
    });
  };
  failed('no-room', ['452 4.3.1', '250 2.1.0']);
  failed('busy', ['451 4.3.0', '250 2.1.0']);
  failed('broken', ['421 4.3.0', 'close']);
});

describe('session: evidence (design §3.3)', () => {
  const run = (
    name: string,
    {
      content = 'Subject: x\r\n\r\n',
      behind = '',
      while: meanwhile = '',
      after,
      waitMs = 10_000,
    }: { content?: string; behind?: string; while?: string; after: readonly string[]; waitMs?: number },
    expected: readonly string[],
  ): void => {
    it(name, () => {
      const driver = new SimulatedDriver({ answersAtOnce: false });
      driver.send(`${OPEN}DATA\r\n${content}.\r\n${behind}`);
      if (meanwhile !== '') driver.send(meanwhile);
      driver.nowMs += waitMs;
      driver.answer();
      for (const text of after) {
        driver.send(text);
        if (driver.waitsFor === 'evidence') driver.answer();
      }
      assert.deepEqual(driver.evidence, expected);
    });
  };
  run('a command behind the 250 is evidence, once', { after: ['NOOP\r\n', 'NOOP\r\n'] }, ['m1']);
  run('half a command behind the 250 is not yet', { after: ['NO'] }, []);
  run('a command in two reads behind the 250 is', { after: ['NO', 'OP\r\n'] }, ['m1']);
  run('a command in the read of the dot is not', { behind: 'NOOP\r\n', after: [] }, []);
  run('a command before the 250 is not', { while: 'NOOP\r\n', after: [] }, []);
  run('a command that began before the 250 is not', { while: 'NO', after: ['OP\r\n'] }, []);
  run('the next one is', { while: 'NO', after: ['OP\r\n', 'QUIT\r\n'] }, ['m1']);
  run('RSET is not, nor what follows it', { after: ['RSET\r\n', 'NOOP\r\n'] }, []);
  run('what is no command is not, nor what follows it', { after: ['text\r\n', 'NOOP\r\n'] }, []);
  run('a 250 that left late gives none', { waitMs: 10_001, after: ['NOOP\r\n'] }, []);
  run('a Message-ID needs none', { content: 'message-id : <x>\r\n\r\n', after: ['NOOP\r\n'] }, []);
  run('a Date needs none', { content: 'DATE: x\r\n\r\n', after: ['NOOP\r\n'] }, []);
  run('a Date in the body is none', { content: 'Subject: x\r\n\r\nDate: x\r\n', after: ['NOOP\r\n'] }, [
    'm1',
  ]);
  it('is recorded before the command is answered', () => {
    const driver = new SimulatedDriver({ answersAtOnce: false });
    driver.send(`${OPEN}DATA\r\n.\r\n`);
    driver.answer();
    assert.deepEqual(driver.send('NOOP\r\nQUIT\r\n'), []);
    assert.deepEqual(driver.answer().map(codes), ['250 2.0.0', '221 2.0.0', 'close']);
  });
});

describe('session: time-outs and shutdown', () => {
  it('RFC 5321 §3.8: a time-out is 421 4.4.2 and forgets the message', () => {
    const driver = new SimulatedDriver();
    driver.send(`${OPEN}DATA\r\nx`);
    assert.deepEqual(driver.handle({ kind: 'timed-out', what: 'data' }).map(codes), ['421 4.4.2', 'close']);
    assert.ok(driver.transcript.includes('discard-content'));
    assert.deepEqual(driver.send('NOOP\r\n'), []);
    assert.equal(driver.session.phase, 'closed');
  });
  it('a shutdown ends an idle session at once', () => {
    const driver = new SimulatedDriver();
    driver.send(OPEN);
    assert.deepEqual(driver.handle({ kind: 'shutdown' }).map(codes), ['421 4.3.2', 'close']);
  });
  it('a shutdown lets a message end', () => {
    const driver = new SimulatedDriver();
    driver.send(`${OPEN}DATA\r\nx`);
    assert.deepEqual(driver.handle({ kind: 'shutdown' }), []);
    assert.deepEqual(driver.send('\r\n.\r\nNOOP\r\n').map(codes), ['250 2.0.0', '421 4.3.2', 'close']);
  });
  it('a shutdown lets a message of chunks end', () => {
    const driver = new SimulatedDriver();
    driver.send(`${OPEN}BDAT 1\r\nx`);
    assert.deepEqual(driver.handle({ kind: 'shutdown' }), []);
    assert.deepEqual(driver.send('BDAT 0 LAST\r\n').map(codes), ['250 2.0.0', '421 4.3.2', 'close']);
  });
  it('a shutdown ends a session whose client gives its message up', () => {
    const driver = new SimulatedDriver();
    driver.send(`${OPEN}BDAT 1\r\nx`);
    driver.handle({ kind: 'shutdown' });
    assert.deepEqual(driver.send('RSET\r\n').map(codes), ['250 2.0.0', '421 4.3.2', 'close']);
  });
  it('a shutdown waits for a commit and gives its 250', () => {
    const driver = new SimulatedDriver({ answersAtOnce: false });
    driver.send(`${OPEN}DATA\r\n.\r\n`);
    assert.deepEqual(driver.handle({ kind: 'shutdown' }), []);
    const replies = driver.handle({ kind: 'committed', messageRef: 'm1', atMs: 0 });
    assert.deepEqual(replies.map(codes), ['250 2.0.0', '421 4.3.2', 'close']);
  });
});

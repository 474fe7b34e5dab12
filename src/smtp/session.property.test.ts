import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCommand } from './command.ts';
import { DataFraming } from './data-framing.ts';
import { octets, SimulatedDriver } from './driver.sim.ts';
import { HeaderScan } from './header-scan.ts';
import { parseMailParameters } from './mail-parameters.ts';

/** Pieces of dialogues, right and wrong, so that random sequences get far. */
const PIECES = [
  'EHLO c.example\r\n',
  'MAIL FROM:<a@b.example>\r\n',
  'MAIL FROM:<> SIZE=10 BODY=BINARYMIME\r\n',
  'RCPT TO:<agent@example.com>\r\n',
  'RCPT TO:<nobody@example.com>\r\n',
  'DATA\r\n',
  'Subject: x\r\nDate: y\r\n\r\n',
  '..dots\r\n. \r\n',
  '\r\n.\r\n',
  '.\r\n',
  'BDAT 3\r\nabc',
  'BDAT 7 LAST\r\n\r\n.\r\nab',
  'BDAT 0 LAST\r\n',
  'BDAT 4\r\nQU',
  'RSET\r\n',
  'NOOP\r\n',
  'VRFY x\r\n',
  'STARTTLS\r\n',
  'QUIT\r\n',
  'bare\n',
  'bare\rcr\r\n',
  '\n.\n',
  '\r\n.\n',
  '\n.\r\n',
  '\r.\r\n',
  '\r\r\n',
  '\0',
  '\xc3\xa9\r\n',
  'x'.repeat(300),
  'x'.repeat(1100),
];
/** Most begin as a real session does: random pieces alone seldom get as far as content. */
const OPENINGS = [
  '',
  'EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<agent@example.com>\r\n',
  'EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<agent@example.com>\r\nDATA\r\n',
];
const dialogue = fc
  .tuple(fc.constantFrom(...OPENINGS), fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }))
  .map(([opening, pieces]) => opening + pieces.join(''));

function cutInto(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, index) => text.slice(index === 0 ? 0 : at[index - 1], end));
}

describe('properties of the session', () => {
  it('any split of the same bytes gives the same replies and stores the same messages', () => {
    const cuts = fc.oneof(fc.constant(null), fc.array(fc.nat(5000), { maxLength: 30 }));
    fc.assert(
      fc.property(dialogue, cuts, fc.boolean(), (text, where, answersAtOnce) => {
        const atOnce = new SimulatedDriver();
        const inPieces = new SimulatedDriver({ answersAtOnce });
        const whole = text === '' ? [] : atOnce.send(text);
        const pieces: string[] = [];
        for (const piece of where === null ? text : cutInto(text, where)) {
          if (piece !== '') pieces.push(...inPieces.send(piece));
        }
        while (inPieces.waitsFor !== null) pieces.push(...inPieces.answer());
        assert.deepEqual(pieces, whole);
        assert.deepEqual(inPieces.stored, atOnce.stored);
      }),
      { numRuns: 1500 },
    );
  });

  it('no reply comes before the end of its command', () => {
    fc.assert(
      fc.property(dialogue, (text) => {
        const driver = new SimulatedDriver();
        let lineFeeds = 0;
        let finals = 0;
        for (const octet of text) {
          if (octet === '\n') lineFeeds += 1;
          const replies = driver.send(octet).filter((line) => /^\d{3} /.test(line));
          // A chunk and an overrun end where no line does; each belongs to a command line before it. The overrun
          // that closes is a second reply to its DATA, whose 354 was counted already.
          const isOverrun = (line: string): boolean =>
            line.startsWith('552 5.3.4') && driver.session.phase === 'closed';
          finals += replies.filter((line) => !line.startsWith('421') && !isOverrun(line)).length;
          assert.ok(finals <= lineFeeds, `${finals} replies to ${lineFeeds} lines`);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("a message's 250 comes out of `committed` and of nothing else, and then once", () => {
    const step = fc.oneof(
      fc.constantFrom(...PIECES).map((text) => ({ kind: 'send', text }) as const),
      fc.constantFrom(
        { kind: 'answer' } as const,
        { kind: 'fail', failure: 'no-room' } as const,
        { kind: 'fail', failure: 'busy' } as const,
        { kind: 'shutdown' } as const,
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...OPENINGS), fc.array(step, { maxLength: 40 }), (opening, steps) => {
        const driver = new SimulatedDriver({ answersAtOnce: false });
        if (opening !== '') driver.send(opening);
        for (const next of steps) {
          const wasWaiting = driver.waitsFor;
          let replies: readonly string[] = [];
          if (next.kind === 'send') replies = driver.send(next.text);
          else if (next.kind === 'shutdown') replies = driver.handle({ kind: 'shutdown' });
          else if (next.kind === 'answer' && wasWaiting !== null) replies = driver.answer();
          else if (next.kind === 'fail' && wasWaiting === 'commit') {
            replies = driver.handle({ kind: 'commit-failed', failure: next.failure });
          }
          const queued = replies.filter((line) => line.includes('queued as')).length;
          assert.equal(queued, next.kind === 'answer' && wasWaiting === 'commit' ? 1 : 0);
          if (wasWaiting !== null && (next.kind === 'send' || next.kind === 'shutdown')) {
            assert.deepEqual(replies, [], 'nothing is answered while a message waits');
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('random bytes never throw and always end in a known phase', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (reads) => {
        const driver = new SimulatedDriver();
        for (const bytes of reads) driver.handle({ kind: 'bytes', bytes, atMs: 0 });
        assert.ok(['command', 'content', 'waiting', 'closed'].includes(driver.session.phase));
      }),
      { numRuns: 500 },
    );
  });
});

describe('properties of the grammar', () => {
  it('parseCommand() and parseMailParameters() never throw', () => {
    const near = fc
      .tuple(fc.constantFrom('MAIL FROM:', 'RCPT TO:', 'BDAT ', 'EHLO ', ''), fc.string({ unit: 'binary' }))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(near, (line) => {
        parseCommand(line);
        parseMailParameters(line);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('DataFraming', () => {
  const line = fc.string({ unit: fc.constantFrom(...'.. ab\0\xff'), maxLength: 70 });
  const message = fc
    .array(line, { maxLength: 20 })
    .map((lines) => lines.map((text) => `${text}\r\n`).join(''));

  it('gives back what was stuffed, wherever it is cut', () => {
    fc.assert(
      fc.property(message, fc.array(fc.nat(2000), { maxLength: 12 }), (content, cuts) => {
        const wire = `${content.replace(/^\./gm, '..')}.\r\n`;
        const framing = new DataFraming();
        let got = '';
        let isEnd = false;
        for (const piece of cutInto(wire, cuts)) {
          if (piece === '') continue;
          assert.ok(!isEnd, 'nothing comes behind the end');
          const taken = framing.take(octets(piece), 0);
          got += Buffer.from(taken.content).toString('latin1');
          isEnd = taken.isEnd;
          assert.equal(taken.end, piece.length);
        }
        assert.ok(isEnd);
        assert.ok(!framing.hasBareLineEnd);
        assert.equal(got, content);
      }),
      { numRuns: 1000 },
    );
  });

  it('ends at the first CRLF.CRLF and nowhere else, and reports every bare line end before it', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('\r', '\n', '.', '\r\n', '\r\n.', 'a'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const wire = `${text}\r\n.\r\n`;
        const end = `\r\n${wire}`.indexOf('\r\n.\r\n') + '\r\n.\r\n'.length - '\r\n'.length;
        const framing = new DataFraming();
        let at = 0;
        let taken = framing.take(octets(wire.slice(0, 1)), 0);
        at += 1;
        while (!taken.isEnd && at < wire.length) {
          taken = framing.take(octets(wire.slice(at, at + 1)), 0);
          at += 1;
        }
        assert.ok(taken.isEnd);
        assert.equal(at, end);
        assert.equal(framing.hasBareLineEnd, /\r(?!\n)|(?<!\r)\n/.test(wire.slice(0, end)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('HeaderScan', () => {
  it('sees the same wherever the content is cut', () => {
    const fields = [
      'Received: a\r\n',
      'received\t:b\r\n c\r\n',
      'Message-ID: x\r\n',
      'DATE : y\r\n',
      'X-Date: z\r\n',
      ' Date: w\r\n',
      '\r\n',
      'Received',
    ];
    const content = fc.array(fc.constantFrom(...fields), { maxLength: 12 });
    // What does not begin with a field has no header section.
    const text = content.map((all) => `To: a\r\n${all.join('')}`);
    fc.assert(
      fc.property(text, fc.array(fc.nat(300), { maxLength: 10 }), (written, cuts) => {
        const section = written.split('\r\n\r\n')[0] ?? '';
        const scan = new HeaderScan();
        for (const piece of cutInto(`${written}\r\n`, cuts)) scan.take(octets(piece));
        assert.equal(scan.receivedCount, section.match(/^received[ \t]*:/gim)?.length ?? 0);
        assert.equal(scan.lacksIdentity, !/^(?:date|message-id)[ \t]*:/im.test(section));
      }),
      { numRuns: 1000 },
    );
  });
});

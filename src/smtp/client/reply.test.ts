import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCapabilities } from './capabilities.ts';
import { formatReply, ReplyReader, type ReplyReading } from './reply.ts';
import { FINAL_DOT, Transparency } from './transparency.ts';

function readAll(pieces: readonly string[]): readonly ReplyReading[] {
  const reader = new ReplyReader();
  return pieces.flatMap((piece) => [...reader.take(Buffer.from(piece, 'latin1'))]);
}

test('ReplyReader reads replies of one line and of several, with their enhanced status', () => {
  const check = (text: string, code: number, status: string | null, said: string): void => {
    const [reading] = readAll([text]);
    assert.ok(reading?.kind === 'reply', text);
    const { reply } = reading;
    assert.deepEqual([reply.code, reply.status, reply.text], [code, status, said]);
  };
  check('250 2.1.5 ok\r\n', 250, '2.1.5', 'ok');
  check('250\r\n', 250, null, '');
  check('550-5.1.1 No such user\r\n550 5.1.1 here\r\n', 550, '5.1.1', 'No such user here');
  // Of another class than the reply (RFC 2034 §4).
  check('550 4.2.2 full\r\n', 550, null, '4.2.2 full');
  check('250 ok\n', 250, null, 'ok');
  check('550 \u001b[31mred\u0007\r\n', 550, null, '[31mred');
});

test('ReplyReader answers the same for any split of the same octets', () => {
  const text = '220-one\r\n220 two\r\n250 2.0.0 ok\r\n451 4.3.0 later\r\n';
  const whole = readAll([text]);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
      assert.deepEqual(readAll(pieces), whole);
    }),
  );
});

test('ReplyReader never throws, and bounds what it keeps', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (pieces) => {
      const reader = new ReplyReader();
      for (const piece of pieces) reader.take(piece);
    }),
  );
  const check = (text: string): void =>
    assert.equal(readAll([text]).at(-1)?.kind, 'malformed', text.slice(0, 20));
  check('hello\r\n');
  check('250-one\r\n251 two\r\n');
  check('x'.repeat(5_000));
  check('250-a\r\n'.repeat(200));
  const [long] = readAll([`550 ${'x'.repeat(3_000)}\r\n`]);
  assert.ok(long?.kind === 'reply' && formatReply(long.reply).length < 520);
});

test('readCapabilities() knows what is offered, however it is written', () => {
  const check = (lines: readonly string[], expected: object): void => {
    const reply = { code: 250, status: null, text: '', lines: ['peer.example', ...lines] };
    const { pipelining, startTls, sizeMax, auth, smtputf8 } = readCapabilities(reply);
    assert.deepEqual(
      { pipelining, startTls, sizeMax, auth, smtputf8 },
      { pipelining: false, startTls: false, sizeMax: null, auth: [], smtputf8: false, ...expected },
    );
  };
  check([], {});
  check(['pipelining', 'STARTTLS', 'smtputf8'], { pipelining: true, startTls: true, smtputf8: true });
  check(['SIZE 1000'], { sizeMax: 1000 });
  check(['SIZE'], { sizeMax: 0 });
  check(['SIZE much'], { sizeMax: 0 });
  check(['AUTH PLAIN LOGIN'], { auth: ['PLAIN', 'LOGIN'] });
  check(['AUTH=LOGIN'], { auth: ['LOGIN'] });
});

/** What a server makes of it: the content up to the final dot, its dots undone (RFC 5321 §4.5.2). */
function received(wire: string): string {
  const end = wire.startsWith('.\r\n') ? 0 : wire.indexOf('\r\n.\r\n') + 2;
  assert.equal(wire.slice(end), FINAL_DOT, 'it ends where the client ends it, and nowhere before');
  return wire.slice(0, end).replaceAll(/^\./gm, '');
}

test('Transparency: what a server reads is what was given, with whole lines', () => {
  const octets = fc.array(fc.constantFrom('.', '\r', '\n', '\r\n', 'a', '..', ' '), { maxLength: 40 });
  fc.assert(
    fc.property(octets, fc.nat(7), (parts, size) => {
      const text = parts.join('');
      const transparency = new Transparency();
      let wire = '';
      for (let at = 0; at < text.length; at += size + 1)
        wire += Buffer.from(transparency.encode(Buffer.from(text.slice(at, at + size + 1)))).toString();
      wire += transparency.end() + FINAL_DOT;
      const lines = text.replaceAll(/\r\n|\r|\n/g, '\r\n');
      assert.equal(received(wire), lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`);
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n/);
    }),
  );
});

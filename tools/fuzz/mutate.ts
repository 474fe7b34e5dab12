/** Mutations of byte strings. */
import type { Dice } from './dice.ts';
import { mutateStructure } from './structure.ts';

/** Larger inputs say no more than smaller ones and take longer. */
export const INPUT_BYTES_MAX: number = 64 * 1024;

/** Pieces in which mail, SMTP, TOML and what mail carries keep their corner cases. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\r\n.\r\n',
  '\n.\n',
  '\r\n.\n',
  '..',
  '\0',
  '\ufeff',
  '\t',
  ' ',
  '"',
  '\\',
  '<',
  '>',
  '@',
  '(',
  ')',
  '[',
  ']',
  '[[',
  '{',
  '}',
  '=',
  '=?utf-8?B?',
  '?=',
  '=\r\n',
  '=00',
  '--',
  ';',
  ':',
  ',',
  '+++',
  "'''",
  '"""',
  '%',
  '*',
  '*0*=',
  '\u202e',
  '\u{1f389}',
  '\xff',
  '\x80',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  '--b\r\n',
  '--b--\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'BDAT 5 LAST\r\n',
  'DATA\r\n',
  'RSET\r\n',
  'STARTTLS\r\n',
  'MAIL FROM:<>\r\n',
  'RCPT TO:<agent@example.com>\r\n',
  '<div style="display:none">',
  '</',
  '<!--',
  '-->',
  '&#0;',
  '&amp',
  '<table>',
  '<a href="',
  '99999999999999999999',
  '\r\n\r\n',
  'Content-Type: message/delivery-status\r\n\r\n',
  'Content-Type: text/html\r\n\r\n',
  'Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n',
  'This is the mail system at host a.\r\n<a@b.test>: ',
  'On 5 Jan 2026, Ann wrote:\n',
  '> ',
  'From: a\nSent: b\nTo: c\n',
  '-- \n',
  'BEGIN:VEVENT\r\n',
  'END:VEVENT\r\n',
  'DTSTART;TZID=a:20260101T100000\r\n',
  'RRULE:FREQ=DAILY;COUNT=',
  '<style>',
  '{display:none}',
  '<blockquote>',
  '<ul><li>',
  'rowspan=2',
  'v=DKIM1; p=',
  'h=from:from',
  'include:',
  '%{l1r+}',
  'ip4:0.0.0.0/0',
  '\x1b$B',
  '&#8203;',
  '\\x{110000}',
].map((piece) => Buffer.from(piece));

function insert(input: Buffer, piece: Uint8Array, at: number): Buffer {
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
}

function mutateOnce(input: Buffer, other: Buffer, dice: Dice): Buffer {
  const at = dice.roll(input.length + 1);
  const length = dice.roll(Math.min(32, input.length - at + 1));
  switch (dice.roll(7)) {
    case 0: {
      const copy = Buffer.from(input);
      if (copy.length > 0) copy[Math.min(at, copy.length - 1)] = dice.roll(256);
      return copy;
    }
    case 1:
      return Buffer.concat([input.subarray(0, at), input.subarray(at + length)]);
    case 2:
      return insert(input, input.subarray(at, at + length), dice.roll(input.length + 1));
    case 3:
      return insert(input, PIECES[dice.roll(PIECES.length)] ?? Buffer.alloc(0), at);
    case 4: {
      const piece = PIECES[dice.roll(PIECES.length)] ?? Buffer.alloc(0);
      return insert(input, Buffer.concat(Array.from({ length: 1 << dice.roll(9) }, () => piece)), at);
    }
    case 5:
      return Buffer.concat([input.subarray(0, at), other.subarray(dice.roll(other.length + 1))]);
    default:
      return input.subarray(0, at);
  }
}

/** One to eight mutations of one of the inputs. @param corpus At least one input. */
export function mutate(corpus: readonly Buffer[], dice: Dice): Buffer {
  const pick = (): Buffer => corpus[dice.roll(corpus.length)] ?? Buffer.alloc(0);
  let input = pick();
  for (let left = 1 + dice.roll(8); left > 0; left--) {
    const mutated =
      dice.roll(2) === 0 ? mutateOnce(input, pick(), dice) : mutateStructure(input, pick(), dice);
    input = mutated.subarray(0, INPUT_BYTES_MAX);
  }
  return input;
}

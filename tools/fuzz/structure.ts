/** Mutations that know lines, header fields and MIME parts, so that what comes out is still nearly mail. */
import type { Dice } from './dice.ts';

/** Lines with their line ends, in Latin-1: one character is one octet. */
function linesOf(input: Buffer): string[] {
  return input.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function toBuffer(...pieces: readonly string[]): Buffer {
  return Buffer.from(pieces.join(''), 'latin1');
}

/** Every line end, or each by chance, becomes another one. */
function swapLineEnds(input: Buffer, dice: Dice): Buffer {
  const ends = ['\r\n', '\n', '\r'];
  const one = ends[dice.roll(3)] ?? '\n';
  const mixed = dice.roll(2) === 0;
  return toBuffer(
    input.toString('latin1').replace(/\r\n|\n|\r/g, () => (mixed ? (ends[dice.roll(3)] ?? '\n') : one)),
  );
}

/** A line of one message in another, or once more, or gone. */
function spliceLine(input: Buffer, other: Buffer, dice: Dice): Buffer {
  const lines = linesOf(input);
  const donors = linesOf(other);
  const at = dice.roll(lines.length + 1);
  const donor = donors[dice.roll(donors.length + 1)] ?? '\r\n';
  switch (dice.roll(4)) {
    case 0:
      return toBuffer(...lines.slice(0, at), donor, ...lines.slice(at));
    case 1:
      return toBuffer(...lines.slice(0, at), ...lines.slice(at + 1));
    case 2:
      return toBuffer(...lines.slice(0, at), donor, ...lines.slice(at + 1));
    default: {
      const again = (lines[at] ?? donor).repeat(1 << dice.roll(8));
      return toBuffer(...lines.slice(0, at), again, ...lines.slice(at));
    }
  }
}

/** Where lines begin that look like MIME delimiters. */
function delimiters(lines: readonly string[]): readonly number[] {
  return lines.flatMap((line, index) => (line.startsWith('--') ? [index] : []));
}

/** A part of one message before a delimiter of another. */
function splicePart(input: Buffer, other: Buffer, dice: Dice): Buffer {
  const lines = linesOf(input);
  const donors = linesOf(other);
  const places = delimiters(lines);
  const starts = delimiters(donors);
  const at = places[dice.roll(places.length + 1)] ?? lines.length;
  const first = dice.roll(starts.length + 1);
  const part = donors.slice(starts[first] ?? 0, starts[first + 1 + dice.roll(2)] ?? donors.length);
  const own = lines[at];
  // With the host's delimiter it is one of its parts; with its own it is text.
  if (own !== undefined && dice.roll(2) === 0) part[0] = own;
  return toBuffer(...lines.slice(0, at), ...part, ...lines.slice(at));
}

/** One boundary for all multiparts, or a boundary that none has. */
function confuseBoundaries(input: Buffer, dice: Dice): Buffer {
  const text = input.toString('latin1');
  const names = [...text.matchAll(/boundary\s*=\s*"?([^\s";]{1,70})/gi)].map((match) => match[1] as string);
  const from = names[dice.roll(names.length + 1)] ?? 'b';
  const to = names[dice.roll(names.length + 1)] ?? 'absent';
  return toBuffer(text.replaceAll(from, to));
}

/** The whole as a part of a multipart, or as an attached message, with another encoding by chance. */
function wrap(input: Buffer, dice: Dice): Buffer {
  const type = [
    'message/rfc822',
    'text/html',
    'message/delivery-status',
    'text/calendar',
    'multipart/alternative; boundary=w',
  ];
  const head = `Content-Type: ${type[dice.roll(type.length)]}\r\n`;
  switch (dice.roll(3)) {
    case 0:
      return toBuffer(
        'Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n',
        head,
        '\r\n',
        input.toString('latin1'),
        '\r\n--w--\r\n',
      );
    case 1:
      return toBuffer(
        head,
        'Content-Transfer-Encoding: base64\r\n\r\n',
        input.toString('base64').replace(/.{76}/g, '$&\r\n'),
      );
    default:
      return toBuffer(head, '\r\n', input.toString('latin1'));
  }
}

/** A fold (RFC 5322 §2.2.3) where there was none. */
function fold(input: Buffer, dice: Dice): Buffer {
  const at = dice.roll(input.length + 1);
  const space = dice.roll(2) === 0 ? '\r\n ' : '\n\t';
  return Buffer.concat([input.subarray(0, at), Buffer.from(space), input.subarray(at)]);
}

/** One mutation of a message's structure. */
export function mutateStructure(input: Buffer, other: Buffer, dice: Dice): Buffer {
  switch (dice.roll(8)) {
    case 0:
      return swapLineEnds(input, dice);
    case 1:
      return splicePart(input, other, dice);
    case 2:
      return confuseBoundaries(input, dice);
    case 3:
      return wrap(input, dice);
    case 4:
      return fold(input, dice);
    default:
      return spliceLine(input, other, dice);
  }
}

/**
 * Reads a corpus of mail that others made, each with the parts that another parser finds in it, when
 * the corpus lies beside the project; else this skips.
 *
 * It is a measure and not a specification: the rate must not fall below what is reached.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAddresses } from '../../src/message/addresses.ts';
import { parseDateTime } from '../../src/message/date-time.ts';
import { parseMessageIds } from '../../src/message/message-ids.ts';
import { parseParameterized } from '../../src/message/parameters.ts';
import { readMessage } from '../../src/message/read-message.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/mime');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/mime is not here';

interface ExpectedPart {
  readonly headers: readonly { readonly name: string | object; readonly value: { readonly Text?: string } }[];
  readonly body: { readonly Text?: string; readonly Html?: string };
}

interface Expected {
  readonly text_body: readonly number[];
  readonly attachments: readonly number[];
  readonly parts: readonly ExpectedPart[];
}

function squeeze(text: string): string {
  return text.replace(/[\s\0\ufffd]+/g, '');
}

/** What differs between our reading and the corpus's; empty where nothing does. */
function differences(raw: Uint8Array, expected: Expected): readonly string[] {
  const read = readMessage(raw);
  const found: string[] = [];
  const shown = expected.text_body.map((index) => expected.parts[index]?.body ?? {});
  const texts = shown.flatMap((body) => (body.Text === undefined ? [] : [squeeze(body.Text)]));
  const body = squeeze(read.body);
  for (const text of texts) if (!body.includes(text)) found.push(`text ${JSON.stringify(text.slice(0, 60))}`);
  if (shown.some((part) => squeeze(part.Html ?? '') !== '') && body === '') found.push('html');
  const attached = new Set(expected.attachments);
  for (const index of expected.text_body) {
    const part = expected.parts[index]?.body ?? {};
    if (part.Text === undefined && part.Html === undefined) attached.add(index);
  }
  if (read.attachments.length !== attached.size) {
    found.push(`attachments ${read.attachments.length}, expected ${attached.size}`);
  }
  const subject = expected.parts[0]?.headers.find((header) => header.name === 'subject')?.value.Text;
  if (subject !== undefined && squeeze(subject) !== squeeze(read.header.subject)) {
    found.push(`subject ${JSON.stringify(read.header.subject)}, expected ${JSON.stringify(subject)}`);
  }
  return found;
}

test('readMessage() finds what the corpus of mails expects, with LF and with CRLF', { skip }, (context) => {
  let passed = 0;
  let all = 0;
  for (const family of ['rfc', 'legacy', 'malformed', 'thirdparty']) {
    const folder = join(corpus, 'eml', family);
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.eml'))
      .sort()) {
      const raw = readFileSync(join(folder, name));
      const crlf = Buffer.from(raw.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
      for (const [bytes, suffix] of [
        [raw, 'json'],
        [crlf, 'crlf.json'],
      ] as const) {
        const file = join(folder, name.replace(/eml$/, suffix));
        if (!existsSync(file)) continue;
        all += 1;
        const found = differences(bytes, JSON.parse(readFileSync(file, 'utf8')) as Expected);
        if (found.length === 0) passed += 1;
        else context.diagnostic(`${family}/${name} ${suffix}: ${found.join('; ')}`);
      }
    }
  }
  context.diagnostic(`${passed} of ${all} readings agree`);
  assert.ok(passed / all >= 0.75, `${passed} of ${all} agree`);
});

function cases(name: string): readonly { readonly header: string; readonly expected: never }[] {
  return JSON.parse(readFileSync(join(corpus, name), 'utf8')) as never;
}

function unfold(text: string): string {
  return Buffer.from(text.replace(/\r?\n/g, ''), 'utf8').toString('latin1').trim();
}

test('header field parsers agree with the corpus of fields', { skip }, (context) => {
  const rates: string[] = [];
  const rate = (name: string, agrees: (header: string, expected: never) => boolean): void => {
    const all = cases(name);
    const wrong = all.filter(({ header, expected }) => !agrees(unfold(header), expected));
    for (const { header, expected } of wrong) {
      context.diagnostic(
        `${name}: ${JSON.stringify(header)} expected ${JSON.stringify(expected).slice(0, 300)}`,
      );
    }
    rates.push(`${name} ${all.length - wrong.length}/${all.length}`);
    assert.ok(wrong.length / all.length < 0.5, `${name}: ${wrong.length} of ${all.length} differ`);
  };
  rate(
    'date.json',
    (header, expected: { year: number; hour: number; minute: number; day: number } | null) => {
      const date = parseDateTime(header);
      if (expected === null || date === null) return expected === null && date === null;
      const { rfc3339 } = date;
      return (
        Number(rfc3339.slice(0, 4)) === expected.year &&
        Number(rfc3339.slice(8, 10)) === expected.day &&
        Number(rfc3339.slice(11, 13)) === expected.hour &&
        Number(rfc3339.slice(14, 16)) === expected.minute
      );
    },
  );
  rate('id.json', (header, expected: readonly string[] | string | null) => {
    const ids = parseMessageIds(header);
    const wanted = expected === null ? [] : [expected].flat();
    return JSON.stringify(ids) === JSON.stringify(wanted);
  });
  rate(
    'content_type.json',
    (
      header,
      expected: { c_type: string; c_subtype: string | null; attributes: null | [string, string][] } | null,
    ) => {
      const parsed = parseParameterized(header);
      if (expected === null) return true;
      const type = expected.c_subtype === null ? expected.c_type : `${expected.c_type}/${expected.c_subtype}`;
      return (
        parsed.value === type.toLowerCase() &&
        (expected.attributes ?? []).every(
          ([name, value]) => parsed.parameters.get(name.toLowerCase()) === value,
        )
      );
    },
  );
  rate('address.json', (header, expected: object) => {
    const wanted = JSON.stringify(expected).match(/"address":"(?:[^"\\]|\\.)*"/g) ?? [];
    const ours = parseAddresses(header).map(({ address }) => `"address":${JSON.stringify(address)}`);
    return wanted.every((address) => ours.includes(address));
  });
  context.diagnostic(rates.join(', '));
});

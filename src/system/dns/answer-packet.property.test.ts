/** Whatever a server sends, it is read soon and to an end; what dns-packet writes is read as it was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import type { DnsRecordType } from '../dns.ts';
import { ANSWER_RECORDS_MAX, readAnswerPacket } from './answer-packet.ts';
import { answersQuestion, readAnswer } from './exchange.ts';
import { encodeQuestion, parseQuestionName, type Question } from './question.ts';

const TYPES: readonly DnsRecordType[] = ['A', 'AAAA', 'MX', 'TXT', 'PTR'];

function question(name: string, type: DnsRecordType): Question {
  const parsed = parseQuestionName(name);
  assert.ok(parsed !== null);
  return { name: parsed, type };
}

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const record = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl: fc.nat(), data: fc.ipV4() }),
  fc.record({ type: fc.constant('CNAME' as const), name, ttl: fc.nat(), data: name }),
  fc.record({
    type: fc.constant('TXT' as const),
    name,
    ttl: fc.nat(),
    data: fc.array(fc.string({ maxLength: 50 })),
  }),
  fc.record({ type: fc.constant('NS' as const), name, ttl: fc.nat(), data: name }),
);
const packet = fc.record({
  questions: name.map((text) => [{ type: 'TXT' as const, name: text }]),
  answers: fc.array(record, { maxLength: 8 }),
  authorities: fc.array(record, { maxLength: 3 }),
});

function encoded(parts: Packet): Buffer {
  return encode({ type: 'response', id: 1, ...parts });
}

test('readAnswer() comes to something for random octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.constantFrom(...TYPES), (bytes, type) => {
      const asked = question('example.com', type);
      answersQuestion(encodeQuestion(asked, { id: 1, useEdns: true }), bytes);
      assert.ok(readAnswer(bytes, asked, 0).kind.length > 0);
    }),
    { numRuns: 1_000 },
  );
});

test('readAnswer() comes to something for answers of which octets were changed or cut off', () => {
  const change = fc.record({ at: fc.nat(600), octet: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(packet, fc.array(change, { maxLength: 6 }), fc.nat(600), (parts, changes, cut) => {
      const bytes = encoded(parts as Packet);
      for (const { at, octet } of changes) if (at < bytes.length) bytes[at] = octet;
      const asked = question('example.com', 'TXT');
      assert.ok(readAnswer(bytes, asked, 0).kind.length > 0);
      assert.ok(readAnswer(bytes.subarray(0, cut), asked, 0).kind.length > 0);
    }),
    { numRuns: 1_000 },
  );
});

test('readAnswerPacket() reads what dns-packet writes', () => {
  fc.assert(
    fc.property(packet, (parts) => {
      const read = readAnswerPacket(encoded(parts as Packet), 'TXT');
      assert.equal(read.kind, 'answer');
      const expected = parts.answers.flatMap((answer): readonly unknown[] => {
        const own = { owner: answer.name, ttlSeconds: answer.ttl };
        if (answer.type === 'CNAME') return [{ ...own, content: { kind: 'alias', target: answer.data } }];
        if (answer.type !== 'TXT') return [];
        const text = Buffer.from(answer.data.join(''), 'utf8').toString('latin1');
        return [{ ...own, content: { kind: 'record', record: text } }];
      });
      assert.deepEqual(read.kind === 'answer' && read.records, expected);
    }),
  );
});

test('encodeQuestion() writes a question that it answers itself to, in any case of letters', () => {
  fc.assert(
    fc.property(name, fc.constantFrom(...TYPES), fc.nat(0xffff), fc.boolean(), (text, type, id, useEdns) => {
      const sent = encodeQuestion(question(text, type), { id, useEdns });
      const answer = encode({ type: 'response', id, questions: [{ type, name: text.toUpperCase() }] });
      assert.ok(answersQuestion(sent, answer));
      answer.writeUInt16BE(id ^ 0x100, 0);
      assert.ok(!answersQuestion(sent, answer));
    }),
  );
});

/** An answer section of `octets` that says that it has `count` records. */
function withRecords(count: number, octets: Uint8Array): Buffer {
  const head = encoded({ questions: [{ type: 'TXT', name: 'a' }] });
  head.writeUInt16BE(count, 6);
  return Buffer.concat([head, octets]);
}

test('readAnswerPacket() refuses pointers that lead forward, to themselves or in circles', () => {
  const tail = Buffer.of(0, 16, 0, 1, 0, 0, 0, 0, 0, 0);
  // The answer section begins at 19; before it is the question's name "a" at 12.
  for (const owner of [
    [0xc0, 19],
    [0xc0, 21],
    [0xff, 0xff],
    [1, 0x61, 0xc0, 19],
    [0x80, 0],
    [0x40, 0],
    [63],
  ]) {
    assert.equal(
      readAnswerPacket(withRecords(1, Buffer.concat([Buffer.from(owner), tail])), 'TXT').kind,
      'mangled',
    );
  }
  assert.equal(
    readAnswerPacket(withRecords(1, Buffer.concat([Buffer.of(0xc0, 12), tail])), 'TXT').kind,
    'answer',
  );
});

test('readAnswerPacket() refuses more records than a thousand, and is quick about the worst there is', () => {
  const one = Buffer.of(0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0, 0);
  const many = (count: number): Buffer =>
    withRecords(count, Buffer.concat(Array.from({ length: count }, () => one)));
  assert.equal(readAnswerPacket(many(ANSWER_RECORDS_MAX), 'TXT').kind, 'answer');
  assert.equal(readAnswerPacket(many(ANSWER_RECORDS_MAX + 1), 'TXT').kind, 'mangled');
  assert.equal(readAnswerPacket(withRecords(0xffff, one), 'TXT').kind, 'mangled');
  // Each name a chain of all pointers that a name may have, in a message as long as there can be.
  const chain = Buffer.alloc(16_000);
  for (let at = 0; at < chain.length; at += 2)
    chain.writeUInt16BE(0xc000 + (at === 0 ? 12 : 19 + 12 + at - 2), at);
  const hidden = Buffer.from([0, 0, 99, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 0xff]);
  const last = Buffer.of(0xc0 + ((31 + 250) >> 8), (31 + 250) & 0xff, 0, 16, 0, 1, 0, 0, 0, 9, 0, 0);
  const records = Array.from({ length: 900 }, () => last);
  const began = performance.now();
  readAnswerPacket(withRecords(901, Buffer.concat([hidden, chain, ...records])), 'TXT');
  assert.ok(performance.now() - began < 500);
});

test('readAnswerPacket() tells names apart that look the same with dots', () => {
  const target = Buffer.from('\x0bexample.com\x00', 'latin1');
  const alias: Answer = { type: 'CNAME', name: 'a', data: 'example.com' };
  const honest = readAnswerPacket(encoded({ questions: [{ type: 'A', name: 'a' }], answers: [alias] }), 'A');
  const fields = Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, target.length);
  const dotted = readAnswerPacket(withRecords(1, Buffer.concat([fields, target])), 'A');
  const targetOf = (read: ReturnType<typeof readAnswerPacket>): unknown =>
    read.kind === 'answer' ? read.records[0]?.content : read;
  assert.deepEqual(targetOf(honest), { kind: 'alias', target: 'example.com' });
  assert.deepEqual(targetOf(dotted), { kind: 'alias', target: 'example\\.com' });
});

test('readAnswerPacket() refuses a name that does not end where its record does', () => {
  const alias = (octets: readonly number[], length: number): Buffer =>
    withRecords(1, Buffer.from([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, length, ...octets]));
  assert.equal(readAnswerPacket(alias([1, 0x62, 0], 3), 'A').kind, 'answer');
  assert.equal(readAnswerPacket(alias([1, 0x62, 0, 0], 4), 'A').kind, 'mangled');
  assert.equal(readAnswerPacket(alias([1, 0x62, 0], 2), 'A').kind, 'mangled');
});

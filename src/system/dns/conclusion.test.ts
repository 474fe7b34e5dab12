import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, type Packet } from 'dns-packet';
import { readAnswerPacket } from './answer-packet.ts';
import { concludeFrom } from './conclusion.ts';

function check(answers: Packet['answers'], expected: unknown): void {
  const bytes = encode({
    type: 'response',
    questions: [{ type: 'A', name: 'a' }],
    ...(answers && { answers }),
  });
  const packet = readAnswerPacket(bytes, 'A');
  assert.deepEqual(packet.kind === 'answer' ? concludeFrom(packet) : packet, expected);
}

const ADDRESS = { type: 'A', name: 'b', ttl: 60, data: '192.0.2.1' } as const;

test('concludeFrom() holds for the least TTL of a chain and its records', () => {
  const records = ['192.0.2.1'];
  const alias = { type: 'CNAME', name: 'a', ttl: 30, data: 'b' } as const;
  check([alias, ADDRESS], { kind: 'records', records, ttlSeconds: 30, aliases: 1 });
  check([{ ...alias, ttl: 90 }, ADDRESS], { kind: 'records', records, ttlSeconds: 60, aliases: 1 });
  // RFC 2181 §8.
  const unsigned = { ...ADDRESS, name: 'a', ttl: 0x8000_0000 };
  check([unsigned], { kind: 'records', records, ttlSeconds: 0, aliases: 0 });
  check([alias], { kind: 'elsewhere', target: 'b', ttlSeconds: 30, aliases: 1 });
});

test('concludeFrom() leaves out records of other names', () => {
  check([ADDRESS], { kind: 'no-data', ttlSeconds: null, aliases: 0 });
});

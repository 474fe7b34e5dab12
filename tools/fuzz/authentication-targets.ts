/** The parsers of what strangers say of themselves, in header fields and in DNS: what must hold for every input. */
import assert from 'node:assert/strict';
import { readArcSets } from '../../src/authentication/arc/arc-sets.ts';
import { parseAuthenticationResults } from '../../src/authentication/authentication-results.ts';
import { hashBody } from '../../src/authentication/dkim/body-hash.ts';
import { canonicalField } from '../../src/authentication/dkim/canonical-field.ts';
import { parseKeyRecord } from '../../src/authentication/dkim/key-record.ts';
import { mapMessageOctets, rawValue } from '../../src/authentication/dkim/message-octets.ts';
import { parseDkimSignature } from '../../src/authentication/dkim/signature.ts';
import { parseDmarcRecord } from '../../src/authentication/dmarc/record.ts';
import { readFieldFacts } from '../../src/authentication/field-facts.ts';
import { parseClientAddress, reverseName } from '../../src/authentication/ip-address.ts';
import { expandDomainSpec, parseDomainSpec } from '../../src/authentication/spf/macro.ts';
import { parseSpfRecord } from '../../src/authentication/spf/record.ts';
import { readAnswerPacket } from '../../src/system/dns/answer-packet.ts';
import { parseQuestionName } from '../../src/system/dns/question.ts';
import type { Target } from './target.ts';

function signed(input: Buffer): void {
  const message = mapMessageOctets(input);
  readFieldFacts(input);
  readArcSets(message);
  for (const field of message.fields) {
    assert.ok(
      field.start <= field.nameEnd && field.valueStart <= field.end,
      'a field has its octets in order',
    );
    const relaxed = canonicalField(message, field, { form: 'relaxed' });
    assert.ok(!/[ \t]{2}|[ \t]$/.test(relaxed.slice(field.name.length + 1)), JSON.stringify(relaxed));
    if (field.name === 'dkim-signature') parseDkimSignature(rawValue(message, field));
  }
  const body = input.subarray(message.bodyStart);
  for (const form of ['simple', 'relaxed'] as const) hashBody(body, form);
}

function records(input: Buffer): void {
  const text = input.toString('latin1');
  parseDkimSignature(text);
  for (const algorithm of ['rsa-sha256', 'ed25519-sha256'] as const) parseKeyRecord(text, algorithm);
  parseDmarcRecord(text);
  parseAuthenticationResults(text);
  const record = parseSpfRecord(text);
  if (record.kind === 'malformed') assert.ok(record.problem.length < 1_000, record.problem);
}

const VALUES = {
  s: 'a@b.test',
  l: 'a',
  o: 'b.test',
  d: 'b.test',
  i: '192.0.2.1',
  p: 'unknown',
  v: 'in-addr',
  h: 'h.test',
};

function macros(input: Buffer): void {
  const spec = parseDomainSpec(input.toString('latin1'));
  if (spec === null) return;
  const name = expandDomainSpec(spec, VALUES);
  assert.ok(name === null || name.length <= 253, 'a name is no longer than DNS takes');
}

function names(input: Buffer): void {
  const text = input.toString('latin1');
  const address = parseClientAddress(text);
  if (address !== null) assert.match(reverseName(address), /^[0-9a-f.]+\.(?:in-addr|ip6)\.arpa$/);
  parseQuestionName(text);
}

function answer(input: Buffer): void {
  for (const type of ['A', 'AAAA', 'MX', 'TXT', 'PTR'] as const) readAnswerPacket(input, type);
}

export const AUTHENTICATION_TARGETS: Readonly<Record<string, Target>> = {
  signed,
  records,
  macros,
  names,
  answer,
};

/** Everything that is fuzzed. */
import assert from 'node:assert/strict';
import { formatMailbox, parseMailbox } from '../../src/address/mailbox.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { readCapabilities } from '../../src/smtp/client/capabilities.ts';
import { ReplyReader, type ReplyReading } from '../../src/smtp/client/reply.ts';
import { FINAL_DOT, Transparency } from '../../src/smtp/client/transparency.ts';
import { SimulatedDriver } from '../../src/smtp/driver.sim.ts';
import { AUTHENTICATION_TARGETS } from './authentication-targets.ts';
import { MESSAGE_TARGETS } from './message-targets.ts';
import type { Target } from './target.ts';

/** The transcript without what differs by how octets were cut into reads. */
function replies(driver: SimulatedDriver, pieces: readonly Buffer[]): readonly string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    if (lines.includes('close')) break;
    // After STARTTLS the driver would hand over to TLS: what follows in clear is another session's.
    if (driver.transcript.includes('start-tls')) break;
    lines.push(...driver.send(piece.toString('latin1')));
  }
  return lines;
}

/** The same octets get the same replies and store the same messages however they are cut. */
function session(input: Buffer): void {
  const whole = new SimulatedDriver();
  const cut = new SimulatedDriver();
  const pieces = Array.from(input, (octet) => Buffer.of(octet));
  const expected = replies(whole, [input]);
  const found = replies(cut, pieces);
  // Octets behind STARTTLS in one read close the session (CVE-2011-0411); octet by octet they are never seen.
  if (!whole.transcript.includes('start-tls') && !cut.transcript.includes('start-tls'))
    assert.deepEqual(found, expected);
  for (const { content } of whole.stored) assert.ok(content.length <= 1000, 'larger than its limit');
}

function address(input: Buffer): void {
  const parsed = parseMailbox(input.toString('utf8'));
  if (parsed.kind === 'parsed')
    assert.deepEqual(parseMailbox(formatMailbox(parsed.value)), parsed, 'parse(format(x)) = x');
}

function config(input: Buffer): void {
  parseConfig(input.toString('utf8'), { path: 'config.toml', currentUser: 'sam', isRoot: false, cores: 1 });
}

/** What a server sends to the client is the same replies however it is cut, each bounded and on one line. */
function reply(input: Buffer): void {
  const whole = readingsOf([input]);
  assert.deepEqual(readingsOf(Array.from(input, (octet) => Buffer.of(octet))), whole);
  for (const reading of whole) {
    if (reading.kind === 'malformed') continue;
    const { code, text } = reading.reply;
    assert.ok(code >= 200 && code < 600 && text.length <= 500 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), text);
    readCapabilities(reading.reply);
  }
}

function readingsOf(pieces: readonly Buffer[]): readonly ReplyReading[] {
  const reader = new ReplyReader();
  const readings: ReplyReading[] = [];
  for (const piece of pieces) {
    readings.push(...reader.take(piece));
    // Nothing behind it is understood.
    if (readings.at(-1)?.kind === 'malformed') break;
  }
  return readings;
}

/** A server finds the end of what the client sends where the client ends it, and whole lines before it. */
function transparency(input: Buffer): void {
  const encoder = new Transparency();
  const pieces = Array.from(input, (octet) => encoder.encode(Buffer.of(octet)));
  const wire = `\r\n${Buffer.concat(pieces).toString('latin1')}${encoder.end()}${FINAL_DOT}`;
  assert.equal(wire.indexOf('\r\n.\r\n'), wire.length - 5);
  assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n/);
}

export const TARGETS: Readonly<Record<string, Target>> = {
  session,
  reply,
  transparency,
  address,
  config,
  ...MESSAGE_TARGETS,
  ...AUTHENTICATION_TARGETS,
};

/** Everything that is fuzzed. */
import assert from 'node:assert/strict';
import { formatMailbox, parseMailbox } from '../../src/address/mailbox.ts';
import { parseConfig } from '../../src/config/parse.ts';
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

export const TARGETS: Readonly<Record<string, Target>> = {
  session,
  address,
  config,
  ...MESSAGE_TARGETS,
  ...AUTHENTICATION_TARGETS,
};

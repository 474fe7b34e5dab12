/** How the golden tests render: fixed facts of arrival, CRLF line ends as SMTP delivers them. */
import { renderMessage } from '../../src/message/render.ts';
import { epochMs } from '../../src/system/clock.ts';

export const FAMILIES: readonly string[] = ['rfc', 'malformed', 'thirdparty', 'html', 'reports', 'charset'];

export function withLineEnds(raw: Uint8Array, lineEnd: '\n' | '\r\n'): Uint8Array {
  return Buffer.from(Buffer.from(raw).toString('latin1').replace(/\r?\n/g, lineEnd), 'latin1');
}

/** The document that a raw message becomes. */
export function renderGolden(raw: Uint8Array): string {
  return renderMessage(raw, {
    mailbox: 'agent',
    deliveredTo: ['agent@b.test'],
    tag: null,
    receivedAt: epochMs(Date.UTC(2026, 10, 24, 20)),
    receivedFromIp: '192.0.2.1',
    envelopeFrom: 'sender@a.test',
  }).document;
}

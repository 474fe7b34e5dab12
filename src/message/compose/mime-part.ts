/**
 * The tree of parts that a composed message is (RFC 2045, RFC 2046), with sizes known before a single
 * octet of an attachment is read.
 *
 * A part's body ends without a line end: the one before a boundary belongs to the boundary
 * (RFC 2046 §5.1.1).
 */
import { Buffer } from 'node:buffer';
import type { TextOctets } from './body-octets.ts';
import { foldField } from './fold-field.ts';
import { parameterWords } from './header-text.ts';

export interface MimePart {
  /** The fields that begin with `Content-`, with their line ends. */
  readonly fields: string;
  readonly bodySizeBytes: number;
  /** The same octets at every call. */
  readonly body: () => AsyncIterable<Uint8Array>;
}

/** A part of text. */
export function textPart(contentType: 'text/plain' | 'text/html', text: TextOctets): MimePart {
  return {
    fields: [
      foldField('Content-Type', [`${contentType};`, 'charset=utf-8']),
      foldField('Content-Transfer-Encoding', [text.encoding]),
    ].join(''),
    bodySizeBytes: text.octets.length,
    body: async function* () {
      yield text.octets;
    },
  };
}

export interface MultipartOptions {
  readonly subtype: 'mixed' | 'alternative' | 'related';
  /** Unique in the message; no line of a part begins with it. */
  readonly boundary: string;
  readonly children: readonly MimePart[];
}

/** Parts under one another. `related` begins with the one that shows the others (RFC 2387 §3.2). */
export function multipart({ subtype, boundary, children }: MultipartOptions): MimePart {
  const words = [
    `multipart/${subtype};`,
    ...(subtype === 'related' ? ['type="text/html";'] : []),
    ...parameterWords('boundary', boundary),
  ];
  const opens = children.map((child, index) =>
    Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${child.fields}\r\n`),
  );
  const closes = Buffer.from(`\r\n--${boundary}--`);
  const childrenBytes = children.reduce((sum, child) => sum + child.bodySizeBytes, 0);
  return {
    fields: foldField('Content-Type', words),
    bodySizeBytes: opens.reduce((sum, open) => sum + open.length, 0) + childrenBytes + closes.length,
    body: async function* () {
      for (const [index, child] of children.entries()) {
        yield opens[index] as Uint8Array;
        yield* child.body();
      }
      yield closes;
    },
  };
}

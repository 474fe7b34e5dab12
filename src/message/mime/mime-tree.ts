/**
 * The MIME structure of a message: which octets are which part (RFC 2045, RFC 2046).
 *
 * A splitter of our own over octets: one pass over the delimiter lines with a stack of open
 * multiparts, whatever the nesting, so that time is linear and nothing throws. (The streaming
 * splitters at hand throw at deep nesting and long headers, and find no text without a boundary.)
 * It decodes nothing and does not know what becomes body or attachment.
 */
import { fieldValue, type HeaderSection, readHeaderSection } from '../header/header-section.ts';
import { type ParameterizedValue, parseParameterized } from '../header/parameters.ts';

/** More parts are sent by attackers alone; each costs a file. */
export const PARTS_MAX: number = 1_000;
/** Honest nesting, forwards of forwards included, stays below twenty. */
export const DEPTH_MAX: number = 100;
/** RFC 2046 §5.1.1 allows 70; a delimiter line cannot be longer than a line (RFC 5322 §2.1.1). */
const BOUNDARY_LENGTH_MAX = 990;
/** The longest name of an encoding has sixteen letters; comments (RFC 2045 §6.1 allows them) are short. */
const ENCODING_LENGTH_MAX = 200;
/** How far into a body a boundary is looked for that its header section does not tell. */
const BOUNDARY_SEARCH_BYTES = 64 * 1024;

export interface Entity {
  readonly section: HeaderSection;
  /** Where its header section begins. */
  readonly start: number;
  readonly bodyStart: number;
  bodyEnd: number;
  /** Place in the message, from 0. */
  readonly index: number;
  /** Lower case `type/subtype`; never empty. A multipart in which no part is found is `text/plain`. */
  contentType: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Lower case; `""` where none is given. */
  readonly disposition: string;
  /** File name as declared and decoded; `""` where there is none. */
  readonly name: string;
  /** Content-Transfer-Encoding, lower case. */
  readonly encoding: string;
  /** Null for what is no multipart, or is not looked into. */
  children: Entity[] | null;
}

export interface MimeTree {
  readonly root: Entity;
  /** Where the parts begin that are too many to be read; null where all were. */
  readonly unreadFrom: number | null;
  readonly warnings: readonly string[];
}

const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;

interface OpenMultipart {
  readonly entity: Entity;
  readonly boundary: string;
}

interface Delimiter {
  readonly lineStart: number;
  readonly next: number;
  /** Index of the multipart in the stack. */
  readonly level: number;
  readonly closes: boolean;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('latin1', start, end);
}

function contentTypeOf(section: HeaderSection, inDigest: boolean): ParameterizedValue {
  const raw = fieldValue(section, 'content-type');
  const parsed = parseParameterized(raw);
  if (/^[^/]+\/[^/]+$/.test(parsed.value)) return parsed;
  // RFC 2045 §5.2 for what is absent or wrong; RFC 2046 §5.1.5 in a digest.
  const value = inDigest && raw === '' ? 'message/rfc822' : 'text/plain';
  return {
    value: parsed.value === 'text/html' || parsed.value === 'html' ? 'text/html' : value,
    parameters: parsed.parameters,
  };
}

/** The Content-Transfer-Encoding of a header section: lower case, without comments; `""` where there is none. */
export function transferEncodingOf(section: HeaderSection): string {
  return fieldValue(section, 'content-transfer-encoding')
    .slice(0, ENCODING_LENGTH_MAX)
    .replace(/[\s"']+|\([^)]*\)|;.*/gs, '')
    .toLowerCase();
}

/**
 * A boundary as it is compared, a run of white space in it made one space: a relaxed signature (RFC 6376
 * §3.4.4) does not see how long one is, and a part could be made to vanish from a signed message by it.
 */
function comparableBoundary(boundary: string): string {
  return boundary.replace(/[ \t]+/g, ' ').trimEnd();
}

/** White space of Latin-1, which ends no boundary. */
const TRIMMED: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0]);

/** The stack of open multiparts, and the question whether a line is a delimiter of one of them. */
class Boundaries {
  readonly stack: OpenMultipart[] = [];
  readonly #levels = new Map<string, number[]>();
  /** Of every boundary there has been. */
  readonly #lengths = new Set<number>();
  /** What stands behind `--` in the line that is looked at, one for all: millions of lines may begin so. */
  readonly #line = new Uint8Array(BOUNDARY_LENGTH_MAX + 8);

  push(open: OpenMultipart): void {
    const levels = this.#levels.get(open.boundary) ?? [];
    levels.push(this.stack.length);
    this.#levels.set(open.boundary, levels);
    this.#lengths.add(open.boundary.length);
    this.stack.push(open);
  }

  pop(): OpenMultipart | undefined {
    const open = this.stack.pop();
    if (open !== undefined) this.#levels.get(open.boundary)?.pop();
    return open;
  }

  /** @param line Without its line end. Only lines that begin with `--` are asked for. */
  match(bytes: Uint8Array, lineStart: number, lineEnd: number): { level: number; closes: boolean } | null {
    if (this.stack.length === 0 || bytes[lineStart + 1] !== HYPHEN) return null;
    const length = this.#readLine(bytes, lineStart + 2, lineEnd);
    // A line as long as no boundary is none, and needs no string.
    if (length === null || !(this.#lengths.has(length) || this.#lengths.has(length - 2))) return null;
    const line = text(this.#line, 0, length);
    const level = this.#levels.get(line)?.at(-1);
    if (level !== undefined) return { level, closes: false };
    if (!line.endsWith('--')) return null;
    const closed = this.#levels.get(line.slice(0, -2))?.at(-1);
    return closed === undefined ? null : { level: closed, closes: true };
  }

  /** Copies a line to where it is compared. @returns its length; null where it is too long for a boundary. */
  #readLine(bytes: Uint8Array, start: number, end: number): number | null {
    const line = this.#line;
    let length = 0;
    for (let at = start; at < end; at += 1) {
      const isBlank = bytes[at] === SPACE || bytes[at] === TAB;
      if (isBlank && length > 0 && line[length - 1] === SPACE) continue;
      if (length === line.length) return null;
      line[length] = isBlank ? SPACE : (bytes[at] as number);
      length += 1;
    }
    while (length > 0 && TRIMMED.has(line[length - 1] as number)) length -= 1;
    return length;
  }
}

function lineEndBefore(bytes: Uint8Array, start: number, lowest: number): number {
  let end = start;
  if (end > lowest && bytes[end - 1] === LF) end -= 1;
  if (end > lowest && end < start && bytes[end - 1] === CR) end -= 1;
  return Math.max(end, lowest);
}

function nextDelimiter(bytes: Uint8Array, from: number, boundaries: Boundaries): Delimiter | null {
  let at = from;
  const haystack = asBuffer(bytes);
  for (;;) {
    const atLineStart = at === 0 || bytes[at - 1] === LF;
    if (!(atLineStart && bytes[at] === HYPHEN && bytes[at + 1] === HYPHEN)) {
      const found = haystack.indexOf('\n--', Math.max(0, at), 'latin1');
      if (found < 0) return null;
      at = found + 1;
    }
    const lf = bytes.indexOf(LF, at);
    const next = lf < 0 ? bytes.length : lf + 1;
    const end = lf < 0 ? bytes.length : lineEndBefore(bytes, next, at);
    const match = boundaries.match(bytes, at, end);
    if (match !== null) return { lineStart: at, next, ...match };
    if (next >= bytes.length) return null;
    at = next;
  }
}

/** The boundary that the first delimiter-like line of a body suggests; `""` where there is none. */
function guessBoundary(bytes: Uint8Array, bodyStart: number): string {
  const head = text(bytes, bodyStart, Math.min(bytes.length, bodyStart + BOUNDARY_SEARCH_BYTES));
  // What follows must look like a header field or an empty line, else it may be a rule in a text.
  const match = /(?:^|\n)--([^\s-][^\r\n]{0,198})\r?\n(?=[a-z][a-z0-9-]{2,70}:|\r?\n)/i.exec(head);
  return match === null ? '' : comparableBoundary(match[1] as string);
}

class TreeReader {
  readonly warnings = new Set<string>();
  readonly boundaries = new Boundaries();
  unreadFrom: number | null = null;
  readonly #bytes: Uint8Array;
  #parts = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads a part's header section and opens it when it is a multipart. */
  begin(start: number, parent: Entity | null): Entity {
    const bytes = this.#bytes;
    const section = readHeaderSection(bytes, {
      from: start,
      to: bytes.length,
      endsBefore: (lineStart, lineEnd) => this.boundaries.match(bytes, lineStart, lineEnd) !== null,
      endsAtBlankLine: parent !== null,
    });
    for (const warning of section.warnings) this.warnings.add(warning);
    const type = contentTypeOf(section, parent?.contentType === 'multipart/digest');
    const disposition = parseParameterized(fieldValue(section, 'content-disposition'));
    const entity: Entity = {
      section,
      start,
      bodyStart: section.bodyStart,
      bodyEnd: bytes.length,
      index: this.#parts,
      contentType: type.value,
      parameters: type.parameters,
      disposition: disposition.value,
      name: disposition.parameters.get('filename') ?? type.parameters.get('name') ?? '',
      encoding: transferEncodingOf(section),
      children: null,
    };
    this.#parts += 1;
    parent?.children?.push(entity);
    if (entity.contentType.startsWith('multipart/')) this.#open(entity);
    return entity;
  }

  #open(entity: Entity): void {
    if (this.boundaries.stack.length >= DEPTH_MAX) {
      this.warnings.add(
        `too-deep: parts nested deeper than ${DEPTH_MAX} were not read and are attached as they stand`,
      );
      return;
    }
    const declared = comparableBoundary(entity.parameters.get('boundary') ?? '').slice(
      0,
      BOUNDARY_LENGTH_MAX,
    );
    const boundary = this.#usableBoundary(entity, declared);
    if (boundary === '') {
      entity.contentType = 'text/plain';
      return;
    }
    entity.children = [];
    this.boundaries.push({ entity, boundary });
  }

  #usableBoundary(entity: Entity, declared: string): string {
    const present =
      declared !== '' &&
      // Looked for in the outermost multipart alone: for each of many it would not be linear.
      (this.boundaries.stack.length > 0 ||
        asBuffer(this.#bytes).indexOf(`--${declared.split(' ', 1)}`, entity.bodyStart, 'latin1') >= 0);
    if (present) return declared;
    const guessed = guessBoundary(this.#bytes, entity.bodyStart);
    this.warnings.add(
      guessed === ''
        ? 'boundary-missing: a multipart has no boundary and was read as text'
        : 'boundary-missing: a multipart has no boundary of its own; one was taken from its first line',
    );
    return guessed;
  }

  /** Ends every part that is open above `level`, and the part that is being read, at a delimiter. */
  #close(current: Entity | null, delimiter: Delimiter): void {
    const { stack } = this.boundaries;
    const end = (entity: Entity): void => {
      entity.bodyEnd = lineEndBefore(
        this.#bytes,
        delimiter.lineStart,
        Math.min(entity.bodyStart, delimiter.lineStart),
      );
      // A part without a body ends where its header section does, behind that line end.
      const inner = entity.children?.at(-1)?.bodyEnd ?? entity.bodyStart;
      entity.bodyEnd = Math.max(entity.bodyEnd, entity.bodyStart, inner);
    };
    if (current !== null) end(current);
    while (stack.length > delimiter.level + 1) {
      const open = this.boundaries.pop();
      if (open !== undefined) end(open.entity);
    }
    if (delimiter.closes) {
      const open = this.boundaries.pop();
      if (open !== undefined) open.entity.bodyEnd = delimiter.next;
    }
  }

  read(): Entity {
    const root = this.begin(0, null);
    let current: Entity | null = root.children === null ? root : null;
    let at = root.bodyStart;
    for (;;) {
      const delimiter = nextDelimiter(this.#bytes, at, this.boundaries);
      if (delimiter === null) return root;
      this.#close(current, delimiter);
      current = null;
      at = delimiter.next;
      if (delimiter.closes) continue;
      if (this.#parts >= PARTS_MAX) {
        this.unreadFrom = delimiter.lineStart;
        this.warnings.add(
          `too-many-parts: only the first ${PARTS_MAX} parts were read; the rest is attached as it stands`,
        );
        return root;
      }
      const parent = this.boundaries.stack[delimiter.level]?.entity ?? null;
      const child = this.begin(delimiter.next, parent);
      if (child.children === null) current = child;
      at = child.bodyStart;
    }
  }
}

/** Finds the parts of a message. Never throws; linear in its octets. */
export function readMimeTree(bytes: Uint8Array): MimeTree {
  const reader = new TreeReader(bytes);
  const root = reader.read();
  const pending = [root];
  for (let entity = pending.pop(); entity !== undefined; entity = pending.pop()) {
    if (entity.children?.length === 0) {
      // Its boundary never came: what stands there is text, else it would be seen by nobody.
      entity.children = null;
      entity.contentType = 'text/plain';
    }
    pending.push(...(entity.children ?? []));
  }
  return { root, unreadFrom: reader.unreadFrom, warnings: [...reader.warnings] };
}

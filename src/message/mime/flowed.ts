/** `format=flowed` (RFC 3676): lines that a space at their end joins are one paragraph again. */

interface FlowedLine {
  readonly depth: number;
  readonly text: string;
  readonly flows: boolean;
}

const SIGNATURE = '-- ';

/** §4.4, §4.5: quote marks, then space-stuffing, then the text. */
function readLine(line: string): FlowedLine {
  let depth = 0;
  while (line[depth] === '>') depth += 1;
  let text = line.slice(depth);
  if (text.startsWith(' ')) text = text.slice(1);
  return { depth, text, flows: text.endsWith(' ') && text !== SIGNATURE };
}

function quoted(depth: number, text: string): string {
  return depth === 0 ? text : `${'>'.repeat(depth)} ${text}`.trimEnd();
}

/**
 * Joins flowed lines. Quote depth is kept: a change of it ends a paragraph (§4.5), as does a fixed
 * line or the signature's separator (§4.3).
 *
 * @param text With LF line ends.
 * @param options.deleteSpace `DelSp=yes`: the space that joins goes (§4.2).
 */
export function joinFlowed(text: string, options: { readonly deleteSpace: boolean }): string {
  const joined: string[] = [];
  let paragraph: string[] = [];
  let depth = 0;
  const finish = (): void => {
    if (paragraph.length > 0) joined.push(quoted(depth, paragraph.join('')));
    paragraph = [];
  };
  for (const raw of text.split('\n')) {
    const line = readLine(raw);
    if (paragraph.length > 0 && (line.depth !== depth || line.text === SIGNATURE)) finish();
    depth = line.depth;
    if (line.flows) {
      paragraph.push(options.deleteSpace ? line.text.slice(0, -1) : line.text);
      continue;
    }
    paragraph.push(line.text);
    finish();
  }
  finish();
  return joined.join('\n');
}

/** Long texts in pieces: a replacement costs many times its text while it is made. */

const PIECE_CHARACTERS = 64 * 1024;
/** What a cut looks for a place in; a sequence of characters that belong together is shorter. */
const LOOK_CHARACTERS = 64;

/** Neither of a pair of surrogates or a line end, nor before what joins or varies the character before. */
function mayCutBefore(text: string, at: number): boolean {
  const joins = /^(?:\p{M}|\p{Cf}|\p{Surrogate}|\udb40)/u;
  return (
    text[at - 1] !== '\r' &&
    !joins.test(text.slice(at, at + 2)) &&
    !/^[\udc00-\udfff]/.test(text.slice(at, at + 1))
  );
}

/** The text, cut into pieces of some 64 Ki characters; a shorter one is its only piece. */
export function* textPieces(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > PIECE_CHARACTERS + LOOK_CHARACTERS) {
    let to = from + PIECE_CHARACTERS;
    const last = to + LOOK_CHARACTERS;
    while (to < last && !mayCutBefore(text, to)) to += 1;
    // Nothing but joiners: a pair of surrogates at least stays together.
    if (/[\udc00-\udfff]/.test(text[to] ?? '')) to += 1;
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}

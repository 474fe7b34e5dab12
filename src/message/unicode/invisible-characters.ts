/**
 * Characters that nobody sees: they carry text past a person's eyes, or change its order on a screen.
 *
 * The joiners and variation selectors that scripts and emoji need stay where they have something to
 * join; so do the tags of the three flags that emoji fonts have.
 */

import { textPieces } from './text-pieces.ts';

/** Direction marks and soft hyphens: word processors write them, and they carry nothing. Not counted. */
const MARKS = '\\u00ad\\u061c\\u200e\\u200f';
/** Left out wherever they stand. */
const ALWAYS =
  '\\u180e\\u200b\\u202a-\\u202e\\u2060-\\u206f\\u3164\\uffa0\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';
/** Left out where nothing stands before them that they could join or vary. */
const JOINERS = '\\u034f\\u200c\\u200d\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}';

const ANY = new RegExp(`[${MARKS}${ALWAYS}${JOINERS}]`, 'u');
/** England, Scotland, Wales (UTS 51, RGI_Emoji_Tag_Sequence): a black flag, tags, the end of tags. */
const FLAG = '\\u{1f3f4}\\u{e0067}\\u{e0062}\\u{e0065}\\u{e006e}\\u{e0067}\\u{e007f}'
  .concat('|\\u{1f3f4}\\u{e0067}\\u{e0062}\\u{e0073}\\u{e0063}\\u{e0074}\\u{e007f}')
  .concat('|\\u{1f3f4}\\u{e0067}\\u{e0062}\\u{e0077}\\u{e006c}\\u{e0073}\\u{e007f}');
/**
 * A flag, or a variation selector with a joiner behind it (emoji sequences), or one of either, each
 * behind something that is seen; or whatever is left out.
 */
const PIECES = new RegExp(
  `(${FLAG})|(?<=[^\\s${MARKS}${ALWAYS}${JOINERS}])([\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]?[\\u034f\\u200c\\u200d]|[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}])|[${MARKS}]|[${ALWAYS}${JOINERS}]`,
  'gu',
);
const ONLY_MARKS = new RegExp(`^[${MARKS}]$`, 'u');

export interface SeenText {
  readonly text: string;
  /** Characters that were left out, direction marks and soft hyphens not counted. */
  readonly left: number;
}

/** Leaves out what nobody sees. Linear; text without such characters comes back as it is. */
export function withoutInvisible(text: string): SeenText {
  if (!ANY.test(text)) return { text, left: 0 };
  let left = 0;
  const leaveOut = (piece: string, flag: string | undefined, joiner: string | undefined): string => {
    if (flag !== undefined || joiner !== undefined) return piece;
    if (!ONLY_MARKS.test(piece)) left += 1;
    return '';
  };
  const seen = Array.from(textPieces(text), (piece) => piece.replace(PIECES, leaveOut));
  return { text: seen.join(''), left };
}

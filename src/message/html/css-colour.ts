/** Colours as mail writes them: CSS values (CSS Color 4) and the legacy attributes of HTML. */

export interface Colour {
  /** 0 to 255. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** 0, transparent, to 1. */
  readonly alpha: number;
}

export const BLACK: Colour = { red: 0, green: 0, blue: 0, alpha: 1 };
export const WHITE: Colour = { red: 255, green: 255, blue: 255, alpha: 1 };
export const TRANSPARENT: Colour = { red: 0, green: 0, blue: 0, alpha: 0 };

/**
 * Two colours whose channels differ by no more than this are one to the eye: a tenth of the scale.
 * `#eee` on white is 17 and cannot be read; `#ddd` is 34 and can, with an effort.
 */
const NEAR_CHANNEL_DISTANCE_MAX = 24;

/** The 148 names of CSS Color 4 §6.1, each with its six digits. */
const NAMES = `aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc
bisque ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887
cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc
crimson dc143c cyan 00ffff darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400
darkgrey a9a9a9 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc
darkred 8b0000 darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f
darkslategrey 2f4f4f darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969
dimgrey 696969 dodgerblue 1e90ff firebrick b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff
gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 greenyellow adff2f
grey 808080 honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c
lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080
lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3
lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899
lightslategrey 778899 lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6
magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db
mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc
mediumvioletred c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead
navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6
palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5
peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399
red ff0000 rosybrown bc8f8f royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57
seashell fff5ee sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090
snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347
turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32`;

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Array.from(NAMES.matchAll(/(\w+)\s+([0-9a-f]{6})/g), (match) => [match[1] ?? '', match[2] ?? '']),
);

function ofHex(digits: string): Colour | null {
  const isShort = digits.length === 3 || digits.length === 4;
  if (!isShort && digits.length !== 6 && digits.length !== 8) return null;
  const channel = (index: number): number => {
    const pair = isShort ? (digits[index] ?? 'f').repeat(2) : digits.slice(index * 2, index * 2 + 2);
    return Number.parseInt(pair === '' ? 'ff' : pair, 16);
  };
  return { red: channel(0), green: channel(1), blue: channel(2), alpha: channel(3) / 255 };
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(0, value));
}

/** CSS Color 4 §7.1. @param hue In degrees. @param saturation @param lightness 0 to 1. */
function ofHsl(hue: number, saturation: number, lightness: number, alpha: number): Colour {
  const channel = (offset: number): number => {
    const k = (offset + (((hue % 360) + 360) % 360) / 30) % 12;
    const reach = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return { red: channel(0), green: channel(8), blue: channel(4), alpha };
}

function ofFunction(name: string, inside: string): Colour | null {
  const values = inside.split(/[\s,/]+/).filter((value) => value !== '');
  const numbers = values.map((value) => Number.parseFloat(value));
  if (numbers.length < 3 || numbers.length > 4 || numbers.some((value) => !Number.isFinite(value)))
    return null;
  const [first = 0, second = 0, third = 0, fourth = 1] = numbers;
  const alpha = clamp(values[3]?.endsWith('%') === true ? fourth / 100 : fourth, 1);
  if (name.startsWith('hsl')) return ofHsl(first, clamp(second / 100, 1), clamp(third / 100, 1), alpha);
  const channel = (value: number, index: number): number =>
    clamp(values[index]?.endsWith('%') === true ? value * 2.55 : value, 255);
  return { red: channel(first, 0), green: channel(second, 1), blue: channel(third, 2), alpha };
}

/** A CSS colour; null for what is none of the usual kinds. @param text Lower case, trimmed. */
export function parseColour(text: string): Colour | null {
  if (text === 'transparent') return TRANSPARENT;
  const named = BY_NAME.get(text);
  if (named !== undefined) return ofHex(named);
  const hex = /^#([0-9a-f]{3,8})$/.exec(text);
  if (hex !== null) return ofHex(hex[1] ?? '');
  const call = /^(rgba?|hsla?)\(([^()]{1,100})\)$/.exec(text);
  return call === null ? null : ofFunction(call[1] ?? '', call[2] ?? '');
}

/**
 * The colour that a gradient begins with, and whether all its stops are alike to the eye; null where there
 * is more than gradients of plain colours. @param text A value of `background`, lower case.
 */
export function gradientColour(text: string): { readonly colour: Colour; readonly isPlain: boolean } | null {
  if (!text.includes('gradient(') || /(?:url|image|image-set|var|element|cross-fade)\(/.test(text))
    return null;
  const found = text.match(/#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^()]{1,100}\)|[a-z-]+(?![a-z(-])/g) ?? [];
  const [colour, ...others] = found.map(parseColour).filter((each) => each !== null);
  if (colour === undefined) return null;
  const isPlain = others.every((one) => areNear(one, colour) && Math.abs(one.alpha - colour.alpha) < 0.1);
  return { colour, isPlain };
}

/** The value of `bgcolor` and `<font color>` (HTML §2.3.6): whatever stands there is some colour. */
export function parseLegacyColour(value: string): Colour | null {
  const text = value.trim().toLowerCase();
  if (text === '' || text === 'transparent') return null;
  const named = BY_NAME.get(text);
  if (named !== undefined) return ofHex(named);
  if (/^#[0-9a-f]{3}$/.test(text)) return ofHex(text.slice(1));
  let digits = text
    .slice(0, 128)
    .replace(/^#/, '')
    .replace(/[^0-9a-f]/g, '0');
  while (digits.length === 0 || digits.length % 3 !== 0) digits += '0';
  const size = digits.length / 3;
  const parts = [0, 1, 2].map((index) => digits.slice(index * size, (index + 1) * size).slice(-8));
  let skip = 0;
  while ((parts[0]?.length ?? 0) - skip > 2 && parts.every((part) => part[skip] === '0')) skip += 1;
  return ofHex(parts.map((part) => part.slice(skip, skip + 2).padStart(2, '0')).join(''));
}

/** What is seen where `top` lies on an opaque `ground`. */
export function blend(top: Colour, ground: Colour): Colour {
  if (top.alpha >= 1) return top;
  const channel = (over: number, under: number): number => over * top.alpha + under * (1 - top.alpha);
  return {
    red: channel(top.red, ground.red),
    green: channel(top.green, ground.green),
    blue: channel(top.blue, ground.blue),
    alpha: 1,
  };
}

/** Whether text of one opaque colour cannot be read on the other. */
export function areNear(one: Colour, other: Colour): boolean {
  return (
    Math.abs(one.red - other.red) <= NEAR_CHANNEL_DISTANCE_MAX &&
    Math.abs(one.green - other.green) <= NEAR_CHANNEL_DISTANCE_MAX &&
    Math.abs(one.blue - other.blue) <= NEAR_CHANNEL_DISTANCE_MAX
  );
}

/**
 * Names of charsets as they are found in mail, and the decoder that reads them best.
 *
 * The labels of the WHATWG Encoding Standard are not listed: the platform's decoder knows them. But its
 * EUC-KR lacks the characters of UHC and its Big5 those of HKSCS, which the standard has in both.
 */

/** Read as UTF-8 where it is, else as Windows-1252: what these names say of octets above 127 is nothing. */
export const UNDECLARED = 'us-ascii';

function all(name: string, ...aliases: readonly string[]): readonly (readonly [string, string])[] {
  return aliases.map((alias) => [alias, name] as const);
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  // Nothing, words that stand for nothing, and names of ASCII (IANA's `csASCII` and others).
  ...all(UNDECLARED, '', 'ascii', 'ansi_x3.4-1968', 'ansi_x3.4-1986', 'iso646-us', 'iso-ir-6', 'us', 'cp367'),
  ...all(UNDECLARED, 'iso_646.irv:1991', 'csascii', '7bit', '8bit', '7-bit', '8-bit', 'default', 'none'),
  ...all(UNDECLARED, 'unknown', 'x-unknown', 'unknown-8bit', 'utf', 'ansi', 'text', 'plain', 'charset'),
  // A browser's escape hatch that maps octets to private use: in mail it says "some charset of mine".
  ...all(UNDECLARED, 'x-user-defined', 'user-defined', 'iso-8859', 'x-ascii'),
  // Databases' and programming languages' names of UTF-8.
  ...all(
    'utf-8',
    'utf8',
    'utf-8n',
    'utf8mb4',
    'utf8mb3',
    'utf_8',
    'utf--8',
    'x-utf-8',
    'x-utf8',
    'utf-8-mac',
  ),
  ...all('utf-8', 'al32utf8', 'cp65001', 'windows-65001', 'unicode-2-0-utf-8', 'cesu-8', 'utf-8-sig', 'u8'),
  ...all('utf-7', 'utf7', 'unicode-1-1-utf-7', 'csunicode11utf7', 'x-utf-7', 'cp65000', 'unicode-2-0-utf-7'),
  ...all('utf-16', 'utf16', 'unicode', 'ucs-2', 'iso-10646-ucs-2', 'csunicode', 'x-utf-16'),
  ...all('utf-16le', 'utf16le', 'ucs-2le', 'unicodelittle', 'x-utf-16le'),
  ...all('utf-16be', 'utf16be', 'ucs-2be', 'unicodebig', 'unicodefffe', 'x-utf-16be'),
  ...all('utf-32', 'utf32', 'ucs-4', 'iso-10646-ucs-4'),
  // Latin-1: Windows-1252 wherever it is written, as the Encoding Standard has it.
  ...all('windows-1252', 'iso-8859-1', 'iso8859-1', 'iso88591', 'iso_8859-1', 'iso_8859-1:1987', '8859-1'),
  ...all('windows-1252', 'iso-8859-1:1987', 'iso8859_1', '8859_1', 'iso-88591', 'iso.8859-1', 'iso-ir-100'),
  ...all(
    'windows-1252',
    'latin1',
    'latin-1',
    'x-iso-8859-1',
    'cp819',
    'ibm819',
    'iso-8859-1-windows-3.1-latin-1',
  ),
  ...all('windows-1252', 'cp1252', 'cp-1252', 'win1252', 'win-1252', 'windows1252', 'x-cp1252', 'x-ansi'),
  ...all('windows-1252', 'windows_1252', 'ms-ansi', 'iso-8859-1-windows-3.0-latin-1', 'cswindows31latin1'),
  ...all('iso-8859-2', 'iso8859_2', '8859_2', '8859-2', 'latin-2', 'iso-8859-2:1987'),
  ...all('iso-8859-15', 'iso8859_15', '8859_15', '8859-15', 'latin-9', 'latin9', 'latin0', 'l9'),
  // Supersets that every sender of these names uses.
  ...all('gb18030', 'gb2312', 'gbk', 'cp936', 'ms936', 'windows-936', 'x-gbk', 'gb_2312-80', 'gb2312-80'),
  ...all('gb18030', 'chinesegb', 'euc-cn', 'euccn', 'csgb2312', 'gb18030-2000', 'gb18030-2005', 'x-euc-cn'),
  ...all('hz-gb-2312', 'hz', 'hz-gb2312', 'hz-gb-231280', 'hzgb2312'),
  ...all('iso-2022-cn', 'csiso2022cn', 'iso-2022-cn-ext', 'iso2022-cn'),
  ...all('cp949', 'ks_c_5601', 'ks_c_5601-1987', 'ksc5601', 'ksc_5601', 'euc-kr', 'ms949', 'x-windows-949'),
  ...all('cp949', 'uhc', 'windows-949', 'euckr', 'ksc5601-1987', '5601', 'ks-c-5601-1987', 'x-euc-kr'),
  ...all('cp949', 'cseuckr', 'csksc56011987', 'iso-ir-149', 'korean', 'ks_c_5601-1989'),
  ...all('iso-2022-kr', 'csiso2022kr', 'iso2022-kr', 'iso2022kr'),
  ...all(
    'big5hkscs',
    'big5',
    'big5-hkscs',
    'cn-big5',
    'csbig5',
    'x-x-big5',
    'cp950',
    'windows-950',
    'x-big5',
    'big5-tw',
    'big5-eten',
    'big-5',
    'ms950',
  ),
  ...all('shift_jis', 'cp932', 'ms932', 'windows-932', 'x-sjis-cp932', 'windows-31j', 'sjis', 'ms_kanji'),
  ...all('shift_jis', 'shiftjis', 'shift-jis', 'x-ms-cp932', 'ibm943', 'cp943c'),
  ...all('euc-jp', 'eucjp', 'cp51932', 'eucjp-ms', 'x-eucjp', 'euc_jp', 'ujis'),
  ...all('iso-2022-jp', 'iso2022-jp', 'iso2022jp', 'iso_2022-jp', 'jis', 'cp50220', 'cp50221', 'cp50222'),
  ...all('iso-2022-jp', 'csiso2022jp', 'iso-2022-jp-1', 'iso-2022-jp-ms', 'x-iso-2022-jp'),
  // Thai: TIS-620 and ISO-8859-11 are subsets.
  ...all(
    'windows-874',
    'cp874',
    'x-windows-874',
    'windows874',
    'tis620',
    'iso8859-11',
    'ms874',
    'tis620.2533',
  ),
  ...all('macintosh', 'x-mac-roman', 'macroman', 'mac-roman', 'x-macroman', 'apple-roman', 'cp10000'),
  ...all('x-mac-cyrillic', 'maccyrillic', 'mac-cyrillic', 'cp10007', 'macukraine', 'x-mac-ukraine'),
  ...all('maccenteuro', 'x-mac-ce', 'x-mac-centraleurroman', 'mac-ce', 'cp10029', 'macce', 'x-mac-latin2'),
  ...all('macgreek', 'x-mac-greek', 'mac-greek', 'cp10006'),
  ...all('macturkish', 'x-mac-turkish', 'mac-turkish', 'cp10081'),
  ...all('maccroatian', 'x-mac-croatian', 'cp10082'),
  ...all('macromania', 'x-mac-romanian', 'cp10010'),
  ...all('macthai', 'x-mac-thai', 'cp10021'),
  ...all('maciceland', 'x-mac-icelandic', 'macicelandic', 'cp10079'),
  ...all('koi8-r', 'koi8', 'koi-8', 'koi8_r', 'koi8r', 'koi-8-r', 'cskoi8r', 'cp20866'),
  ...all('koi8-u', 'koi8u', 'koi8_u', 'koi8-ru', 'cp21866'),
  ...all('windows-1251', 'cp1251', 'cp-1251', 'win1251', 'win-1251', 'windows1251', 'x-cp1251', 'ansi-1251'),
  ...all('windows-1250', 'cp1250', 'cp-1250', 'win1250', 'win-1250', 'windows1250'),
  ...all('windows-1255', 'iso-8859-8-windows', 'dos-862-windows'),
  ...all('cp862', 'dos-862', 'ibm862'),
  ...all('tcvn', 'tcvn-5712', 'tcvn5712', 'tcvn5712-1', 'tcvn5712-1:1993', 'x-viet-tcvn', 'x-viet-tcvn5712'),
  ...all('viscii', 'csviscii', 'viscii1.1-1', 'x-viscii', 'x-viet-viscii'),
]);

/** No charset's name is longer (RFC 2978 §2.3). */
const CHARSET_NAME_MAX = 64;

/**
 * The name under which a charset is decoded: lower case, without quotes, spaces, and the language of
 * RFC 2231 §5. A name that is not known comes back as it is.
 */
export function charsetName(label: string): string {
  const name = label
    .slice(0, CHARSET_NAME_MAX)
    .replace(/[*;,].*$/s, '')
    .replace(/["'\s<>]/g, '')
    .toLowerCase();
  return ALIASES.get(name) ?? ALIASES.get(name.replace(/^charset=/, '')) ?? name;
}

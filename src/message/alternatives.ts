/**
 * Whether the text and the HTML of a `multipart/alternative` say different things (RFC 2046 §5.1.4 has
 * them say the same): a mailbox shows the text, most people read the HTML.
 *
 * Four questions. Do they have their words in common? Has the text a sentence of its own? If they are the
 * same letter, has one a "not" or a number that the other has not? And does what matters most in few
 * characters, an account number, an amount, an address, a host, stand in one and not in the other?
 */

/** Of each side this much is compared; differences are made at the beginning, where they are read. */
export const COMPARED_CHARACTERS_MAX: number = 256 * 1024;
/** HTML of which that much becomes: markup is up to four times as long as its text, and more in bad mail. */
export const COMPARED_HTML_CHARACTERS_MAX: number = 1024 * 1024;
/**
 * The text says nothing of its own: of its words at least this share stands in the HTML. Lines added by
 * senders' programs ("You receive this mail because …") stay below the rest.
 */
const TEXT_SHARE_MIN = 0.7;
/**
 * The HTML may say more: navigation, footers and descriptions of pictures make up to half of its words.
 */
const HTML_SHARE_MIN = 0.4;
/** Fewer different words than this are a greeting or a signature, not another message. */
const OTHER_WORDS_MIN = 5;
/** A sentence of the text that is not in the HTML: long enough to ask for something. */
const OWN_SENTENCE_WORDS = 12;
/** Numbers and addresses of one side that are looked for on the other. */
const DETAILS_MAX = 500;

/** Words, of letters: numbers are grouped in many ways and are looked at by themselves. */
const WORDS = /[\p{L}\p{M}\p{N}]+/gu;
/** Scripts without spaces between words count by the character. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const LINKS = /<?(?:https?:\/\/|mailto:|cid:|tel:)[^\s<>()[\]]+>?/gi;

function wordsOf(text: string): readonly string[] {
  const words = text.replace(LINKS, ' ').replace(UNSPACED, ' $& ').match(WORDS) ?? [];
  return words.filter((word) => !/\p{N}/u.test(word));
}

function phrasesOf(words: readonly string[]): Set<string> {
  return new Set(words.slice(2).map((word, index) => `${words[index]} ${words[index + 1]} ${word}`));
}

/** Whether so many words stand one after the other of which no three are together on the other side. */
function hasOwnSentence(words: readonly string[], others: readonly string[]): boolean {
  const phrases = phrasesOf(others);
  let strange = 0;
  for (let at = 2; at < words.length; at += 1) {
    strange = phrases.has(`${words[at - 2]} ${words[at - 1]} ${words[at]}`) ? 0 : strange + 1;
    if (strange >= OWN_SENTENCE_WORDS) return true;
  }
  return false;
}

function missingOf(words: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let missing = 0;
  for (const word of words) if (!other.has(word)) missing += 1;
  return missing;
}

/** Of each side at most so many words are not on the other: they are one letter. */
const CHANGED_WORDS_MAX = 2;
/** Words that turn a sentence around. */
const NEGATIONS = new Set(
  'not no never none cannot don doesn didn won isn without nicht kein keine keinen nie ohne pas jamais sans nunca sin não nem non mai senza niet geen nooit'.split(
    ' ',
  ),
);

function numbersOf(text: string): readonly string[] {
  // Numbers of list items and of references are made by programs that make text of HTML.
  return text.replace(/\[\d+\]|^\s*\d+[.)]\s/gm, ' ').match(/\d+/g) ?? [];
}

interface Side {
  readonly text: string;
  readonly words: readonly string[];
}

/** Whether two texts of the same words say the opposite, or other numbers: days and hours are short. */
function turnsAround(plain: Side, shown: Side): boolean {
  const [these, those] = [plain, shown].map(
    ({ words }) => new Set(words.filter((word) => !NEGATIONS.has(word))),
  ) as [Set<string>, Set<string>];
  if (missingOf(these, those) > CHANGED_WORDS_MAX || missingOf(those, these) > CHANGED_WORDS_MAX)
    return false;
  const negations = ({ words }: Side): number => words.filter((word) => NEGATIONS.has(word)).length;
  if (negations(plain) !== negations(shown)) return true;
  // Long numbers are grouped in many ways.
  const others = squeeze(shown.text);
  return numbersOf(plain.text).some((number) => !others.includes(number));
}

function lacks(words: ReadonlySet<string>, other: ReadonlySet<string>, shareMin: number): boolean {
  const missing = missingOf(words, other);
  return missing >= OTHER_WORDS_MIN && words.size - missing < words.size * shareMin;
}

/** Letters and digits alone: how a number is grouped and wrapped is no difference. */
function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}

const IBAN = /\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b/g;
const AMOUNT =
  /(?:[$€£¥₹]|\b(?:eur|usd|gbp|chf|jpy)) ?\d[\d.,']*\d|\b\d[\d.,']*(?:[.,]\d\d)? ?(?:[$€£¥₹]|(?:eur|usd|gbp|chf|jpy)\b)/g;
/** Account, order and telephone numbers: what has many digits is written down, not said. */
const NUMBER = /\d(?:[ ./-]?\d){3,30}/g;
const ADDRESS = /[^\s<>()[\]:;,"]{1,64}@[\p{L}\p{N}.-]{1,253}/gu;

function detailsOf(text: string, patterns: readonly RegExp[]): readonly string[] {
  const found = patterns.flatMap((pattern) => text.match(pattern) ?? []);
  return [...new Set(found.map(squeeze))].slice(0, DETAILS_MAX);
}

/** Digits only: currency may stand before or behind, as a sign or as letters. */
function isMissing(detail: string, other: string): boolean {
  const digits = /^[^\d]{0,3}(\d+)[^\d]{0,3}$/.exec(detail)?.[1] ?? detail;
  return !other.includes(digits);
}

function hostsOf(text: string): readonly string[] {
  const hosts = Array.from(
    text.matchAll(/https?:\/\/(?:www\.)?([\p{L}\p{N}.-]{1,253})/gu),
    (match) => match[1] ?? '',
  );
  return [...new Set(hosts)].slice(0, DETAILS_MAX);
}

/** The last two labels: trackers and web servers of one sender differ before them. */
function siteOf(host: string): string {
  return host.replace(/\.$/, '').split('.').slice(-2).join('.');
}

/**
 * Compares the two. Linear in what is compared, which is bounded.
 *
 * @param text The plain side as it is shown. @param html The HTML side as Markdown, hidden text left out.
 */
export function alternativesDiffer(text: string, html: string): boolean {
  const plain = text.slice(0, COMPARED_CHARACTERS_MAX).toLowerCase();
  const shown = html.slice(0, COMPARED_CHARACTERS_MAX).toLowerCase();
  const plainWords = wordsOf(plain);
  const shownWords = wordsOf(shown);
  const plainSet = new Set(plainWords);
  const shownSet = new Set(shownWords);
  if (lacks(plainSet, shownSet, TEXT_SHARE_MIN) || lacks(shownSet, plainSet, HTML_SHARE_MIN)) return true;
  if (hasOwnSentence(plainWords, shownWords)) return true;
  const plainText = plain.replace(LINKS, ' ');
  const shownText = shown.replace(LINKS, ' ');
  if (turnsAround({ text: plainText, words: plainWords }, { text: shownText, words: shownWords }))
    return true;
  const plainSqueezed = squeeze(plain);
  const shownSqueezed = squeeze(shown);
  // What the agent reads and the person does not: any of them. The other way round, footers of HTML
  // have numbers of their own; accounts and amounts are no footers.
  return (
    detailsOf(plainText, [IBAN, AMOUNT, NUMBER, ADDRESS]).some((detail) =>
      isMissing(detail, shownSqueezed),
    ) ||
    detailsOf(shownText, [IBAN, AMOUNT]).some((detail) => isMissing(detail, plainSqueezed)) ||
    hostsOf(plain).some((host) => !shown.includes(siteOf(host)))
  );
}

/** Links of HTML: which of them a reader may follow, and whether their text names another place. */
import { ATTRIBUTE_CHARACTERS_MAX } from './tokens.ts';

/**
 * A link that a reader may follow, as it can stand in `(…)`; `""` for all others (`javascript:`,
 * `data:`, relative ones, and those too long to be kept whole), whose text stays plain.
 */
export function usableLink(href: string): string {
  if (href.length >= ATTRIBUTE_CHARACTERS_MAX) return '';
  const link = href.replace(/[\s\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gu, '');
  if (!/^(?:https?:\/\/[^/]|mailto:.|tel:.)/i.test(link)) return '';
  return link.replace(/[()<>\\|]/g, (mark) => `%${mark.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The host that a link leads to, as programs resolve it; `""` where it has none. */
export function linkHost(link: string): string {
  if (!/^https?:/i.test(link)) return '';
  return URL.parse(link)?.hostname.replace(/\.$/, '') ?? '';
}

/** The mailbox that a link writes to; `""` where it has none. */
function linkAddress(link: string): string {
  const address = /^mailto:([^?]*)/i.exec(link)?.[1] ?? '';
  return /%[0-9a-f]{2}/i.test(address) ? '' : address;
}

/** What a reader should be told of where a link leads: its host, or the mailbox that it writes to. */
export function linkPlace(link: string): string {
  return linkAddress(link) || linkHost(link);
}

/** A text that is an address of the web or a domain and nothing else. */
const PLACE =
  /^(?:https?:\/\/)?(?:[^\s/@:]{0,64}@)?((?:[\p{L}\p{N}][\p{L}\p{N}-]{0,62}\.)+[\p{L}][\p{L}\p{N}-]{1,62})\.?(?::\d{1,5})?(?:[/?#]\S*)?$/iu;
/** An address of the web among other words. */
const URL_WITHIN = /https?:\/\/(?:[^\s/@:]{0,64}@)?([^\s/?#:"<>()[\]]{1,253})/iu;
const ADDRESS = /^[^\s@<>]{1,64}@[^\s@<>]{1,253}$/u;
/** A longer text is prose. */
const PLACE_CHARACTERS_MAX = 2_000;
/** Names of files look like domains and are not meant as such. */
const FILE_NAME =
  /^[^/]*\.(?:pdf|docx?|xlsx?|pptx?|txt|csv|zip|png|jpe?g|gif|html?|ics|md|js|ts|py|json|xml)$/i;

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/**
 * Whether the text of a link claims another domain than it leads to, or the link itself hides its host
 * behind a user's name (`https://bank.example@other.example/`). `www.` and subdomains are no difference.
 */
export function isMisleadingLink(text: string, link: string): boolean {
  const address = linkAddress(link);
  if (address !== '') return ADDRESS.test(text.trim()) && text.trim().toLowerCase() !== address.toLowerCase();
  const host = linkHost(link);
  if (host === '') return false;
  if (/^https?:\/\/[^/?#]*@/i.test(link)) return true;
  // Dots of other scripts are dots (UTS 46 §2.3), and letters of full width are letters.
  const shown = text
    .trim()
    .replace(/[\u3002\uff0e\uff61]/g, '.')
    .normalize('NFKC');
  if (shown.length > PLACE_CHARACTERS_MAX || FILE_NAME.test(shown)) return false;
  const claimed = PLACE.exec(shown)?.[1] ?? URL_WITHIN.exec(shown)?.[1];
  if (claimed === undefined) return false;
  const domain = linkHost(`https://${claimed}/`).replace(/^www\./, '');
  return domain !== '' && !isWithin(host, domain) && !isWithin(domain, host.replace(/^www\./, ''));
}

/**
 * What mail programs write before the message that is answered, in the languages met most: one table
 * for each form. All are matched against one line without Markdown's marks.
 */

const UPTO = '[^\\n]{0,300}';

/** `wrote` and its translations, as programs put them into the line before a quote. */
const WROTE = [
  'wrote',
  'writes',
  'said',
  'schrieb',
  'schreibt',
  'a écrit',
  'écrivait',
  'escribi[oó]',
  'ha scritto',
  'scrive',
  'escreveu',
  'schreef',
  'heeft geschreven',
  'skrev',
  'kirjoitti',
  'napisała?',
  'napisał\\(a\\)',
  'napsala?',
  'napsal\\(a\\)',
  'написала?',
  'написав(?:ла)?',
  'пишет',
  'пише',
  'yazdı',
  'írta',
  'a scris',
  'έγραψε',
].join('|');

/** The same in scripts that put no space before a verb. */
const WROTE_WITHOUT_SPACE = 'は書きました|写道|寫道|작성';

/** A line that names time, author or both, and says that he wrote: `On Mon, 5 Jan 2026, Ann wrote:`. */
export const ATTRIBUTION: RegExp = new RegExp(
  `^(?:(?:${UPTO}[\\s>)"”]|)(?:${WROTE})|${UPTO}(?:${WROTE_WITHOUT_SPACE}))(?:[ ,(]${UPTO})?\\s{0,3}[:：]$`,
  'iu',
);

/** One without the verb, as Japanese programs write it: `2026年1月5日(月) 10:00 Ann <ann@example.org>:`. */
export const ATTRIBUTION_WITHOUT_VERB: RegExp = new RegExp(
  `^(?:[12]\\d{3}[年./-]|\\d{1,2}[./-]\\d{1,2}[./-])${UPTO}<?[^\\s<>@]{1,64}@[^\\s<>@]{1,200}>?\\s{0,3}[:：]$`,
  'u',
);

/** What an attribution begins with that is wrapped over lines. */
export const ATTRIBUTION_BEGINS: RegExp =
  /^(?:on|at|am|le|el|il|em|op|den|på|w dniu|dne|dňa|в|в?\s?(?:пн|вт|ср|чт|пт|сб|вс)|[а-яі]{2,11},|în|pe|tarihinde|ma|ti|ke|to|pe|la|su|lun|mar|mer|gio|ven|sab|dom|qua|qui|sex|seg|ter|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|pon|wt|śr|czw|pt|sob|niedz|po|út|st|čt|pá|so|ne|\d{1,4}[\s.年/년-]|[12]\d{3})(?=[\s,.\d年년]|$)/iu;

/** `-----Original Message-----`: what follows is the message that was answered, or forwarded. */
export const ORIGINAL_MESSAGE: RegExp =
  /^[-=_—]{2,60}\s{0,3}(?:original message|original appointment|ursprüngliche nachricht|originalnachricht|original-nachricht|message d['’]origine|message original|messaggio originale|mensaje original|mensagem original|oorspronkelijk bericht|originalmeddelande|ursprungligt meddelande|original(?: |e )?meddelelse|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|исходное сообщение|оригінальне повідомлення|元のメッセージ|原始邮件|原始郵件|원본 메시지|orijinal mesaj|original email)\s{0,3}[-=_—]{2,60}$/iu;

/** What begins a forwarded message: its content is new. */
export const FORWARDED_MESSAGE: RegExp =
  /^(?:[-=_]{2,60}\s{0,3}(?:forwarded (?:message|by [^\n]{1,100})|weitergeleitete nachricht|message transf[ée]r[ée]|mensaje reenviado|messaggio inoltrato|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht|vidarebefordrat meddelande|videresendt (?:meddelelse|melding)|välitetty viesti|wiadomość przekazana dalej|przekazana wiadomość|přeposlaná zpráva|пересылаемое сообщение|переслане повідомлення|転送メッセージ|转发的邮件|轉寄郵件|전달된 메시지|yönlendirilmiş mesaj|iletilen mesaj)[^\n]{0,100}|begin forwarded message:?|anfang der weitergeleiteten nachricht:?|début du message (?:réexpédié|transféré) ?:?|inizio messaggio inoltrato:?|inicio del mensaje reenviado:?|início da mensagem (?:reencaminhada|encaminhada):?|begin doorgestuurd bericht:?|vidarebefordrat brev:?|videresendt besked:?|転送されたメッセージ ?[:：]?)$/iu;

/** Subjects of forwards, in which an Outlook header block begins what is new. */
export const FORWARD_SUBJECT: RegExp =
  /^\s*(?:\[[^\]]{1,60}\]\s{0,3})?(?:fwd?|wg|tr|rv|enc|i|doorst|vb|vs|vl|pd|fs|пересл|转发|轉寄|転送|전달|ilt)\s?[:：]/iu;

type Label = 'from' | 'date' | 'to' | 'subject' | 'cc';

const LABELS: Readonly<Record<Label, string>> = {
  from: 'from|von|de|da|van|från|fra|lähettäjä|od|от|від|差出人|送信者|发件人|寄件者|보낸 사람|보낸사람|kimden|gönderen|feladó',
  date: 'sent|date|gesendet|datum|envoyé|enviado(?: el)?|fecha|inviato|data|enviada(?: em)?|verzonden|skickat|sendt|dato|lähetetty|päiväys|wysłano|odesláno|отправлено|дата|надіслано|送信日時|日付|日時|发送时间|日期|寄件日期|보낸 날짜|날짜|gönderme tarihi|gönderildi|tarih|küldve',
  to: 'to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|кому|宛先|收件人|收件者|받는 사람|받는사람|kime|címzett',
  subject:
    'subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|тема|件名|主题|主旨|제목|konu|tárgy',
  cc: 'cc|kopie|копия|копія|抄送|副本|참조|bilgi',
};

const LABEL_LINES = (Object.keys(LABELS) as Label[]).map(
  (label) => [label, new RegExp(`^(?:${LABELS[label]})\\s{0,3}[:：](?=\\s|$|[^\\s/])`, 'iu')] as const,
);

/** Which field of a quoted message's header a line shows; null for none. */
export function headerLabel(line: string): Label | null {
  if (line.length > 4_000) return null;
  return LABEL_LINES.find(([, pattern]) => pattern.test(line))?.[0] ?? null;
}

/** Footers that programs add below what somebody wrote. */
export const PROGRAM_FOOTER: RegExp =
  /^(?:sent from (?:my|mail for|yahoo|outlook|proton|samsung|the)\b[^\n]{0,100}|get outlook for [^\n]{0,60}|von meinem [^\n]{0,60} gesendet\.?|gesendet (?:von|mit) [^\n]{0,60}|envoyé (?:de|depuis) mon [^\n]{0,60}|enviado (?:desde|do) (?:mi|meu) [^\n]{0,60}|inviato da[l ][^\n]{0,60}|verzonden vanaf mijn [^\n]{0,60}|skickat från min [^\n]{0,60}|sendt fra min [^\n]{0,60}|lähetetty [^\n]{0,60}laitteesta[^\n]{0,20}|wysłane z [^\n]{0,60}|odesláno z [^\n]{0,60}|отправлено с [^\n]{0,60}|надіслано з [^\n]{0,60}|iPhoneから送信|发自我的\s?[^\n]{0,40}|내 iPhone에서 보냄|iPhone'umdan gönderildi)$/iu;

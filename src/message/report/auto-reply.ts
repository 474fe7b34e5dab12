/** Answers that nobody wrote (RFC 3834), and what programs put into their place. */
import { decodeLine } from '../header/encoded-word.ts';
import { fieldValue, type HeaderSection } from '../header/header-section.ts';

/**
 * Subjects that programs give to such answers, as they are translated. Words that a person begins a
 * subject with too ("Vacation photos", "Out of office on Friday?") count with a program's colon alone.
 */
const SUBJECT =
  /^(?:auto(?:matic|mated)?[- ]?(?:reply|response)\b|autoreply\b|vacation (?:reply|notice|message)\b|out of (?:the )?office(?: auto-?reply)?\s?:|automatische antwort\b|abwesenheitsnotiz\b|réponse automatique|absence du bureau\s?:|respuesta automática|risposta automatica|fuori ufficio\s?:|resposta automática|automatisch antwoord|afwezigheidsbericht|autosvar\b|automatiskt? svar\b|automaattinen vastaus|odpowiedź automatyczna|automatická odpověď|автоматический ответ|автоматична відповідь|自動応答|不在通知|自动答复|自動回覆|자동 회신|otomatik yanıt)/i;

/**
 * True where a message says that it is an automatic answer. X-fields of old programs do not count:
 * they may change on the way.
 */
export function isAutoReply(section: HeaderSection): boolean {
  const submitted = /^[a-z-]*/i.exec(fieldValue(section, 'auto-submitted'))?.[0].toLowerCase() ?? '';
  // RFC 3834 §5; `auto-notified` is RFC 5435's, and no answer.
  if (submitted !== '') return submitted === 'auto-replied';
  if (/^auto[-_]reply$/i.test(fieldValue(section, 'precedence'))) return true;
  return SUBJECT.test(decodeLine(fieldValue(section, 'subject').slice(0, 2_000)));
}

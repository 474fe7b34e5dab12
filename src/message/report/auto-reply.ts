/** Answers that nobody wrote (RFC 3834), and what programs put into their place. */
import { decodeLine } from '../encoded-word.ts';
import { fieldValue, type HeaderSection } from '../header-section.ts';

/** Subjects of vacation notices: Exchange, Outlook, Gmail, Domino and others, as they are translated. */
const SUBJECT =
  /^(?:auto(?:matic|mated)?[- ]?(?:reply|response)|auto:|out of (?:the )?office|autoreply|vacation|away (?:from|until)|automatische antwort|abwesenheit|réponse automatique|absence du bureau|respuesta automática|risposta automatica|fuori ufficio|resposta automática|automatisch antwoord|afwezig|autosvar|automatiskt? svar|automaattinen vastaus|odpowiedź automatyczna|automatická odpověď|автоматический ответ|автоматична відповідь|自動応答|不在|自动答复|自動回覆|자동 회신|otomatik yanıt)/i;

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

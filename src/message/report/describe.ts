/** A report in plain words, as it stands at the head of the body. */
import { assertNever } from '../../system/assert.ts';
import { shownValue } from '../enclosures/shown-value.ts';
import { statusIn } from './delivery-status.ts';
import type {
  ComplaintReport,
  DeliveryAction,
  DeliveryReport,
  DispositionReport,
  MessageReport,
  ReportedMessage,
  ReportedRecipient,
} from './report.ts';
import { statusMeaning } from './status-meaning.ts';

/** Recipients that are shown; the rest is counted. */
export const RECIPIENTS_SHOWN_MAX: number = 50;
/** What a server said may be an essay; the whole stands below and in the attached report. */
const DIAGNOSTIC_CHARACTERS_MAX = 300;

const ACTION_WORDS: Readonly<Record<DeliveryAction, string>> = {
  failed: 'Delivery failed',
  delayed: 'Delivery delayed',
  delivered: 'Delivered',
  relayed: 'Relayed',
  expanded: 'Delivered to a list',
};

/** The more specific one of a status and what the other side said of it. */
export function tellingStatus({ status, diagnostic }: ReportedRecipient): string | null {
  const said = statusIn(diagnostic ?? '');
  if (status === null || (said !== null && /^[245]\.[05]\.0$/.test(status) && said[0] === status[0])) {
    return said ?? status;
  }
  return status;
}

function why(recipient: ReportedRecipient): string {
  const status = tellingStatus(recipient);
  const meaning = status === null ? null : statusMeaning(status);
  const code = status === null ? '' : meaning === null ? status : `${status} ${meaning}`;
  const from = recipient.remoteMta === null ? '' : ` from ${shownValue(recipient.remoteMta)}`;
  if (recipient.diagnostic === null) return `${code}${code === '' ? '' : from}`;
  const said = `"${shownValue(recipient.diagnostic, DIAGNOSTIC_CHARACTERS_MAX)}"${from}`;
  return code === '' ? said : `${code} (${said})`;
}

function describeRecipient(recipient: ReportedRecipient): string {
  const action = recipient.action === null ? 'Delivery report' : ACTION_WORDS[recipient.action];
  const original = recipient.originalAddress;
  const address = recipient.address === '' ? 'the recipient is not named' : shownValue(recipient.address);
  const sentTo = original === null ? '' : ` (sent to ${shownValue(original)})`;
  // A code of success says nothing that the first word does not.
  const isGood = recipient.action !== null && recipient.action !== 'failed' && recipient.action !== 'delayed';
  const reason = isGood ? '' : why(recipient);
  return `${action}: ${address}${sentTo}${reason === '' ? '' : ` — ${reason}`}`;
}

/** Which message it was about. */
function about({ originalSubject, originalMessageId }: ReportedMessage): string {
  const subject = originalSubject === null ? '' : ` "${shownValue(originalSubject)}"`;
  const id = originalMessageId === null ? '' : ` <${shownValue(originalMessageId)}>`;
  return subject === '' && id === '' ? '' : `The message was:${subject}${id}`;
}

function describeDelivery(report: DeliveryReport): readonly string[] {
  const shown = report.recipients.slice(0, RECIPIENTS_SHOWN_MAX).map(describeRecipient);
  const more = report.recipientCount - shown.length;
  return more > 0 ? [...shown, `… and ${more} more recipients, which the report lists`] : shown;
}

function describeComplaint(report: ComplaintReport): string {
  const { feedbackType, recipients, userAgent } = report;
  const shown = recipients.slice(0, RECIPIENTS_SHOWN_MAX).map((address) => shownValue(address));
  const more = recipients.length - shown.length;
  const who =
    shown.length === 0 ? 'a recipient' : `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const by = userAgent === null ? '' : ` (reported by ${shownValue(userAgent)})`;
  return `Complaint: ${who} — ${shownValue(feedbackType, 40)}${by}`;
}

function describeDisposition(report: DispositionReport): string {
  const { recipient, disposition, modifiers, isAutomatic } = report;
  const who = recipient === '' ? 'the recipient is not named' : shownValue(recipient);
  const how = [...modifiers.map((one) => shownValue(one, 40)), ...(isAutomatic ? ['automatically'] : [])];
  return `Receipt: ${who} — ${shownValue(disposition, 40)}${how.length === 0 ? '' : ` (${how.join(', ')})`}`;
}

/** The lines for the head of a body; `""` where the message's own text says it all. */
export function describeReport(report: MessageReport): string {
  switch (report.kind) {
    case 'delivery-report':
      return [...describeDelivery(report), about(report)].filter((line) => line !== '').join('\n');
    case 'complaint':
      return [describeComplaint(report), about(report)].filter((line) => line !== '').join('\n');
    case 'disposition':
      return [describeDisposition(report), about(report)].filter((line) => line !== '').join('\n');
    case 'auto-reply':
      return '';
    default:
      return assertNever(report);
  }
}

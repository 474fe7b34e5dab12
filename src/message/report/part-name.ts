/** Names for the parts of a report, which declare none. */

const NAMES: ReadonlyMap<string, string> = new Map([
  ['message/delivery-status', 'delivery-status.txt'],
  ['message/global-delivery-status', 'delivery-status.txt'],
  ['message/feedback-report', 'feedback-report.txt'],
  ['message/disposition-notification', 'disposition-notification.txt'],
  ['message/global-disposition-notification', 'disposition-notification.txt'],
  ['text/rfc822-headers', 'original-header.txt'],
  ['message/rfc822-headers', 'original-header.txt'],
  ['message/global-headers', 'original-header.txt'],
]);

/** The name of a part of that type; `""` for a part of no report. @param contentType Lower case. */
export function reportPartName(contentType: string): string {
  return NAMES.get(contentType) ?? '';
}

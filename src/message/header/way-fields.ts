/** Fields that a message gains, loses or has rewritten on its way (design §3.3). */

/** With every `arc-…` and `x-…`. The list is closed. */
const CHANGED_ON_THE_WAY: ReadonlySet<string> = new Set([
  'received',
  'return-path',
  'delivered-to',
  'received-spf',
  'dkim-signature',
  'authentication-results',
]);

/**
 * True for a field that two copies of the same message may differ in. So nothing that a reader sees
 * may depend on one, or a forged copy could stand for the message and show something else.
 *
 * @param name Lower case.
 */
export function changesOnTheWay(name: string): boolean {
  return CHANGED_ON_THE_WAY.has(name) || name.startsWith('arc-') || name.startsWith('x-');
}

/** What a delivery is called in the journal's staging folder. */
import type { DeliveryRow } from '../journal/journal.ts';

/** Names in the staging folder; one of them exists when a delivery is staged. */
export function stagedNames(delivery: DeliveryRow): { readonly file: string; readonly bundle: string } {
  return { file: `${delivery.deliveryId}.md`, bundle: String(delivery.deliveryId) };
}

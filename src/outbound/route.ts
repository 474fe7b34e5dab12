/**
 * Where mail for a domain goes: the answer of routing, and its port.
 */
import type { Endpoint } from './transmission.ts';

export type Route =
  /** In the order in which they are tried: by preference, equal ones shuffled, each host's addresses one after the other. */
  | { readonly kind: 'endpoints'; readonly endpoints: readonly Endpoint[] }
  /** It will never be delivered: null MX, no such domain, a loop to ourselves, private addresses alone. */
  | { readonly kind: 'permanent'; readonly status: string; readonly reason: string }
  /** DNS could not say. */
  | { readonly kind: 'transient'; readonly status: string; readonly reason: string };

export interface Router {
  /** @param domain Lower case, A-labels; or an address literal with its brackets. Never rejects. */
  route(domain: string, signal: AbortSignal): Promise<Route>;
}

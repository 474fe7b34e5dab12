/**
 * The ids by which rows are named. Each has one maker, so that none is taken for another.
 */

export type JournalId = number & { readonly __brand: 'JournalId' };
export type DeliveryId = number & { readonly __brand: 'DeliveryId' };
/** Random, hex. A mailbox that is deleted and made again for another owner gets another. */
export type MailboxId = string & { readonly __brand: 'MailboxId' };
/** Random, hex. */
export type RunId = string & { readonly __brand: 'RunId' };
/** Random, 16 hex digits: names a message on its way out. */
export type QueueId = string & { readonly __brand: 'QueueId' };

/** These are the only makers of their brands: of values that come from rows or from a request. */
export const toJournalId = (value: number): JournalId => value as JournalId;
export const toDeliveryId = (value: number): DeliveryId => value as DeliveryId;
export const toMailboxId = (value: string): MailboxId => value as MailboxId;
export const toQueueId = (value: string): QueueId => value as QueueId;
export const toRunId = (value: string): RunId => value as RunId;

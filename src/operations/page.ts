/** Limits of paged answers. */

/** Rows in a page where the caller does not say (contract §8). */
export const PAGE_DEFAULT = 50;

/** The most rows in one answer: it bounds the time of a query and the memory of an answer. */
export const PAGE_MAX = 500;

export interface PageInput {
  /** 1 to {@link PAGE_MAX}; {@link PAGE_DEFAULT} where absent. */
  readonly limit?: number | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** The page's size within its bounds. */
export function pageLimit(input: PageInput): number {
  return Math.min(Math.max(1, input.limit ?? PAGE_DEFAULT), PAGE_MAX);
}

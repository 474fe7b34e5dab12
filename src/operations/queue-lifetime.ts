/** How long a message is tried before it is given up. */

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Five days: RFC 5321 §4.5.4.1 asks for at least four or five, and a server that is down over a long
 * weekend is up again. It counts from the submission, and anew from a release: a message that was held
 * has not been tried meanwhile.
 */
export const QUEUE_LIFETIME_MS: number = 5 * DAY_MS;

/** Words that an input may take, for surfaces that offer them; it loads nothing else. */
export { RUN_STATES } from '../journal/rows.ts';
export { MAIL_FOLDERS } from '../mailbox/layout.ts';

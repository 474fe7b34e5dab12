/** What a hook learns of its message through the environment (contract §6). */
import type { Frontmatter } from '../message/document/document.ts';

/**
 * The variables that come from the message; the runner adds those of the run and bounds all of them.
 *
 * @param path Absolute path of the message's Markdown in the mailbox.
 */
export function hookVariables(frontmatter: Frontmatter, path: string): Readonly<Record<string, string>> {
  return {
    AIMX_MAILBOX: frontmatter.mailbox,
    AIMX_FROM: frontmatter.from,
    AIMX_TO: frontmatter.to,
    AIMX_SUBJECT: frontmatter.subject,
    AIMX_FILEPATH: path,
    AIMX_MESSAGE_ID: frontmatter.message_id,
    AIMX_ID: frontmatter.id,
    AIMX_DATE: frontmatter.date,
    AIMX_THREAD_ID: frontmatter.thread_id,
    AIMX_TRUSTED: frontmatter.trusted,
    AIMX_DELIVERED_TO: frontmatter.delivered_to,
  };
}

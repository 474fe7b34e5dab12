export function htmlToMarkdown(html: string): string {
  return html;
}

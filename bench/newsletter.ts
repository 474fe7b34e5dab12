/** A newsletter of nested layout tables, about `bytes` long. */
export function newsletter(bytes: number): string {
  const story = (n: number): string =>
    `<tr><td style="padding:8px;color:#333"><table width="100%"><tr><td><h2>Story ${n}</h2>` +
    `<p>Some words with a <a href="https://news.example/story/${n}?utm=mail">link</a>, <b>bold</b> ones and ` +
    `&eacute;ntities, as long as a paragraph in a newsletter tends to be before somebody asks to read on.</p>` +
    `<img src="https://news.example/${n}.png" alt="Picture ${n}" width="560"></td></tr></table></td></tr>\r\n`;
  const stories: string[] = [];
  for (let size = 0, n = 0; size < bytes; n += 1) {
    const next = story(n);
    stories.push(next);
    size += next.length;
  }
  return `<html><head><style>.x{color:#fff}</style></head><body><table>${stories.join('')}</table></body></html>`;
}

/** Links between the project's pages. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** As GitHub makes anchors: lower case, punctuation dropped, spaces to hyphens. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

export interface Page {
  readonly path: string;
  readonly text: string;
}

function anchorsOf({ text }: Page): ReadonlySet<string> {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '');
  return new Set([...prose.matchAll(/^#{1,6} +(.+)$/gm)].map((match) => anchorOf(match[1] ?? '')));
}

/** @returns One line for each link within the project that leads nowhere. */
export function findDeadLinks(pages: readonly Page[], root: string): readonly string[] {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  return pages.flatMap((page) =>
    [...withoutCode(page.text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
      const link = match[1] ?? '';
      if (/^[a-z]+:/.test(link)) return [];
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page.path : normalize(join(dirname(page.path), file));
      if (!byPath.has(target) && !existsSync(join(root, target)))
        return [`${page.path}: ${link} leads nowhere`];
      const targetPage = byPath.get(target);
      const isDead = anchor !== undefined && targetPage !== undefined && !anchorsOf(targetPage).has(anchor);
      return isDead ? [`${page.path}: ${link}: no such heading in ${target}`] : [];
    }),
  );
}

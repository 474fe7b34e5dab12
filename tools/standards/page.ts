/** `docs/reference/standards.md`, made from what the code cites. */
import { collectCitations } from './citations.ts';
import { RFCS } from './rfcs.ts';

interface Place {
  readonly path: string;
  readonly text: string;
}

/** Numeric by part, so that 4.10 follows 4.9. */
function compareSections(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Sections of one RFC → the files that cite each; `''` stands for the RFC as a whole. */
type Sections = Map<string, Set<string>>;

function collect(places: readonly Place[]): Map<number, Sections> {
  const cited = new Map<number, Sections>();
  for (const { path, text } of places)
    for (const { rfc, section } of collectCitations(text)) {
      const sections = cited.get(rfc) ?? new Map<string, Set<string>>();
      cited.set(rfc, sections);
      const paths = sections.get(section ?? '') ?? new Set();
      sections.set(section ?? '', paths.add(path));
    }
  return cited;
}

function sectionRows(sections: Sections): readonly string[] {
  const rows = [...sections].filter(([section]) => section !== '').sort(([a], [b]) => compareSections(a, b));
  if (rows.length === 0) return [`Cited as a whole in ${linked(sections.get('') ?? new Set())}.`];
  return [
    '| section | where |',
    '|---|---|',
    ...rows.map(([section, paths]) => `| §${section} | ${linked(paths)} |`),
  ];
}

function linked(paths: ReadonlySet<string>): string {
  return [...paths]
    .sort()
    .map((path) => `[${path.replace(/^src\//, '')}](../../${path})`)
    .join(', ');
}

/** @returns The page, and the RFCs that are cited without a row in {@link RFCS}. */
export function standardsPage(places: readonly Place[]): {
  readonly page: string;
  readonly unknown: readonly string[];
} {
  const cited = [...collect(places)].sort(([a], [b]) => a - b);
  const unknown = cited.flatMap(([rfc, sections]) =>
    RFCS[rfc] === undefined
      ? [`RFC ${rfc}, cited in ${[...sections.values()].flatMap((s) => [...s])[0]}`]
      : [],
  );
  const chapters = cited.flatMap(([rfc, sections]) => {
    const known = RFCS[rfc];
    if (known === undefined) return [];
    return [
      `## RFC ${rfc} · ${known.title}`,
      '',
      `*${known.standing}*: ${known.scope}. [Text](https://www.rfc-editor.org/rfc/rfc${rfc}).`,
      '',
      ...sectionRows(sections),
      '',
    ];
  });
  const page = [
    '# Standards',
    '',
    'Made by `npm run docs` from the sections that the code cites; the standing of each RFC is kept in',
    '`tools/standards/rfcs.ts`.',
    '',
    '| RFC | title | standing |',
    '|---|---|---|',
    ...cited.flatMap(([rfc]) => {
      const known = RFCS[rfc];
      return known === undefined ? [] : [`| ${rfc} | ${known.title} | ${known.standing} |`];
    }),
    '',
    ...chapters,
  ].join('\n');
  return { page: `${page.trimEnd()}\n`, unknown };
}

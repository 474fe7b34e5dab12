/** The report: Markdown for people, JSON for comparing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { type Figure, formatNumber, formatTarget, type Section, standingOf, type Table } from './figure.ts';
import type { Plan } from './plan.ts';

export interface Report {
  readonly date: string;
  readonly plan: Plan;
  readonly machine: string;
  /** What was run: compiled code, or the sources as they are. */
  readonly program: string;
  /** Load of the machine before and after, since others may be at work on it. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly seconds: number;
  readonly sections: readonly Section[];
  /** What was left out, and why. */
  readonly leftOut: readonly string[];
}

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? arch();
  return `${availableParallelism()} cores (${model}), Linux ${release().split('-')[0]}, Node ${process.version}`;
}

export function currentLoad(): number {
  return loadavg()[0] ?? Number.NaN;
}

export function formatReport(report: Report): string {
  const figures = report.sections.flatMap((section) => section.figures);
  const missed = figures.filter((figure) => standingOf(figure) === 'missed').length;
  const lines = [
    `# aimx bench, ${report.date}`,
    '',
    `${report.plan.name} run of ${Math.round(report.seconds)} s · ${report.machine} · ${report.program}`,
    `Load of the machine ${formatNumber(report.loadBefore)} before, ${formatNumber(report.loadAfter)} after. Medians; ratios pair by pair within this run.`,
    '',
    ...report.leftOut.map((why) => `Left out: ${why}.`),
    ...(report.leftOut.length === 0 ? [] : ['']),
    ...formatFigures(figures),
    '',
    `${missed === 0 ? 'No figure' : missed === 1 ? '1 figure' : `${missed} figures`} missed.`,
    '',
    ...report.sections.flatMap(formatSection),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function formatFigures(figures: readonly Figure[]): readonly string[] {
  return formatTable({
    title: '',
    columns: ['figure', 'measured', 'to reach', '', 'note'],
    rows: figures.map((figure) => [
      figure.name,
      `${formatNumber(figure.value)} ${figure.unit}`,
      formatTarget(figure),
      standingOf(figure),
      figure.note ?? '',
    ]),
  });
}

function formatSection({ title, tables }: Section): readonly string[] {
  if (tables.length === 0) return [];
  return [`## ${title}`, '', ...tables.flatMap((table) => [...formatTable(table), ''])];
}

function formatTable({ title, columns, rows }: Table): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    ...(title === '' ? [] : [title, '']),
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
  ];
}

/** Writes `results/<date>-<cores>.md` and `.json`. @returns The path without its extension. */
export function writeReport(report: Report): string {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const suffix = report.plan.name === 'full' ? '' : `-${report.plan.name}`;
  const path = join(folder, `${report.date.slice(0, 10)}-${availableParallelism()}-cores${suffix}`);
  writeFileSync(`${path}.md`, formatReport(report));
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 1)}\n`);
  return path;
}

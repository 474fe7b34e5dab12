/** `docs/reference/events.md`, from the calls of the log and what is said of each event. */
import ts from 'typescript';
import { lineAt, type Source, walk } from '../tidy/source.ts';
import { EVENT_MEANINGS } from './events.ts';

const LEVELS = new Set(['debug', 'info', 'warn', 'error']);

/** A session knows no log: what it has to say is an effect, which its driver logs at this level. */
const EFFECT = { method: 'log', level: 'info' };

interface LoggedEvent {
  readonly name: string;
  readonly level: string;
  readonly fields: readonly string[];
  readonly place: string;
}

function fieldsOf(argument: ts.Expression | undefined): readonly string[] {
  if (argument === undefined || !ts.isObjectLiteralExpression(argument)) return [];
  return argument.properties.flatMap((property) =>
    property.name !== undefined && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))
      ? [property.name.text]
      : [],
  );
}

/** Calls such as `log.warn('config.refused', { … })`. */
function collectEvents(source: Source): readonly LoggedEvent[] {
  const events: LoggedEvent[] = [];
  walk(source.tree, (node) => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const method = node.expression.name.text;
    const level = method === EFFECT.method ? EFFECT.level : method;
    const [name, fields] = node.arguments;
    if (!LEVELS.has(level) || name === undefined || !ts.isStringLiteral(name)) return;
    if (!/^[a-z-]+\.[a-z_-]+$/.test(name.text)) return;
    const place = `${source.path}:${lineAt(source, node.getStart())}`;
    events.push({ name: name.text, level, fields: fieldsOf(fields), place });
  });
  return events;
}

/** @returns The page, and what is logged without a meaning or explained without being logged. */
export function eventsPage(sources: readonly Source[]): {
  readonly page: string;
  readonly problems: readonly string[];
} {
  const logged = sources.flatMap(collectEvents);
  const names = [...new Set(logged.map(({ name }) => name))].sort();
  const rows = names.map((name) => {
    const calls = logged.filter((event) => event.name === name);
    const levels = [...new Set(calls.map(({ level }) => level))].join(', ');
    const fields = [...new Set(calls.flatMap((call) => call.fields))]
      .map((field) => `\`${field}\``)
      .join(' ');
    return `| \`${name}\` | ${levels} | ${EVENT_MEANINGS[name] ?? ''} | ${fields} |`;
  });
  const problems = [
    ...logged
      .filter(({ name }) => EVENT_MEANINGS[name] === undefined)
      .map(({ name, place }) => `${place}: ${name} has no row in tools/docs/events.ts`),
    ...Object.keys(EVENT_MEANINGS)
      .filter((name) => !names.includes(name))
      .map((name) => `tools/docs/events.ts: nothing logs ${name}`),
  ];
  const page = [
    '# Events',
    '',
    'Made by `npm run docs`. The daemon writes its log to stderr, one JSON object a line: `time`, `level`, `event`,',
    'and the fields of the event. Control characters are escaped, so nothing in a mail can forge a line. Bodies and',
    'secrets are never logged.',
    '',
    '| event | level | meaning | fields |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  return { page, problems };
}

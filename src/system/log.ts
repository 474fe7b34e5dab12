/**
 * Structured logging, as a port: one event, one line, stable field names.
 *
 * `event` is a dotted name from `docs/reference/events.md`; fields are data, never sentences with
 * data in them. No mail bodies, no secrets. JSON encoding escapes control characters, so a header's
 * content cannot forge a line.
 */
import pino from 'pino';

export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** The longest string value that a line carries; the rest is cut and marked. */
const FIELD_CHARACTERS_MAX = 1024;

function bounded(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    out[name] =
      typeof value === 'string' && value.length > FIELD_CHARACTERS_MAX
        ? `${value.slice(0, FIELD_CHARACTERS_MAX)}…`
        : value;
  return out;
}

/** One JSON object a line on stderr. @param level The least severe level that is written. */
export function jsonLog(level: 'debug' | 'info' | 'warn' | 'error' = 'info'): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    gatheredByTurn(pino.destination({ dest: 2, sync: true })),
  );
  const at =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}): void =>
      logger[severity](bounded(fields), event);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * Hands on all lines of one turn of the event loop in one write: a system call for each accepted message
 * would cost a tenth of what accepting it costs. Lines are in order, and none is later than its turn or
 * the end of the process; `kill -9` may take those of its last turn.
 */
function gatheredByTurn(output: { write(lines: string): unknown }): { write(line: string): void } {
  let lines = '';
  const flush = (): void => {
    const gathered = lines;
    lines = '';
    if (gathered !== '') output.write(gathered);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

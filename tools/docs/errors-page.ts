/** `docs/reference/errors.md`, from the table of error codes. */
import { ERROR_CODES } from '../../src/system/errors.ts';

export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return [
    '# Errors',
    '',
    'Made by `npm run docs` from `src/system/errors.ts`. The codes are stable: scripts and agents match on them,',
    'never on the sentences. With `--json`, and over HTTP and MCP, an error is',
    '`{"error":{"code":…,"message":…,"hint":…}}`.',
    '',
    '| code | what it means |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/**
 * Writes `docs/reference/cli.md` from the table of commands; with `--check`, fails where it is old.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { OPERATIONS } from '../src/operations/operations.ts';
import { decidesAboutRuns } from '../src/operations/outside-runs.ts';
import { type CommandSpec, GROUPS, type OptionSpec } from '../src/surfaces/cli/command-spec.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../src/surfaces/cli/command-table.ts';

const PATH = new URL('../docs/reference/cli.md', import.meta.url);

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<');
}

function optionRows(options: readonly OptionSpec[]): string {
  return options
    .map(({ flags, describe, choices, isRepeatable }) => {
      const notes = [describe, choices && `one of ${choices.join(', ')}`, isRepeatable && 'may be repeated'];
      return `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(notes.filter(Boolean).join('; '))} |`;
    })
    .join('\n');
}

function usage({ name, args = [], options = [] }: CommandSpec): string {
  const words = args.map((argument) => {
    const shown = `${argument.name}${argument.isVariadic === true ? '…' : ''}`;
    return argument.isOptional === true ? `[${shown}]` : `<${shown}>`;
  });
  return ['aimx', name, ...(options.length === 0 ? [] : ['[options]']), ...words].join(' ');
}

function section(spec: CommandSpec): string {
  const { args = [], options = [] } = spec;
  const parts = [`### aimx ${spec.name}`, `${spec.summary}.`];
  if (spec.detail !== undefined) parts.push(spec.detail);
  parts.push(`\`\`\`\n${usage(spec)}\n\`\`\``);
  if (args.length > 0)
    parts.push(args.map(({ name, describe }) => `- \`${name}\`: ${cell(describe)}`).join('\n'));
  if (options.length > 0) parts.push(`| option | meaning |\n|---|---|\n${optionRows(options)}`);
  if (spec.hasJson) parts.push('Takes `--json`.');
  parts.push(`Example: \`${spec.example}\``);
  return parts.join('\n\n');
}

const operations = Object.entries(OPERATIONS)
  .map(
    ([name, { summary, who, errors }]) =>
      `| \`${name}\` | ${summary} | ${who} | ${[...(decidesAboutRuns(name) ? ['request.forbidden'] : []), ...errors].map((code) => `\`${code}\``).join(' ')} |`,
  )
  .join('\n');

const text = `# Commands

Written by \`tools/generate-cli-reference.ts\` from the table of commands; change that.

Exit codes: 0 done; 1 refused or failed; 2 wrong usage, or no daemon; 3 an answer that cannot be read. With \`--json\` a
failure is \`{"error":{"code","message","hint"}}\` on stdout. \`AIMX_CONFIG_DIR\`, \`AIMX_DATA_DIR\`, \`AIMX_RUNTIME_DIR\` and
\`NO_COLOR\` are honoured. Where \`./.aimx/config.toml\` belongs to you it is used, and stderr says so.

| option of every command | meaning |
|---|---|
${optionRows(GLOBAL_OPTIONS)}

${GROUPS.map(
  (group) =>
    `## ${group}\n\n${COMMANDS.filter((spec) => spec.group === group)
      .map(section)
      .join('\n\n')}`,
).join('\n\n')}

## The control socket

The daemon speaks HTTP/1.1 with JSON on \`<runtime>/aimx.sock\`: \`POST /v1/<operation>\` with the input as a JSON object.
\`GET /v1\` lists the operations, \`GET /health\` answers while it lives. \`raw\` answers with \`message/rfc822\`; \`ingest\` takes
the message as the body and \`?recipient=\` (and \`&wait=false\`) in the query. Who calls is what the kernel says.

\`\`\`
curl --unix-socket /run/aimx/aimx.sock http://aimx/v1/runs.list -d '{"held":true}'
\`\`\`

| operation | what it does | who may | error codes beside \`request.invalid\` |
|---|---|---|---|
${operations}
`;

if (process.argv.includes('--check')) {
  let found = '';
  try {
    found = readFileSync(PATH, 'utf8');
  } catch {
    // Absent is as old as can be.
  }
  if (found !== text) {
    process.stderr.write('docs/reference/cli.md is old: node tools/generate-cli-reference.ts\n');
    process.exitCode = 1;
  }
} else writeFileSync(PATH, text);

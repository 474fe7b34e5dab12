/** `docs/reference/config.md` and `config.example.toml`, from the keys' own declarations. */
import { documentHookKeys } from '../../src/config/hook-table.ts';
import { documentMailboxKeys } from '../../src/config/mailbox-table.ts';
import { documentTopKeys } from '../../src/config/parse.ts';
import type { KeyDoc } from '../../src/config/read-table.ts';
import { documentSections, type SectionDoc } from '../../src/config/sections.ts';

function chapters(): readonly SectionDoc[] {
  return [
    { heading: 'Top level', describe: 'Before the first table of the file.', keys: documentTopKeys() },
    ...documentSections(),
    {
      heading: '[mailboxes.<name>]',
      describe:
        'One table for each mailbox. Its name is the name of its folder: 1 to 64 characters out of ' +
        '`a-z 0-9 . _ -`, without `..` and without a dot at either end. `catchall` and `aimx-catchall` are ' +
        'kept for the mailbox whose address is `*@<domain>`. Mail is routed by `address`, not by this name.',
      keys: documentMailboxKeys(),
    },
    {
      heading: '[[mailboxes.<name>.hooks]]',
      describe:
        'What starts when a message has been delivered, in the order of the file, one after the other.',
      keys: documentHookKeys(),
    },
  ];
}

function keyText({ name, allowed, shown, describe }: KeyDoc): readonly string[] {
  const standing =
    shown === null ? 'required' : `default ${shown.startsWith('(') ? shown.slice(1, -1) : `\`${shown}\``}`;
  return [`### \`${name}\``, '', describe, '', `*${standing}* · ${allowed}`, ''];
}

/** The reference page. */
export function configPage(): string {
  const lines = [
    '# config.toml',
    '',
    'Made by `npm run docs` from the declarations in `src/config/`.',
    '',
    '`/etc/aimx/config.toml`, or the folder in `AIMX_CONFIG_DIR`. `aimx config check` prints everything that is',
    'wrong with it, each with its line. The daemon reads it again on SIGHUP; a file with an error is refused and',
    'the old one stays in force. Durations are strings such as `"90s"` or `"35d"` (units ms, s, m, h, d); sizes',
    'are bytes, or strings such as `"25MiB"`. An unknown key is a warning, and an error in a hook.',
    'An annotated example is [config.example.toml](config.example.toml).',
    '',
    ...chapters().flatMap(({ heading, describe, keys }) => [
      `## ${heading.startsWith('[') ? `\`${heading}\`` : heading}`,
      '',
      describe,
      '',
      ...keys.flatMap(keyText),
    ]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

const WIDTH = 100;

/** Breaks text into comment lines. */
function comment(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line !== '#' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** Values of the keys that the example sets. */
const EXAMPLE_VALUES: Readonly<Record<string, string>> = {
  'Top level.domain': '"example.com"',
  '[mailboxes.<name>].address': '"agent@example.com"',
  '[mailboxes.<name>].owner': '"agent"',
  '[[mailboxes.<name>.hooks]].event': '"on_receive"',
  '[[mailboxes.<name>.hooks]].cmd': '["/usr/local/bin/answer-mail"]',
};

function exampleKey(heading: string, key: KeyDoc): readonly string[] {
  const value = EXAMPLE_VALUES[`${heading}.${key.name}`];
  const fallback = key.shown ?? '';
  const setting =
    value !== undefined
      ? `${key.name} = ${value}`
      : fallback.startsWith('(')
        ? `# ${key.name} = …  ${fallback}`
        : `# ${key.name} = ${fallback}`;
  return [...comment(key.describe), ...comment(`Allowed: ${key.allowed}.`), setting, ''];
}

/** The annotated example: every key, those that have a default as comments. It is a valid configuration. */
export function configExample(): string {
  const lines = [
    '# config.toml of aimx, with every key. Made by `npm run docs`; what is commented out shows the default.',
    '',
    ...chapters()
      .filter(({ heading }) => heading !== '[[mailboxes.<name>.hooks]]')
      .flatMap(({ heading, describe, keys }) => [
        ...(heading === 'Top level'
          ? []
          : ['', ...comment(describe), heading.replace('<name>', 'agent'), '']),
        ...keys.filter(({ name }) => name !== 'hooks').flatMap((key) => exampleKey(heading, key)),
      ]),
    '',
    '# A program that starts once for each message; the message is on its stdin.',
    '[[mailboxes.agent.hooks]]',
    '',
    ...documentHookKeys()
      .filter(({ name }) => name !== 'env')
      .flatMap((key) => exampleKey('[[mailboxes.<name>.hooks]]', key)),
    '# Variables for its environment, beside those of the owner and `AIMX_…`.',
    '# env = { LANG = "C.UTF-8" }',
  ];
  return `${lines.join('\n')}\n`;
}

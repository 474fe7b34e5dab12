/** Completion scripts for shells, made from the table of commands: they name words and start nothing. */
import type { CommandSpec, CommandTable, OptionSpec } from './command-spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function isShell(name: string): name is Shell {
  return (SHELLS as readonly string[]).includes(name);
}

interface Node {
  /** Words that lead here, `''` at the top; both names of a family lead to the same words. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly describe: string }[];
}

function optionWords(options: readonly OptionSpec[]): Node['words'] {
  return options.map(({ flags, describe }) => ({ word: flags.split(' ')[0] ?? flags, describe }));
}

function commandWords(spec: CommandSpec, { globalOptions }: CommandTable): Node['words'] {
  const fixed =
    spec.name === 'completion'
      ? SHELLS.map((shell) => ({ word: shell, describe: `script for ${shell}` }))
      : [];
  return [
    ...fixed,
    ...optionWords([...(spec.options ?? []), ...globalOptions]),
    { word: '--help', describe: 'print help' },
  ];
}

/** What may follow which words. */
function nodes(table: CommandTable): readonly Node[] {
  const { commands, families: known, globalOptions } = table;
  const single = commands.filter(({ name }) => !name.includes(' '));
  const top: Node = {
    path: '',
    words: [
      ...single.map(({ name, summary }) => ({ word: name, describe: summary })),
      ...known.flatMap(({ name, alias, summary }) =>
        [name, ...(alias === undefined ? [] : [alias])].map((word) => ({ word, describe: summary })),
      ),
      ...optionWords(globalOptions),
      { word: '--help', describe: 'print help' },
      { word: '--version', describe: 'print the version' },
    ],
  };
  const families = known.flatMap(({ name, alias }) => {
    const verbs = commands.filter((spec) => spec.name.startsWith(`${name} `));
    return [name, ...(alias === undefined ? [] : [alias])].flatMap((word) => [
      {
        path: word,
        words: verbs.map((spec) => ({ word: spec.name.slice(name.length + 1), describe: spec.summary })),
      },
      ...verbs.map((spec) => ({
        path: `${word} ${spec.name.slice(name.length + 1)}`,
        words: commandWords(spec, table),
      })),
    ]);
  });
  return [top, ...single.map((spec) => ({ path: spec.name, words: commandWords(spec, table) })), ...families];
}

/** Choices of options that have them, such as `--folder`. */
function choices({
  commands,
}: CommandTable): readonly { readonly option: string; readonly values: readonly string[] }[] {
  const all = new Map<string, readonly string[]>();
  for (const { options = [] } of commands)
    for (const option of options)
      if (option.choices !== undefined) all.set(option.flags.split(' ')[0] ?? '', option.choices);
  return [...all].map(([option, values]) => ({ option, values }));
}

function words(node: Node): string {
  return node.words.map(({ word }) => word).join(' ');
}

function bashScript(table: CommandTable): string {
  const cases = nodes(table).map((node) => `    '${node.path}') words='${words(node)}' ;;`);
  const values = choices(table).map(
    ({ option, values: of }) =>
      `    ${option}) COMPREPLY=($(compgen -W '${of.join(' ')}' -- "$current")); return ;;`,
  );
  return `# bash completion for aimx; source it, or put it into /etc/bash_completion.d/
_aimx() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' word index
  case $previous in
${values.join('\n')}
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in -*) continue ;; esac
    case "$path $word" in
${bashPaths(table)}
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _aimx aimx
`;
}

/** Only words that lead to a node lengthen the path; arguments do not. */
function bashPaths(table: CommandTable): string {
  return nodes(table)
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      '${path.includes(' ') ? '' : ' '}${path}') path='${path}' ;;`)
    .join('\n');
}

function quote(text: string): string {
  return text.replaceAll("'", "'\\''");
}

function zshScript(table: CommandTable): string {
  const cases = nodes(table).map((node) => {
    const described = node.words.map(
      ({ word, describe }) => `'${quote(`${word}:${describe.replaceAll(':', '\\:')}`)}'`,
    );
    return `    '${node.path}') described=(${described.join(' ')}) ;;`;
  });
  const values = choices(table).map(
    ({ option, values: of }) => `    ${option}) compadd -- ${of.join(' ')}; return ;;`,
  );
  return `#compdef aimx
_aimx() {
  local word trail='' index
  local -a described
  case $words[CURRENT-1] in
${values.join('\n')}
  esac
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    [[ $word == -* ]] && continue
    case "$trail $word" in
${bashPaths(table).replaceAll("path='", "trail='")}
    esac
  done
  case $trail in
${cases.join('\n')}
  esac
  _describe -V aimx described || _files
}
if [ "$funcstack[1]" = "_aimx" ]; then _aimx "$@"; else compdef _aimx aimx; fi
`;
}

function fishScript(table: CommandTable): string {
  const lines = ['# fish completion for aimx; put it into ~/.config/fish/completions/aimx.fish'];
  for (const { path, words: of } of nodes(table)) {
    const [family, verb] = path.split(' ');
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : verb === undefined
          ? `__fish_seen_subcommand_from ${family}; and not __fish_seen_subcommand_from ${verbsOf(family ?? '', table)}`
          : `__fish_seen_subcommand_from ${family}; and __fish_seen_subcommand_from ${verb}`;
    for (const { word, describe } of of) {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      lines.push(`complete -c aimx -n '${condition}' ${what} -d '${describe.replaceAll("'", "\\'")}'`);
    }
  }
  for (const { option, values } of choices(table))
    lines.push(`complete -c aimx -l ${option.slice(2)} -x -a '${values.join(' ')}'`);
  return `${lines.join('\n')}\n`;
}

/** Verbs of a family by either name; a word that is none for a single command. */
function verbsOf(name: string, { commands, families }: CommandTable): string {
  const family = families.find((one) => one.name === name || one.alias === name)?.name;
  const verbs = commands
    .filter((spec) => spec.name.startsWith(`${family} `))
    .map((spec) => spec.name.split(' ')[1]);
  return verbs.length === 0 ? '__none__' : verbs.join(' ');
}

export function completionScript(shell: Shell, table: CommandTable): string {
  switch (shell) {
    case 'bash':
      return bashScript(table);
    case 'zsh':
      return zshScript(table);
    case 'fish':
      return fishScript(table);
  }
}

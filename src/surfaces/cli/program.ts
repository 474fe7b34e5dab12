/** The command line's grammar, made from the table of commands. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { type CommandSpec, GROUPS, type OptionSpec } from './command-spec.ts';
import { COMMANDS, FAMILIES, GLOBAL_OPTIONS } from './command-table.ts';
import { wrapText } from './text-width.ts';

/** What was asked for. */
export interface Parsed {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export type ParseOutcome =
  | { readonly kind: 'command'; readonly parsed: Parsed }
  /** Help or version: already written. */
  | { readonly kind: 'shown' }
  /** What is wrong, one line, and what to do. */
  | { readonly kind: 'usage'; readonly message: string; readonly hint: string };

export interface ProgramOutput {
  out(text: string): void;
  readonly columns: number;
}

function addOption(command: Command, spec: OptionSpec): void {
  const option = new Option(spec.flags, spec.describe);
  if (spec.choices !== undefined) option.choices(spec.choices);
  if (spec.isRepeatable === true)
    option.argParser((value: string, previous: readonly string[] | undefined) => [
      ...(previous ?? []),
      value,
    ]);
  command.addOption(option);
}

function addCommand(
  parent: Command,
  verb: string,
  spec: CommandSpec,
  { columns, chosen }: { readonly columns: number; readonly chosen: (parsed: Parsed) => void },
): void {
  const command = parent.command(verb).description(`${spec.summary}.`).summary(spec.summary);
  for (const argument of spec.args ?? []) {
    const name = argument.isVariadic === true ? `${argument.name}...` : argument.name;
    command.addArgument(
      new Argument(argument.isOptional === true ? `[${name}]` : `<${name}>`, argument.describe),
    );
  }
  for (const option of spec.options ?? []) addOption(command, option);
  if (parent.parent === null) command.helpGroup(`${spec.group}:`);
  const { detail } = spec;
  const said = detail === undefined ? '' : `\n${wrapText(detail, 0, { columns })}\n`;
  command.addHelpText('after', `${said}\nExample:\n  ${spec.example}`);
  command.action((...received: unknown[]) => {
    const self = received.at(-1) as Command;
    const args = self.processedArgs.flat().filter((value) => value !== undefined) as string[];
    chosen({ spec, args, options: self.optsWithGlobals() });
  });
}

/** @param output.chosen Called with the command that was asked for. */
function createProgram(
  version: string,
  output: { readonly columns: number; readonly chosen: (parsed: Parsed) => void },
): Command {
  const program = new Command('aimx')
    .description('A mail exchange for AI agents: one Markdown file and one start of the hook for each mail.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false);
  for (const option of GLOBAL_OPTIONS) addOption(program, option);
  const families = new Map<string, Command>();
  for (const group of GROUPS) {
    for (const spec of COMMANDS.filter((one) => one.group === group && !one.name.includes(' ')))
      addCommand(program, spec.name, spec, output);
    for (const family of FAMILIES.filter((one) => one.group === group)) {
      const command = program.command(family.name).description(`${family.summary}.`).summary(family.summary);
      if (family.alias !== undefined) command.alias(family.alias);
      command.helpGroup(`${group}:`).helpCommand(false);
      families.set(family.name, command);
    }
  }
  for (const spec of COMMANDS) {
    const [family, verb] = spec.name.split(' ');
    const parent = families.get(family ?? '');
    if (verb !== undefined && parent !== undefined) addCommand(parent, verb, spec, output);
  }
  program.addHelpText(
    'after',
    "\nEnvironment:\n  AIMX_CONFIG_DIR, AIMX_DATA_DIR, AIMX_RUNTIME_DIR, NO_COLOR\n\nExample:\n  aimx dev --hook 'cat >> /tmp/mails.txt'",
  );
  return program;
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** The first line of commander's words without `error:`; they name the option or argument. */
function usageMessage(error: CommanderError): string {
  const [first = ''] = error.message.split('\n');
  const text = first.replace(/^error: /, '');
  const suggestion = /\(Did you mean .*\)/.exec(error.message)?.[0] ?? '';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${suggestion === '' ? '' : ` ${suggestion}`}`;
}

/** @param argv Without the program's own name. Never throws. */
export function parseArguments(
  argv: readonly string[],
  version: string,
  output: ProgramOutput,
): ParseOutcome {
  let parsed: Parsed | null = null;
  let at: Command | null = null;
  const chosen = (command: Parsed): void => {
    parsed = command;
  };
  const program = createProgram(version, { columns: output.columns, chosen });
  for (const command of everyCommand(program)) {
    command.exitOverride((error) => {
      at = command;
      throw error;
    });
    command.configureOutput({
      writeOut: output.out,
      writeErr: () => undefined,
      getOutHelpWidth: () => output.columns,
    });
    command.configureHelp({ showGlobalOptions: true });
  }
  try {
    program.parse(asOptions(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'shown' };
    return usage(error, at ?? program, program, output);
  }
  return parsed === null ? { kind: 'shown' } : { kind: 'command', parsed };
}

/** What may stand behind `aimx`. */
const FIRST_WORDS: ReadonlySet<string> = new Set([
  ...COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''),
  ...FAMILIES.flatMap(({ alias }) => alias ?? []),
]);

/** `aimx help runs list` and `aimx version`, as many programs have them, in the way that ours has. */
function asOptions([first, ...rest]: readonly string[]): string[] {
  if (first === 'help') {
    const words = rest.filter((word) => !word.startsWith('-'));
    // A name that is none is refused as it is without `help`.
    return words[0] === undefined || FIRST_WORDS.has(words[0]) ? [...words, '--help'] : words;
  }
  if (first === 'version' && rest.length === 0) return ['--version'];
  return first === undefined ? [] : [first, ...rest];
}

function usage(error: CommanderError, at: Command, program: Command, output: ProgramOutput): ParseOutcome {
  const path =
    at === program
      ? 'aimx'
      : `aimx ${[at.parent, at]
          .filter((one) => one !== program)
          .map((one) => one?.name())
          .join(' ')}`;
  if (error.code !== 'commander.help')
    return { kind: 'usage', message: usageMessage(error), hint: `${path} --help says how` };
  if (at === program) {
    output.out(program.helpInformation());
    return { kind: 'shown' };
  }
  const verbs = at.commands.map((command) => command.name()).join(', ');
  return {
    kind: 'usage',
    message: `${path} needs one of: ${verbs}`,
    hint: `${path} --help says what they do`,
  };
}

/** What is said of a command, an argument and an option: the rows of the table of commands. */
import type { CommandBody } from './invocation.ts';

export interface ArgumentSpec {
  /** `<message>`, `[mailbox]`, `<run…>` without brackets. */
  readonly name: string;
  readonly describe: string;
  readonly isOptional?: boolean;
  readonly isVariadic?: boolean;
}

export interface OptionSpec {
  /** As commander takes it: `--mailbox <name>`. */
  readonly flags: string;
  readonly describe: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly isRepeatable?: boolean;
}

export const GROUPS = ['Mail', 'Hooks', 'Server'] as const;

export interface CommandSpec {
  /** `runs list`: a family and a verb, or one word. */
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  readonly summary: string;
  /** What a reader of `--help` should know beyond the summary. */
  readonly detail?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** A command line that works, for `--help`. */
  readonly example: string;
  /** False where no config is read, so that none is said to be used. */
  readonly usesConfig?: boolean;
  /** False where the output has no `--json`. */
  readonly hasJson: boolean;
  readonly load: () => Promise<CommandBody>;
}

/** A family of commands, and the other name it goes by. */
export interface FamilySpec {
  readonly name: string;
  readonly alias?: string;
  readonly group: CommandSpec['group'];
  readonly summary: string;
}

/** The table as a whole, for what is made from it. */
export interface CommandTable {
  readonly commands: readonly CommandSpec[];
  readonly families: readonly FamilySpec[];
  /** Options that every command takes. */
  readonly globalOptions: readonly OptionSpec[];
}

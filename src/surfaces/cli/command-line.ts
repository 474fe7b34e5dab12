/** From argv to an exit code. */
import { describeFailure, EXIT, exitCodeOf, type Failure, formatFailure } from './failure.ts';
import type { Invocation, Starters } from './invocation.ts';
import { findPlaces } from './places.ts';
import { type Parsed, parseArguments } from './program.ts';
import { safeJson } from './safe-text.ts';
import { createTerminal, type Terminal } from './terminal.ts';

export interface CommandLineOptions {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly version: string;
  readonly starters: Starters;
}

/** Help is read at this width where stdout is no terminal. */
const HELP_COLUMNS = 100;

function createInvocation(parsed: Parsed, terminal: Terminal, starters: Starters): Invocation {
  const { options, spec } = parsed;
  const dataDir = options['dataDir'];
  const uid = process.getuid?.() ?? 0;
  const environment = process.env;
  const cwd = process.cwd();
  return {
    args: parsed.args,
    options,
    isJson: spec.hasJson && options['json'] === true,
    terminal,
    places: findPlaces({
      environment,
      cwd,
      uid,
      dataDirOption: typeof dataDir === 'string' ? dataDir : undefined,
    }),
    environment,
    cwd,
    uid,
    stdin: process.stdin,
    starters,
  };
}

/** Whoever reads us has gone, as `head` does: nothing is wrong, and nobody is there to be told. */
function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.done);
      throw error;
    });
}

/** Where the folder that a command is started in decides, whoever reads the answer must know it. */
function sayWhichConfig({ places }: Invocation, terminal: Terminal): void {
  if (places.isLocal) terminal.err(`aimx: using ${places.configPath}\n`);
  if (places.passedOver !== null)
    terminal.err(`aimx: not using ${places.passedOver}: it is not yours alone; using ${places.configPath}\n`);
}

/** Where `./.aimx` is used, the daemon that does not answer is one of `aimx dev`. */
function whereDevIs(failure: Failure, { places }: Invocation): Failure {
  if (failure.code !== 'daemon.unreachable' || !places.isLocal || failure.hint === null) return failure;
  return { ...failure, hint: failure.hint.replace('aimx serve', 'aimx dev') };
}

async function runCommand(parsed: Parsed, terminal: Terminal, starters: Starters): Promise<number> {
  const invocation = createInvocation(parsed, terminal, starters);
  if (parsed.spec.usesConfig !== false) sayWhichConfig(invocation, terminal);
  try {
    const body = await parsed.spec.load();
    return await body(invocation);
  } catch (error) {
    const failure = whereDevIs(describeFailure(error), invocation);
    if (invocation.isJson) await terminal.out(`${safeJson({ error: failure })}\n`);
    else terminal.err(formatFailure(failure));
    return exitCodeOf(error);
  }
}

/** Runs one command. Never throws. @returns the process's exit code. */
export async function runCommandLine({ argv, version, starters }: CommandLineOptions): Promise<number> {
  endQuietlyOnClosedPipe();
  const terminal = createTerminal(process, process.env);
  let shown = '';
  const outcome = parseArguments(argv, version, {
    out: (text) => {
      shown += text;
    },
    columns: terminal.isInteractive ? terminal.columns : HELP_COLUMNS,
  });
  if (shown !== '') await terminal.out(shown);
  switch (outcome.kind) {
    case 'shown':
      return EXIT.done;
    case 'usage':
      terminal.err(formatFailure({ code: 'request.invalid', ...outcome }));
      return EXIT.usage;
    case 'command':
      return runCommand(outcome.parsed, terminal, starters);
  }
}

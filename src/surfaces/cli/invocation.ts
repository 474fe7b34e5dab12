/** What a command is given, and the one thing that it needs of the composition root. */
import type { ConfigOverrides } from '../../config/overrides.ts';
import type { OperationWorld } from '../../operations/operation.ts';
import type { Log } from '../../system/log.ts';
import type { Places } from './places.ts';
import type { Terminal } from './terminal.ts';

export interface DaemonOptions {
  /** Absolute. */
  readonly configPath: string;
  /** Kept through every reload (contract §1). `runtimeDir` is absolute; it holds the socket and the pid file. */
  readonly overrides: ConfigOverrides & { readonly runtimeDir: string };
  /** The folder is a restored one: what is not final is held. */
  readonly restored?: boolean;
  /** PATH and LANG of the caller, for hooks that run as the same user. */
  readonly environment: {
    readonly path: string | null;
    readonly lang: string | null;
    /** For hooks: where this daemon is, if not where commands look for one. */
    readonly places?: Readonly<Record<string, string>>;
  };
  readonly log: Log;
}

export interface RunningDaemon {
  /** `host:port` of every listener. */
  readonly addresses: readonly string[];
  /** The exit code: 0 after `stop`, 1 where it could not go on and must be started again. */
  readonly stopped: Promise<number>;
  stop(): Promise<void>;
  /** Reads config and certificate again. What is bad is refused and logged, and the old one goes on. */
  reload(): Promise<void>;
}

/** A daemon without listeners and socket: for `ingest` where no daemon runs. */
export interface DaemonCore {
  readonly world: OperationWorld;
  stop(): Promise<void>;
}

/** Loaded only by the commands that need them. */
export interface Starters {
  startDaemon(options: DaemonOptions): Promise<RunningDaemon>;
  startCore(options: DaemonOptions): Promise<DaemonCore>;
}

export interface Invocation {
  /** Positional arguments in order; a variadic one is spread. */
  readonly args: readonly string[];
  /** By their long names in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly isJson: boolean;
  readonly terminal: Terminal;
  readonly places: Places;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly stdin: NodeJS.ReadStream;
  readonly starters: Starters;
}

/** A module under `commands/`: one file a command or a family. */
export type CommandBody = (invocation: Invocation) => Promise<number>;

/** An option's text, or undefined. */
export function textOption(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOption(invocation: Invocation, name: string): boolean {
  return invocation.options[name] === true;
}

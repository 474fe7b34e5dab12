/** Where a command's words go: streams, their width and whether they show colour. */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Terminal {
  /** Writes to stdout; resolves when it can take more. */
  out(text: string | Uint8Array): Promise<void>;
  /** Writes to stderr. */
  err(text: string): void;
  /** True where stdout is a terminal: somebody reads it as it comes. */
  readonly isInteractive: boolean;
  /** Columns of the terminal; `Infinity` where stdout is none: nothing is cut for a program. */
  readonly columns: number;
  /** As it is where there is no colour. */
  style(style: Style, text: string): string;
}

/** Narrower than this, a table is of no use cut. */
const COLUMNS_MIN = 40;

/** @param environment `NO_COLOR` of any value switches colour off (no-color.org). */
export function createTerminal(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  const { stdout, stderr } = streams;
  const isInteractive = stdout.isTTY === true;
  const hasColor = isInteractive && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return {
    isInteractive,
    columns: isInteractive ? Math.max(COLUMNS_MIN, stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
    out: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => (error == null ? resolve() : reject(error)));
      }),
    err: (text) => void stderr.write(text),
    style: (style, text) => (hasColor ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** The program `aimx`: hands argv to the command line, and the daemon to those commands that run one. */
import { readFileSync } from 'node:fs';
import { runCommandLine } from './surfaces/cli/command-line.ts';

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

process.exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  version: manifest.version,
  starters: {
    startDaemon: async (options) => (await import('./daemon.ts')).startDaemon(options),
    startCore: async (options) => (await import('./daemon.ts')).startCore(options),
  },
});

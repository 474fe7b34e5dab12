/** `aimx demo`. */
import { isOnce, runDemo } from '../demo/demo.ts';
import { EXIT } from '../failure.ts';
import { type CommandBody, flagOption } from '../invocation.ts';

export const run: CommandBody = async (invocation) => {
  const stop = new AbortController();
  const abort = (): void => stop.abort(new Error('The demo was stopped'));
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    const result = await runDemo({
      program: process.argv[1] ?? '',
      keep: flagOption(invocation, 'keep'),
      print: (text) => void invocation.terminal.out(`${text}\n`),
      signal: stop.signal,
    });
    return isOnce(result) ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    invocation.terminal.err('aimx: The demo was stopped; its daemon has ended\n');
    return EXIT.failed;
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
};

/** A runner in a process of its own, for tests that kill it: `runner-process.ts FOLDER OPTIONS`. */
import { openBench } from './bench-runner.ts';

const [, , folder = '', options = '{}'] = process.argv;
const { hooks, stopAt } = JSON.parse(options);
const reach = (point: string): void => {
  if (point !== stopAt) return;
  process.stdout.write('reached\n');
  // Stands still at this very instruction until it is killed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
await openBench({ folder, hooks, overrides: { faults: { reach } } });

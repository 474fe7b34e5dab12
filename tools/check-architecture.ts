/** `npm run check:architecture`: the import rules of `.dependency-cruiser.cjs` over src/. */
import { cruise, judgeCruise, sourceFiles } from './architecture/cruise.ts';

const root = process.cwd();
const files = sourceFiles(root);
const report = cruise(root);
const problems = judgeCruise(report, files);
for (const problem of problems) console.error(problem);
console.log(`architecture: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * Who may import whom: seven floors, no circle, no arrow upward (ARCHITECTURE.md).
 *
 * Run through `npm run check:architecture`, which also fails when too few modules were seen: with a
 * compiler that the cruiser does not know it sees none and finds nothing wrong.
 */

/** Floors from the top. A folder imports only from floors below its own. */
const FLOORS = [
  ['surfaces'],
  ['operations'],
  ['inbound', 'pipeline', 'outbound'],
  ['mailbox', 'hooks'],
  ['journal', 'authentication'],
  ['config', 'smtp', 'message'],
  ['address', 'system'],
];

/** Process entries and the package's index, directly in src/: they join everything. */
const ENTRIES = '^src/[^/]+[.]ts$';

/** Tests and simulated ports may join what the program keeps apart; they are leaves. */
const TESTS = '[.](test|sim)[.]ts$';

const WORKERS = '^src/(inbound|pipeline|outbound)/';

/**
 * Imports from beside that are allowed, with the reason.
 *
 * journal → authentication/verdict: a row stores what authentication said, in that file's words; the
 * file is a vocabulary of pure types and one order, and authentication itself knows no journal.
 */
const FROM_BESIDE = { 3: ['^src/authentication/verdict[.]ts$'] };

const floorRules = FLOORS.slice(1).map((folders, index) => {
  const floor = FLOORS.length - index - 1;
  const notBelow = FLOORS.slice(0, index + 2).flat();
  return {
    name: `down-only-floor-${floor}`,
    comment: `${folders.join(', ')}: imports from floors below only, neither from above nor from beside.`,
    severity: 'error',
    from: { path: `^src/(${folders.join('|')})/`, pathNot: TESTS },
    to: { path: `^src/(${notBelow.join('|')})/`, pathNot: ['^src/$1/', ...(FROM_BESIDE[floor] ?? [])] },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A circle, types included, is one room with two names: move what both need a floor down.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'workers-meet-in-the-journal',
      comment: 'inbound, pipeline and outbound know each other only through rows of the journal.',
      severity: 'error',
      from: { path: WORKERS },
      to: { path: WORKERS, pathNot: '^src/$1/' },
    },
    {
      name: 'io-only-at-the-edges',
      comment: 'Files, sockets, names, processes and threads come in as ports of src/system/.',
      severity: 'error',
      from: {
        path: '^src/',
        // Tests read fixtures and look at what was written.
        pathNot: [ENTRIES, TESTS, '^src/(system|surfaces)/', '^src/journal/(log|sqlite|postgres)/'],
      },
      to: {
        path: '^(node:)?(fs|net|tls|dns|http|https|http2|dgram|cluster|child_process|worker_threads)(/promises)?$',
      },
    },
    ...floorRules,
    {
      name: 'surfaces-import-operations',
      comment:
        'A surface is transport and wording. Besides operations it may use the floors-1 vocabulary ' +
        '(addresses, ports, error codes) and the types of the configuration.',
      severity: 'error',
      from: { path: '^src/surfaces/', pathNot: TESTS },
      to: { path: '^src/', pathNot: '^src/(surfaces|operations|address|config|system)/' },
    },
    {
      name: 'operations-write-rows',
      comment: 'An operation asks for work by writing a row; it never calls the workers.',
      severity: 'error',
      from: { path: '^src/operations/' },
      to: { path: WORKERS },
    },
    {
      name: 'entries-are-roots',
      comment: 'Process entries join everything, so nobody below may import one; an entry may start another.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ENTRIES, TESTS] },
      to: { path: ENTRIES },
    },
    {
      name: 'tests-are-leaves',
      comment: 'What is shipped imports no test and no simulated port.',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'only-known-folders',
      comment: 'A new folder in src/ first gets its floor in this file.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${FLOORS.flat().join('|')})/` },
      to: {},
    },
    {
      name: 'nothing-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-packages',
      comment: 'What is shipped imports only what is installed with it.',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

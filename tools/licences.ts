/** `npm run check:licences`: what is shipped with aimx may be shipped, and has no known hole. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Licences under which a package may come along. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'PSF-2.0',
  'Unlicense',
]);

const AUDIT_TIMEOUT_MS = 30_000;

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** True where one alternative of an SPDX expression such as `(MIT OR EUPL-1.1+)` is allowed. */
function isAllowed(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(/ OR /)
    .some((alternative) => alternative.split(/ AND /).every((licence) => ALLOWED.has(licence.trim())));
}

function findLicenceProblems(): readonly string[] {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  console.log(`licences: ${shipped.length} packages are shipped`);
  return shipped.flatMap(([path, { license, version }]) =>
    license !== undefined && isAllowed(license)
      ? []
      : [`${path}@${version}: licence ${license ?? 'not named'}`],
  );
}

interface AuditReport {
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> };
}

/** Known vulnerabilities in what is shipped; none where the registry cannot be asked. */
function findVulnerabilities(): readonly string[] {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    encoding: 'utf8',
    timeout: AUDIT_TIMEOUT_MS,
  });
  let report: AuditReport = {};
  try {
    report = JSON.parse(stdout) as AuditReport;
  } catch {
    // No JSON: npm was ended, or is absent; said below.
  }
  const counts = report.metadata?.vulnerabilities;
  if (counts === undefined) {
    console.log('audit: the registry does not answer such a question here; left out');
    return [];
  }
  const grave = (counts['high'] ?? 0) + (counts['critical'] ?? 0);
  console.log(`audit: ${counts['total'] ?? 0} known vulnerabilities, ${grave} of them high or critical`);
  return grave === 0 ? [] : ['audit: see `npm audit --omit=dev`'];
}

const problems = [...findLicenceProblems(), ...findVulnerabilities()];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

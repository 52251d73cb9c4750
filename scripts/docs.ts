/** Writes the generated pages and tables; `--check` only tells by its exit code whether they are up to date. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failures } from '../src/contract/failures.ts';
import { cliPage } from './cli-page.ts';
import { doctorPage } from './doctor-page.ts';
import { insertRooms } from './rooms-table.ts';
import { verdictsPage } from './verdicts-page.ts';

const again = { never: 'no', soon: 'yes, with growing pauses', later: 'yes, when the other side says so' } as const;

/** docs/errors.md: the failure catalogue as a table. */
export function errorsPage(): string {
  const rows = Object.entries(failures).map(
    ([code, { when, remedy, retry }]) => `| \`${code}\` | ${when} | ${again[retry]} | ${remedy} |`,
  );
  return [
    '# Failures',
    '',
    'Generated from `src/contract/failures.ts` by `npm run docs`; a test compares them.',
    '',
    'A failed workflow has the code as its failure type. Where a step is tried again, it is within the budget of',
    '`src/workflows/proxies.ts`.',
    '',
    '| code | when | tried again | remedy |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Path in the repository, and what belongs there, given what is there now. */
export const pages: Readonly<Record<string, (before: string) => string>> = {
  'ARCHITECTURE.md': insertRooms,
  'docs/cli.md': () => cliPage(),
  'docs/doctor.md': doctorPage,
  'docs/errors.md': errorsPage,
  'docs/verdicts.md': verdictsPage,
};

if (import.meta.main) {
  for (const [name, contentFor] of Object.entries(pages)) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const content = contentFor(before);
    if (!process.argv.includes('--check')) writeFileSync(path, content);
    else if (before !== content) process.exitCode = 1;
  }
}

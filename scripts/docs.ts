/** Writes the generated pages of docs/; `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failures } from '../src/contract/failures.ts';
import { doctorPage } from './doctor-page.ts';
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
    'A failed workflow has the code as its failure type. Where a step is tried again, it is within the budget of `src/workflows/proxies.ts`.',
    '',
    '| code | when | tried again | remedy |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Path below docs/, and what belongs there. */
const pages = { 'doctor.md': doctorPage, 'errors.md': errorsPage, 'verdicts.md': verdictsPage } as const;

if (import.meta.main) {
  for (const [name, content] of Object.entries(pages)) {
    const path = fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
    if (!process.argv.includes('--check')) writeFileSync(path, content());
    else if (readFileSync(path, 'utf8') !== content()) process.exitCode = 1;
  }
}

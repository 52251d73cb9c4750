/**
 * Runs the static checks, then the tests, with live lines; ends with `N passed, N failed`. Called by scripts/test,
 * which documents the arguments.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { root, staticChecks } from './static-checks.ts';
import { runFiles, type Tally } from './test-runner.ts';

/** Tests of these folders start servers and namespaces: two files at once are enough for a small machine. */
const heavyFolders = ['lab', 'e2e', 'workflows', 'chaos', 'interop', 'self-test'];
const print = (line: string): void => console.log(line);
const fileTimeoutMs = 20 * 60_000;

const selection = process.argv.slice(2);
const tally: Tally = { passed: 0, failed: [], skipped: [] };

if (selection.length === 0 || selection.includes('unit')) await checkSources();
const files = selectFiles();
const isHeavy = (file: string): boolean => heavyFolders.some((folder) => file.startsWith(join(root, 'test', folder)));
const concurrency =
  Number(process.env['HEPFLOW_TEST_CONCURRENCY']) || Math.max(2, Math.floor(availableParallelism() / 2));
await runFiles(
  files.filter((file) => !isHeavy(file)),
  { concurrency: Math.max(concurrency, availableParallelism()), fileTimeoutMs, root, print },
  tally,
);
await runFiles(files.filter(isHeavy), { concurrency, fileTimeoutMs, root, print }, tally);

for (const { name, reason } of tally.skipped) console.log(`skipped: ${name}${reason && ` (${reason})`}`);
for (const name of tally.failed) console.log(`failed: ${name}`);
const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : '';
console.log(`${tally.passed} passed, ${tally.failed.length} failed${skipped}`);
// Whatever a test left open must not keep this process, and the line above must be its last.
process.exit(tally.failed.length > 0 || tally.passed === 0 ? 1 : 0);

async function checkSources(): Promise<void> {
  for (const check of staticChecks) {
    const startedAt = Date.now();
    const wrong = await check.run();
    console.log(`${wrong ? 'FAIL' : 'ok  '} sources: ${check.name} (${Date.now() - startedAt} ms)`);
    if (wrong) {
      console.log(wrong.replace(/^/gm, '     '));
      tally.failed.push(`sources: ${check.name}`);
    } else tally.passed += 1;
  }
}

function selectFiles(): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root })
    .map((file) => join(root, file))
    .sort();
  if (selection.length === 0) return all;
  const folderOf = (file: string): string => relative(join(root, 'test'), file).split('/')[0] ?? '';
  const chosen = new Set<string>();
  for (const word of selection) {
    const matches = all.filter((file) => {
      if (word === 'unit') return !heavyFolders.includes(folderOf(file));
      return folderOf(file) === word || file === resolve(word) || basename(file, '.test.ts') === word;
    });
    if (matches.length === 0) {
      console.error(`No test matches ${word}. Say unit, workflows, lab, e2e, another folder of test/, or a file.`);
      process.exit(2);
    }
    for (const file of matches) chosen.add(file);
  }
  return [...chosen].sort();
}

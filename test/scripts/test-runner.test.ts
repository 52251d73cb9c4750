import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runFiles, type Tally } from '../../scripts/test-runner.ts';

const root = mkdtempSync(join(tmpdir(), 'hepflow-runner-'));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'test'));
const heading = `import assert from 'node:assert/strict'; import { describe, test } from 'node:test';\n`;

async function outcomeOf(
  name: string,
  source: string,
  fileTimeoutMs = 30_000,
): Promise<{ tally: Tally; printed: string }> {
  const file = join(root, 'test', `${name}.test.ts`);
  writeFileSync(file, heading + source);
  const tally: Tally = { passed: 0, failed: [], skipped: [] };
  const lines: string[] = [];
  await runFiles([file], { concurrency: 1, fileTimeoutMs, root, print: (line) => lines.push(line) }, tally);
  return { tally, printed: lines.join('\n') };
}

test('each test counts once, a suite does not, a skipped one is told with its reason', async () => {
  const { tally } = await outcomeOf(
    'mixed',
    `test('a', () => {}); describe('s', () => { test('b', () => {}); test('c', { skip: 'why' }, () => {}); });`,
  );
  assert.deepEqual(tally, { passed: 2, failed: [], skipped: [{ name: 'mixed: s c', reason: 'why' }] });
});

test('a suite that is skipped as a whole is told with its reason, and its file has not failed', async () => {
  const { tally } = await outcomeOf('suite', `describe('s', { skip: 'why' }, () => { test('a', () => {}); });`);
  assert.deepEqual(tally, { passed: 0, failed: [], skipped: [{ name: 'suite: s', reason: 'why' }] });
});

test('tests that run side by side keep the names of their own suites', async () => {
  const pause = `await new Promise((go) => setTimeout(go, 20));`;
  const { printed } = await outcomeOf(
    'beside',
    `describe('s', { concurrency: true }, () => { test('a', async () => { ${pause} }); test('b', () => {}); });
     describe('u', () => { test('c', () => {}); });`,
  );
  for (const name of ['s a', 's b', 'u c']) assert.match(printed, new RegExp(`beside: ${name} \\(`));
});

test('a failure is shown in full, with what the file wrote', async () => {
  const { tally, printed } = await outcomeOf(
    'red',
    `describe('s', () => { test('bad', () => { console.log('a hint'); assert.deepEqual({ a: [1] }, { a: [2] }); }); });`,
  );
  assert.deepEqual(tally.failed, ['red: s bad']);
  assert.match(printed, /Expected values to be strictly deep-equal[\s\S]*a hint/);
});

test('a file that cannot be loaded, and one without a test, have failed', async () => {
  assert.equal((await outcomeOf('broken', `import './missing.ts';`)).tally.failed.length, 1);
  assert.deepEqual((await outcomeOf('empty', '')).tally.failed, ['empty: the file holds no test']);
});

test('a file that leaves something open is killed at its time limit, and has failed though its tests passed', async () => {
  const { tally } = await outcomeOf('open', `test('a', () => { setInterval(() => {}, 1000); });`, 1500);
  assert.equal(tally.passed, 1);
  assert.match(tally.failed.join(), /had not ended after 1.5 s/);
});

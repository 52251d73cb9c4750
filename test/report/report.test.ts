import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../../src/report/json.ts';
import { toMarkdown } from '../../src/report/markdown.ts';
import { toText } from '../../src/report/text.ts';
import { duration } from '../../src/report/words.ts';
import { writeWhole } from '../../src/report/write.ts';
import { doubted } from './runs.ts';
import { report, verdict } from './sample.ts';

const troubled = report({
  outcome: 'ERROR',
  verdicts: [verdict({ verdict: 'INCONCLUSIVE', observed: 'MIXED', phase: 'second' })],
  failure: {
    code: 'PreflightFailed',
    step: 'preflight',
    message: 'Two problems.',
    remedy: 'Resolve each.',
    problems: [
      {
        code: 'NodePortTaken',
        field: 'workload.nodePort',
        message: '30080 belongs to svc.',
        remedy: 'Choose another.',
      },
    ],
  },
  leftovers: [{ what: 'VM hepflow-x-vm', why: 'a lock forbids it', command: 'az vm delete --ids /x' }],
  warnings: ['SSH is open to the world.'],
});

test('the JSON is the whole report, in the order that docs/report.md gives', () => {
  const shuffled = Object.fromEntries(Object.entries(troubled).reverse()) as unknown as typeof troubled;
  assert.equal(toJson(shuffled), toJson(troubled));
  assert.deepEqual(JSON.parse(toJson(troubled)), troubled);
  const documented = [
    ...readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8').matchAll(/^\| `(\w+)` \|/gm),
  ].map((match) => match[1]);
  assert.deepEqual(Object.keys(JSON.parse(toJson(report()))), documented.slice(0, Object.keys(report()).length));
});

test('the Markdown has the verdicts with their sentences, the failure with every problem, the leftovers with their commands', () => {
  const text = toMarkdown(troubled);
  for (const part of [
    '0a1b2c3d: ERROR',
    '**INCONCLUSIVE**',
    verdict().sentence,
    'workload.nodePort 30080 belongs to svc. Choose another.',
    'Remedy: Resolve each.',
    'az vm delete --ids /x',
    'SSH is open',
    'enforced 412 ms',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('a table row of the Markdown stays one row, whatever a detail holds', () => {
  const row = toMarkdown(report())
    .split('\n')
    .find((line) => line.includes('labelNode'));
  assert.match(row ?? '', /\| failed \| 2026-01-01T00:00:02\.000Z \| 1 min 05 s \| 3 \| a \\\| b c \|$/);
});

test('a report without verdicts, failure and leftovers has no empty sections', () => {
  const text = toMarkdown(report({ verdicts: [], steps: [], cluster: null }));
  assert.doesNotMatch(text, /##/);
  assert.equal(
    toText(report({ verdicts: [] })),
    'hepflow run 0a1b2c3d: PASS after 1 min 30 s\nHost endpoints protect the nodes’ ports.\n',
  );
});

test('the text keeps to the width of the terminal and says why, wrapped', () => {
  const text = toText(troubled, { columns: 140 });
  assert.ok(
    Math.max(
      ...text
        .split('\n')
        .filter((line) => /[│┌]/.test(line))
        .map((line) => line.length),
    ) <= 140,
  );
  for (const part of [
    'INCONCLUSIVE',
    'kept silent',
    'PreflightFailed in preflight: Two problems.',
    'Left behind (1):',
    '    az vm delete --ids /x',
    'Warning: SSH',
  ])
    assert.ok(text.includes(part), part);
  assert.equal(text.includes(String.fromCharCode(27)), false);
});

test('a terminal too narrow for the table gets lines instead', () => {
  const text = toText(troubled, { columns: 80 });
  assert.doesNotMatch(text, /┌/);
  assert.ok(
    text.includes(`INCONCLUSIVE second ${verdict().target.id}: expected DROP, observed MIXED\n  ${verdict().sentence}`),
  );
});

test('durations are told as people say them', () => {
  assert.deepEqual([0, 999, 1000, 59_900, 60_000, 185_000].map(duration), [
    '0 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 00 s',
    '3 min 05 s',
  ]);
});

test('a report file is replaced as a whole, and a failed write leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-write-'));
  try {
    writeFileSync(join(folder, 'report.json'), 'old');
    await writeWhole(join(folder, 'report.json'), 'new');
    assert.equal(readFileSync(join(folder, 'report.json'), 'utf8'), 'new');
    await assert.rejects(writeWhole(folder, 'x'), /EISDIR|ENOTEMPTY/);
    assert.deepEqual(readdirSync(folder), ['report.json']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('text and Markdown tell how long changes took, what contradicts and what is missing', () => {
  const [text, markdown] = [toText(doubted, { columns: 140 }), toMarkdown(doubted)];
  for (const { sentence } of doubted.transitions)
    for (const form of [text, markdown]) assert.ok(form.includes(sentence), sentence);
  for (const { sentence, result } of doubted.findings)
    for (const form of [text, markdown]) assert.ok(result === 'CONFIRMED' || form.includes(sentence), sentence);
  assert.match(text, /^Contradicted: A connection to/m);
  assert.match(
    text,
    /^Missing: Azure’s effective routes are missing as a witness: the credential may not read them\.$/m,
  );
  assert.match(text, /^Agreed by: .*Azure’s security rules/m);
  assert.match(markdown, /- \*\*contradicts\*\* \(enforced, The nodes’ own packet counters\): The rules of/);
});

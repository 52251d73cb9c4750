import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderJson } from '../../src/report/json.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderText } from '../../src/report/text.ts';
import { formatDuration } from '../../src/report/words.ts';
import { writeWhole } from '../../src/report/write.ts';
import { tellRun } from '../support/report.ts';
import { doubted, passed, running, skipping, tested } from './runs.ts';

const troubled = tellRun({
  until: 'enforced',
  phases: { enforced: { proofs: { [tested[0]]: ['DROP', 'PROBE_FAULT', 'DROP'] } } },
  change: {
    outcome: 'ERROR',
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
    leftovers: [
      {
        what: 'VM hepflow-x-vm',
        why: 'a lock forbids it',
        command: 'az vm delete --ids /x',
        reason: 'failed',
        code: 'ScopeLocked',
      },
    ],
    warnings: ['SSH is open to the world.'],
  },
});
const doubtful = troubled.verdicts.find(({ verdict }) => verdict === 'INCONCLUSIVE');

test('the JSON is the whole report, in the order that docs/report.md gives', () => {
  const shuffled = Object.fromEntries(Object.entries(troubled).reverse()) as unknown as typeof troubled;
  assert.equal(renderJson(shuffled), renderJson(troubled));
  assert.deepEqual(JSON.parse(renderJson(troubled)), troubled);
  const documented = [
    ...readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8').matchAll(/^\| `(\w+)` \|/gm),
  ].map((match) => match[1]);
  assert.deepEqual(Object.keys(JSON.parse(renderJson(passed))), documented.slice(0, Object.keys(passed).length));
});

test('the Markdown has the verdicts with their sentences, the failure with every problem, the leftovers with their commands', () => {
  const text = renderMarkdown(troubled);
  for (const part of [
    '0a1b2c3d: ERROR',
    '**INCONCLUSIVE**',
    doubtful?.sentence ?? 'a sentence',
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
  const step = {
    name: 'labelNode',
    subject: 'x',
    outcome: 'failed',
    startedAt: '2026-01-01T00:00:02.000Z',
    endedAt: '2026-01-01T00:01:07.000Z',
    attempts: 3,
    detail: 'a | b\nc',
  } as const;
  const row = renderMarkdown({ ...passed, steps: [step] })
    .split('\n')
    .find((line) => line.includes('labelNode'));
  assert.match(row ?? '', /\| failed \| 2026-01-01T00:00:02\.000Z \| 1 min 05 s \| 3 \| a \\\| b c \|$/);
});

const nothing = {
  ...{ verdicts: [], transitions: [], findings: [], evidence: [], changes: [], steps: [] },
  cluster: null,
};

test('a report without verdicts, failure and leftovers has no empty sections', () => {
  const text = renderMarkdown({ ...passed, ...nothing });
  assert.doesNotMatch(text, /##/);
  assert.equal(
    renderText({ ...passed, ...nothing }),
    `hepflow run 0a1b2c3d: PASS after 5 min 00 s\n${passed.summary}\n`,
  );
});

test('the text keeps to the width of the terminal and says why, wrapped', () => {
  const text = renderText(troubled, { columns: 140 });
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
    'could not be',
    'PreflightFailed in preflight: Two problems.',
    'Left behind (1):',
    '    az vm delete --ids /x',
    'Warning: SSH',
  ])
    assert.ok(text.includes(part), part);
  assert.equal(text.includes(String.fromCharCode(27)), false);
});

test("a failure's problems are told once, in no form twice", () => {
  const problem = { code: 'ClusterHeld', field: '', message: 'Held by somebody.', remedy: 'Wait.' } as const;
  const failure = { code: 'PreflightFailed', step: 'preflight', remedy: 'Resolve.' } as const;
  const message = 'Preflight found a problem; nothing was changed.\nClusterHeld: Held by somebody. Wait.';
  const refused = { ...passed, failure: { ...failure, message, problems: [problem] } };
  for (const render of [renderText, renderMarkdown])
    assert.equal(render(refused).split('Held by somebody').length, 2, render(refused).slice(0, 900));
});

test('a terminal too narrow for the table gets lines instead', () => {
  const text = renderText(troubled, { columns: 80 });
  assert.doesNotMatch(text, /┌/);
  assert.ok(
    text.includes(`INCONCLUSIVE enforced ${tested[0]}: expected DROP, observed MIXED\n  ${doubtful?.sentence}`),
  );
});

test('durations are told as people say them', () => {
  assert.deepEqual([0, 999, 1000, 59_900, 60_000, 185_000].map(formatDuration), [
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
    await assert.rejects(writeWhole(folder, 'x'), { message: `${folder} cannot be written: it is a folder` });
    const nowhere = join(folder, 'none/report.json');
    await assert.rejects(writeWhole(nowhere, 'x'), { message: `${nowhere} cannot be written: ENOENT` });
    assert.deepEqual(readdirSync(folder), ['report.json']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a link planted where older versions put the temporary file of a report is not followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-write-'));
  try {
    const [victim, report] = [join(folder, 'victim'), join(folder, 'report.json')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${report}.${process.pid}.tmp`);
    symlinkSync(victim, report);
    await writeWhole(report, 'new');
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    assert.ok(!lstatSync(report).isSymbolicLink(), 'the report takes the place of a link, too');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('text and Markdown tell how long changes took, what contradicts and what is missing', () => {
  const [text, markdown] = [renderText(doubted, { columns: 140 }), renderMarkdown(doubted)];
  for (const { sentence } of doubted.transitions)
    for (const form of [text, markdown]) assert.ok(form.includes(sentence), sentence);
  for (const { sentence, result } of doubted.findings)
    for (const form of [text, markdown]) assert.ok(result === 'CONFIRMED' || form.includes(sentence), sentence);
  assert.match(text, /^Contradicted: A connection to/m);
  assert.match(
    text,
    /^Missing: Azure's effective routes gave no answer about .*: the credential may not read them\.$/m,
  );
  assert.match(text, /^Agreed by: .*Azure's effective security rules/m);
  assert.match(markdown, /- \*\*contradicts\*\* \(enforced, The nodes' own packet counters\): \S+ counted no packet/);
});

test('the Markdown reports why a phase has no verdicts, and what was changed for which phase', () => {
  assert.match(
    renderMarkdown(skipping),
    /^- Second node: both carry the label\. Not looked at: The run was asked to pass it by\.$/m,
  );
  const markdown = renderMarkdown(passed);
  for (const { words } of passed.changes) assert.ok(markdown.includes(`- ${words}`), words);
  assert.match(markdown, /^- the policy frontend-nodeport-access \(enforced\)$/m);
  assert.doesNotMatch(renderMarkdown(running), /## Verdicts/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatStepChanges, formatTable } from '../../src/cli/step-lines.ts';
import type { Progress } from '../../src/contract/messages.ts';
import type { StepRecord } from '../../src/contract/report.ts';
import { plain } from '../../src/report/text.ts';

const step = (change: Partial<StepRecord>): StepRecord => ({
  name: 'createVm',
  subject: '',
  outcome: 'running',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  attempts: 1,
  detail: '',
  ...change,
});
const progress = (...steps: StepRecord[]): Progress => ({
  runId: 'x',
  stage: 'provisioning',
  waitingFor: 'createVm',
  steps,
});
const done = step({ outcome: 'done', endedAt: '2026-01-01T00:00:02.500Z', detail: 'Standard_B1s' });

test('a step is told when it starts and when it ends, and not in between', () => {
  const running = progress(step({}));
  assert.deepEqual(formatStepChanges(undefined, running, 0), ['+0 ms          running   createVm']);
  assert.deepEqual(formatStepChanges(running, running, 500), []);
  assert.deepEqual(formatStepChanges(running, progress(done), 2500), [
    '+2.5 s         done      createVm in 2.5 s: Standard_B1s',
  ]);
});

test('a wait is told again when what is waited for changes, and a step when it is tried again', () => {
  const before = progress(step({ outcome: 'waiting', detail: 'a' }));
  assert.match(
    formatStepChanges(before, progress(step({ outcome: 'waiting', detail: 'b' })), 0)[0] ?? '',
    /waiting {3}createVm: b$/,
  );
  assert.match(formatStepChanges(progress(step({})), progress(step({ attempts: 2 })), 0)[0] ?? '', /\(try 2\)/);
});

test('the table keeps to the terminal: long details are cut, the oldest steps folded', () => {
  const steps = Array.from({ length: 30 }, (_, index) => step({ subject: String(index), detail: 'x'.repeat(200) }));
  const lines = formatTable(progress(...steps), '2026-01-01T00:01:05.000Z', { paint: plain, columns: 80, rows: 14 });
  assert.equal(lines.length, 12);
  assert.ok(lines.every((line) => line.length < 80));
  assert.match(lines[0] ?? '', /20 earlier steps/);
  assert.match(lines[1] ?? '', /createVm 20 .*1 min 05 s/);
  assert.match(lines.at(-1) ?? '', /provisioning: createVm/);
});

test('a run that is over is told with the times of its own steps, not with those of the look', () => {
  const first = step({ name: 'preflight', outcome: 'done', endedAt: '2026-01-01T00:00:01.000Z' });
  const last = step({ startedAt: '2026-01-01T00:00:01.000Z', outcome: 'done', endedAt: '2026-01-01T00:02:04.000Z' });
  const lines = formatStepChanges(undefined, progress(first, last), 394_000);
  assert.deepEqual(
    lines.map((line) => line.slice(0, 14).trim()),
    ['+1.0 s', '+2 min 04 s'],
  );
});

test('a failed try is told while the step still runs, and so is what a step waits for', () => {
  const failing = progress(step({ attempts: 2, detail: 'the last try failed: AzureBusy: wait' }));
  assert.deepEqual(formatStepChanges(progress(step({})), failing, 4000), [
    '+4.0 s         running   createVm (try 2): the last try failed: AzureBusy: wait',
  ]);
});

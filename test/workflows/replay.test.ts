import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { bundleWorkflowCode, DefaultLogger, type ReplayWorkerOptions, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

const folder = join(import.meta.dirname, '../histories');
const files = globSync('*.json', { cwd: folder }).sort();
const read = (file: string): History => JSON.parse(readFileSync(join(folder, file), 'utf8')) as History;

interface History {
  events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

let options: ReplayWorkerOptions;
before(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  const workflowsPath = join(import.meta.dirname, '../../src/workflows/index.ts');
  options = { workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }) };
});

describe('recorded histories replay with the workflow of today', () => {
  for (const file of files) test(basename(file, '.json'), () => Worker.runReplayHistory(options, read(file)));
});

test('the recorded histories are a happy run with the second node, a failed one with its undo, and a cancelled one', () => {
  for (const [file, end] of [
    ['happy-second-node.json', 'COMPLETED'],
    ['failed-with-undo.json', 'FAILED'],
    ['cancelled.json', 'CANCELED'],
  ] as const) {
    const { events } = read(file);
    assert.equal(events.at(-1)?.eventType, `EVENT_TYPE_WORKFLOW_EXECUTION_${end}`);
    assert.ok(
      events.some(({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType.name === 'undo'),
      `${file} has no undo`,
    );
  }
});

test('the recorded happy history is within the budget of 160 events', () => {
  assert.ok(read('happy-second-node.json').events.length <= 160);
});

test('a history that this workflow cannot have made is refused', async () => {
  const history = read('happy-second-node.json');
  const scheduled = history.events.find(
    ({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType.name === 'applyPolicy',
  );
  assert.ok(scheduled?.activityTaskScheduledEventAttributes);
  scheduled.activityTaskScheduledEventAttributes.activityType.name = 'labelNode';
  await assert.rejects(Worker.runReplayHistory(options, history), DeterminismViolationError);
});

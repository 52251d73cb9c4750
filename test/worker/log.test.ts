import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { AzureError } from '../../src/adapters/azure/index.ts';
import { sweepWorkflowType, workflowType } from '../../src/contract/messages.ts';
import { isToldAlready, logLine } from '../../src/worker/log.ts';

const timestampNanos = 1_700_000_000_123_456_789n;
const line = (meta: Record<string, unknown>, message = 'createVm failed'): Record<string, unknown> =>
  JSON.parse(logLine({ level: 'WARN', message, timestampNanos, meta })) as Record<string, unknown>;

test('a line is time, level, message and the known keys', () => {
  assert.deepEqual(
    line({ hepflowRun: '0badcafe', code: 'Throttled', attempt: 2, isLocal: false, taskQueue: 'hepflow' }),
    {
      ...{ time: '2023-11-14T22:13:20.123Z', level: 'WARN', message: 'createVm failed' },
      ...{ hepflowRun: '0badcafe', code: 'Throttled', attempt: 2, isLocal: false, taskQueue: 'hepflow' },
    },
  );
});

test('an unknown key is left out, and so is anything but a text, a number or a truth value under a known one (W7)', () => {
  assert.deepEqual(
    Object.keys(
      line({
        token: 'hush',
        headers: { authorization: 'hush' },
        code: { deep: 'hush' },
        state: ['hush'],
        reason: null,
      }),
    ),
    ['time', 'level', 'message'],
  );
});

test('an error is told by class, message and places; neither its cause nor its fields are (W7)', () => {
  const cause = Object.assign(new Error('hush from the cause'), {
    request: { headers: { authorization: 'Bearer hush' } },
  });
  const error = new AzureError({
    code: 'ConnectionFailed',
    status: 0,
    operation: 'get a token',
    message: 'no answer',
    cause,
  });
  const text = logLine({
    level: 'ERROR',
    message: 'Activity failed',
    timestampNanos,
    meta: { error, err: Object.assign(error, { body: 'hush' }) },
  });
  assert.doesNotMatch(text, /hush/);
  const told = (JSON.parse(text) as { error: { type: string; message: string; places: string[] } }).error;
  assert.deepEqual([told.type, told.message], ['AzureError', 'get a token: ConnectionFailed: no answer']);
  assert.ok(
    told.places.length > 0 && told.places.every((place) => /^at .*:\d+:\d+\)?$/.test(place)),
    JSON.stringify(told.places),
  );
});

test('a message of many lines does not reach the log by the stack, which repeats it', () => {
  const error = new Error('first\nsecond line of a body');
  const { places } = line({ error })['error'] as { places: string[] };
  assert.ok(!places.join().includes('second'));
});

test('what is thrown without being an error is told by its type, a text by itself', () => {
  assert.deepEqual(
    [line({ error: { hush: 1 } })['error'], line({ error: 'plain' })['error']],
    [{ type: 'object' }, { type: 'string', message: 'plain' }],
  );
});

test('texts have an end', () => {
  const { message, reason } = line({ reason: 'x'.repeat(9000) }, 'y'.repeat(9000)) as {
    message: string;
    reason: string;
  };
  assert.deepEqual([message.length, reason.length], [1500, 1500]);
});

test('an error is logged once: the lines of the SDK about failures of hepflow are left out, and no other', () => {
  const ours = ApplicationFailure.create({ type: 'PreflightFailed', message: 'told already' });
  const activity = (error: Error) => isToldAlready({ message: 'Activity failed', meta: { error } });
  assert.deepEqual([activity(ours), activity(new TypeError('of nobody'))], [true, false]);
  // What leaves the workflows' isolate has lost its class.
  const workflow = (type: string) => ({ workflowType: type, error: new Error('told already') });
  assert.equal(isToldAlready({ message: 'Workflow failed', meta: workflow(workflowType) }), true);
  assert.equal(isToldAlready({ message: 'Workflow failed', meta: workflow(sweepWorkflowType) }), false);
  assert.equal(isToldAlready({ message: 'preflight failed', meta: { error: ours } }), false);
});

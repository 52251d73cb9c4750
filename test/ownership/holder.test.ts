import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Holder, readHolder, writeHolder } from '../../src/ownership/holder.ts';

const holders: readonly Holder[] = [
  { namespace: 'default', workflowId: 'hepflow-lab-0a1b2c3d', firstExecutionRunId: 'first' },
  { namespace: 'team', workflowId: 'a/workflow/with slashes', firstExecutionRunId: 'first' },
];
for (const holder of holders)
  test(`holder ${writeHolder(holder)} is read as it was written`, () =>
    assert.deepEqual(readHolder(writeHolder(holder)), holder));

test('a holder is written with its namespace first and its first run last', () =>
  assert.equal(writeHolder({ namespace: 'n', workflowId: 'w', firstExecutionRunId: 'r' }), 'n/w/r'));

for (const identity of ['', 'somebody', 'a/b', '/a/b', 'a/b/', 'a//b', '//'])
  test(`${JSON.stringify(identity)} is no holder of hepflow's`, () => assert.equal(readHolder(identity), undefined));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilGone } from '../../src/step/until-gone.ts';
import { contextOf } from '../support/cluster.ts';

test('something that stays does not keep other undos waiting for ever (W5)', async () => {
  await assert.rejects(
    untilGone(contextOf(), 'The auto host endpoints', async () => false, 60),
    { code: 'TimedOut', message: /still there 0.06 s after/ },
  );
  const aborted = AbortSignal.abort(new Error('the worker shuts down'));
  await assert.rejects(
    untilGone(contextOf('aaaaaaaa', aborted), 'The auto host endpoints', async () => false, 60),
    /the worker shuts down/,
  );
});

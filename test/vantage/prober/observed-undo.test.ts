/** An undo that an observer watches. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { undoEach } from '../../../src/activities/undo.ts';
import { type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import type { UndoEntry, UndoOutcome } from '../../../src/contract/change.ts';
import { isMissing } from '../../../src/contract/observation.ts';
import type { Tools } from '../../../src/step/context.ts';
import { ObserverHost } from './observer-host.ts';

describe('an observer of an undo', { timeout: 60_000 }, () => {
  let host: ObserverHost;
  before(async () => {
    host = await ObserverHost.open();
  });
  afterEach(() => host.reset());
  after(() => host.close());

  const entries: readonly UndoEntry[] = [
    {
      ...{ change: 'enforced.0', undo: 'deletePolicy', input: { name: 'deny' }, subject: 'deny' },
      ...{ command: 'kubectl delete', moment: null },
    },
  ];
  async function undoing(ssh: Ssh): Promise<readonly UndoOutcome['outcome'][]> {
    const { tools, context } = host.setting(ssh);
    const listing = { ...tools, clusters: { of: async () => ({ list: async () => [] }) } } as unknown as Tools;
    return (await undoEach({ entries, observers: [host.input()] }, listing, context)).map(({ outcome }) => outcome);
  }

  test('watches from before the first entry', async () => {
    assert.deepEqual(await undoing(host.connect()), ['nothing']);
    const observation = await host.readBack();
    assert.ok(!isMissing(observation), JSON.stringify(observation));
  });

  test('that cannot be started, or hangs, does not keep the undo from being done (W5)', async () => {
    const failing: Ssh = {
      run: async () => {
        throw new SshError('unreachable', 'nobody there');
      },
    };
    assert.deepEqual(await undoing(failing), ['nothing']);
    const hanging: Ssh = {
      run: (_, __, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    assert.deepEqual(await undoing(hanging), ['nothing']);
  });

  test('is not started again by a second try that goes on in the middle', async () => {
    const { tools, context } = host.setting({ run: async () => assert.fail('a session') });
    const done: UndoOutcome = {
      ...{ outcome: 'done', retryable: false, code: '', detail: '' },
      ...{ startedAt: '2026-01-02T03:04:05.000Z', endedAt: '2026-01-02T03:04:06.000Z' },
    };
    const input = { entries, observers: [host.input()] };
    assert.deepEqual(await undoEach(input, tools, { ...context, resume: { outcomes: [done] } }), [done]);
  });
});

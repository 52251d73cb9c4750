/** What a sweep decides and undoes, with fakes for what it finds and for the undo. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import { sweepWorkflowType } from '../../src/contract/messages.ts';
import type { Activities, UndoInput } from '../../src/contract/steps.ts';
import type { MarkedThing, SweepActivities, SweepResult, SweepSpec } from '../../src/contract/sweep.ts';
import { toApplicationFailure } from '../../src/step/failures/index.ts';
import { type FakeBehaviour, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const hour = 60 * 60 * 1000;
const ago = (hours: number): string => new Date(Date.now() - hours * hour).toISOString();

/** What takes a thing back, as the search for leftovers tells it. */
const entry = (undo: string, subject: string, input: object = {}): UndoEntry => ({
  ...{ change: '', undo, subject, input },
  ...{ command: `by hand ${undo} ${subject}`, moment: null },
});

function thing(runId: string, undo: UndoEntry | null, change: Partial<MarkedThing> = {}): MarkedThing {
  return {
    what: `${undo?.undo ?? 'a mark'} of ${runId}`,
    id: `/${runId}/${undo?.undo}`,
    runId,
    owner: `hepflow-${runId}`,
    firstExecutionRunId: 'first',
    ownership: 'proved',
    createdAt: ago(3),
    expiresAt: ago(-21),
    runIs: 'over',
    resourceGroup: 'vms',
    undo,
    ...change,
  };
}
const vnet = (runId: string, change?: Partial<MarkedThing>): MarkedThing =>
  thing(runId, entry('deleteNetwork', `hepflow-${runId}-vnet`), change);
const policy = (runId: string): MarkedThing => thing(runId, entry('deletePolicy', 'deny', { name: 'deny' }));

async function sweep(found: readonly MarkedThing[], change: Partial<SweepSpec> = {}, undo?: FakeBehaviour['undo']) {
  const { activities, calls } = fakeActivities(undo === undefined ? {} : { undo });
  const sweeper: SweepActivities = {
    findLeftovers: async ({ input }) => ({
      output: { sweep: resolveSweep(input.spec), found, warnings: [] },
      attempts: 1,
    }),
  };
  const both: Activities & SweepActivities = { ...activities, ...sweeper };
  const result = await harness.run({ activities: both }, { ...spec, ...change }, (handle) => handle.result(), {
    type: sweepWorkflowType,
  });
  return { ...(result as unknown as SweepResult), calls };
}

const rowsOf = ({ found }: SweepResult): string[] => found.map(({ what, decision }) => `${what}: ${decision}`);

test('of each dead run everything is undone in the order in which it was found, in one call; what one entry takes back is undone once (W5, W6)', async () => {
  const [one, other] = ['aaaaaaaa', 'bbbbbbbb'];
  const machine = entry('deleteVm', `hepflow-${one}-vm`);
  const [vm, disk] = ['vm', 'disk'].map((what) => thing(one, machine, { what }));
  assert.ok(vm && disk);
  const result = await sweep([policy(one), vm, disk, vnet(other), vnet(one)]);
  assert.deepEqual(
    result.calls.map(({ subject }) => subject),
    [
      'deletePolicy deny, deleteVm hepflow-aaaaaaaa-vm, deleteNetwork hepflow-aaaaaaaa-vnet',
      'deleteNetwork hepflow-bbbbbbbb-vnet',
    ],
  );
  const [entries] = result.calls.map(({ input }) => (input as UndoInput).entries);
  assert.deepEqual(entries?.[0]?.input, { name: 'deny' });
  assert.deepEqual(new Set(result.found.map(({ decision }) => decision)), new Set(['removed']));
  assert.equal(result.left, 0);
});

test('nothing is undone of a living run, of a young one, and of one that Temporal does not know before it has expired', async () => {
  const result = await sweep([
    vnet('aaaaaaaa', { runIs: 'alive' }),
    vnet('bbbbbbbb', { createdAt: ago(1) }),
    vnet('cccccccc', { runIs: 'unknown' }),
    vnet('dddddddd', { runIs: 'unknown', createdAt: ago(25), expiresAt: ago(1) }),
  ]);
  assert.deepEqual(rowsOf(result), [
    'deleteNetwork of aaaaaaaa: kept: its run lives',
    'deleteNetwork of bbbbbbbb: kept: too young',
    'deleteNetwork of cccccccc: kept: its run may live',
    'deleteNetwork of dddddddd: removed',
  ]);
  assert.deepEqual(
    result.calls.map(({ subject }) => subject),
    ['deleteNetwork hepflow-dddddddd-vnet'],
  );
  assert.equal(result.left, 2, 'a living run removes its own things; the young and the unknown are left');
  assert.deepEqual(
    result.found.map(({ command }) => command !== ''),
    [false, true, true, false],
  );
});

test('a run that cannot go on keeps its things, which are left, with the command that ends it', async () => {
  const trouble = 'its workflow task has failed 5 times in a row (Script execution timed out)';
  const result = await sweep([vnet('aaaaaaaa', { runIs: 'alive', trouble }), vnet('bbbbbbbb', { runIs: 'alive' })]);
  assert.deepEqual([rowsOf(result)[0], result.calls], ['deleteNetwork of aaaaaaaa: kept: its run cannot go on', []]);
  assert.equal(result.left, 1);
  const end = 'temporal workflow terminate --namespace default --workflow-id hepflow-aaaaaaaa';
  assert.deepEqual(
    result.found.map(({ command }) => command),
    [end, ''],
  );
});

test('a dry run undoes nothing, and shows what would be removed with the command that does', async () => {
  const result = await sweep([vnet('aaaaaaaa')], { dryRun: true });
  assert.deepEqual(
    [rowsOf(result), result.calls, result.left],
    [['deleteNetwork of aaaaaaaa: would be removed'], [], 1],
  );
  assert.match(result.found[0]?.command ?? '', /^by hand deleteNetwork hepflow-aaaaaaaa-vnet$/);
});

test('what is locked, changed by somebody else, or fails is said with its reason and command, and stops none of the rest (W3, W5)', async () => {
  const found = [
    policy('aaaaaaaa'),
    thing('aaaaaaaa', entry('restoreFlowLogs', 'flowLogs')),
    thing('aaaaaaaa', entry('deletePeering', 'on mc')),
    thing('aaaaaaaa', entry('deletePublicIp', 'ip')),
    vnet('aaaaaaaa'),
  ];
  const result = await sweep(found, {}, ({ undo }) => {
    if (undo === 'deletePublicIp') return { outcome: 'failed', code: 'ScopeLocked', detail: 'locked by them' };
    if (undo === 'deletePeering') return { outcome: 'failed', code: 'NodeGroupLocked', detail: 'lockdown' };
    if (undo === 'restoreFlowLogs') return { outcome: 'conflict', detail: 'it is theirs now' };
    return undo === 'deletePolicy' ? { outcome: 'failed', code: 'Forbidden', detail: 'may not' } : undefined;
  });
  assert.deepEqual(
    result.found.map(({ what, decision, why }) => [what.split(' ')[0], decision, why]),
    [
      ['deletePolicy', 'failed', 'may not'],
      ['restoreFlowLogs', 'kept: changed by somebody else', 'it is theirs now'],
      ['deletePeering', 'kept: locked', 'lockdown'],
      ['deletePublicIp', 'kept: locked', 'locked by them'],
      ['deleteNetwork', 'removed', 'hepflow-aaaaaaaa is over.'],
    ],
  );
  assert.equal(result.left, 4);
  assert.ok(result.found.every(({ decision, command }) => (decision === 'removed') === (command === '')));
});

test('a mark that does not tell what was there before is left and said', async () => {
  const result = await sweep([thing('aaaaaaaa', null)]);
  assert.deepEqual(
    [result.found.map(({ decision, why }) => [decision, why]), result.calls, result.left],
    [[['failed', 'Its mark does not tell what was there before.']], [], 1],
  );
});

test('a wrong input ends the sweep with every problem, whatever it is', async () => {
  for (const input of [undefined, null, 'x', { cluster: 'cluster' }]) {
    const { activities, calls } = fakeActivities();
    const refusing = async ({ input: { spec: given } }: { input: { spec: unknown } }) => {
      try {
        return resolveSweep(given);
      } catch (error) {
        throw toApplicationFailure(error, 1);
      }
    };
    const both = { ...activities, findLeftovers: refusing } as unknown as Activities;
    const error = await harness.run(
      { activities: both },
      input,
      (handle) => handle.result().catch((thrown: unknown) => thrown),
      { type: sweepWorkflowType },
    );
    assert.ok(
      error instanceof WorkflowFailedError &&
        error.cause instanceof ActivityFailure &&
        error.cause.cause instanceof ApplicationFailure,
      String(error),
    );
    assert.equal(error.cause.cause.type, 'InvalidInput');
    assert.deepEqual(calls, []);
  }
});

test('a sweep that finds nothing calls nothing', async () => {
  const result = await sweep([]);
  assert.deepEqual([result.found, result.calls, result.left], [[], [], 0]);
});

/** One run per cluster at a time, on a real API server with no rights but the shipped ones. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { KubernetesError } from '../../../src/adapters/kubernetes/index.ts';
import type { Lease } from '../../../src/adapters/kubernetes/resources.ts';
import { HepflowError } from '../../../src/contract/failures.ts';
import { writeHolder } from '../../../src/ownership/holder.ts';
import { runLabel } from '../../../src/ownership/marks.ts';
import { inspectCluster } from '../../../src/preflight/cluster/index.ts';
import { inspectLease } from '../../../src/preflight/cluster/lease.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { classifyKubernetesError } from '../../../src/step/failures/kubernetes.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import { askFor, contextOf, openCluster, retried, shippedObjects, type TestCluster } from '../../support/cluster.ts';

const holdCluster = findApply('holdCluster');
const releaseCluster = findUndo('releaseCluster');
const collection = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const path = `${collection}/hepflow`;
const binding = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/hepflow-worker';

/** A run with its holder. */
interface Holding {
  readonly context: StepContext;
  readonly holder: string;
  readonly workflowId: string;
}
function aRun(namespace = 'default'): Holding {
  const context = contextOf();
  const { workflowId } = context.run;
  return { context, workflowId, holder: writeHolder({ namespace, workflowId, firstExecutionRunId: randomUUID() }) };
}

describe('the lease of a cluster', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.api.call('DELETE', path).catch(() => {}));

  /** Temporal says this of every run, and remembers of which it was asked. */
  const asked: string[] = [];
  const toolsWith = (over: boolean | 'unknown'): Tools => ({
    ...cluster.tools,
    temporal: {
      namespace: 'default',
      findTrouble: async () => undefined,
      isOver: async (workflowId, runId, seenAt) => {
        assert.ok(Math.abs(Date.now() - seenAt.getTime()) < 60_000, 'the lease was just acquired');
        asked.push(`${workflowId} ${runId}`);
        return over;
      },
    },
  });
  const hold = ({ context, holder }: Holding, over: boolean | 'unknown' = 'unknown') =>
    holdCluster({ holder }, toolsWith(over), context);
  const release = ({ context, holder }: Holding) => releaseCluster({ holder }, cluster.tools, context);
  /** As the step tells it. */
  const since = (acquireTime: string | undefined): object => ({ found: `held since ${acquireTime}` });
  const lease = (): Promise<Lease> => cluster.api.read<Lease>(path);
  const refused = async (step: Promise<unknown>): Promise<string> => {
    const error = await step.then(
      () => assert.fail('it should have been refused'),
      (error: unknown) => error,
    );
    assert.ok(error instanceof HepflowError && error.code === 'ClusterHeld', String(error));
    return error.message;
  };

  test('is made once, with the marks of the run (W9), and gone after the undo', async () => {
    const run = aRun();
    const first = await hold(run);
    const made = await lease();
    assert.equal(made.metadata.labels?.[runLabel], run.context.run.runId);
    assert.equal(made.metadata.annotations?.['hepflow.io/owner'], run.workflowId);
    assert.equal(made.spec?.holderIdentity, run.holder);
    assert.deepEqual(first, since(made.spec?.acquireTime), 'and nothing of a predecessor');
    assert.ok(Math.abs(Date.now() - Date.parse(made.spec?.acquireTime ?? '')) < 60_000);

    assert.deepEqual(await hold(run), first);
    assert.equal((await lease()).metadata.resourceVersion, made.metadata.resourceVersion);
    assert.equal((await release(run)).outcome, 'done');
    await assert.rejects(lease(), /404/);
    assert.equal((await release(run)).outcome, 'nothing');
  });

  test('keeps another run off, which is told who holds it, and whose undo leaves it alone (W6)', async () => {
    const [first, second] = [aRun(), aRun()];
    await hold(first);
    const before = await lease();
    const { acquireTime = '' } = before.spec ?? {};
    assert.notEqual(acquireTime, '');
    for (const over of [false, 'unknown'] as const) {
      const message = await refused(hold(second, over));
      for (const told of [first.context.run.runId, first.workflowId, acquireTime])
        assert.ok(message.includes(told), message);
    }
    assert.equal(asked.at(-1), `${first.workflowId} ${first.holder.split('/').at(-1)}`);
    const undone = await release(second);
    assert.equal(undone.outcome, 'nothing');
    assert.match(undone.detail, new RegExp(`held by ${first.holder}`));
    assert.deepEqual(await lease(), before);
  });

  test('of one that runs in another Temporal namespace, or of a stranger, is never taken over', async () => {
    const elsewhere = aRun('elsewhere');
    await hold(elsewhere);
    assert.match(await refused(hold(aRun(), true)), /serves namespace default and cannot see/);
    await cluster.api.call('PATCH', path, { spec: { holderIdentity: 'somebody' } });
    assert.match(await refused(hold(aRun(), true)), /held by somebody, which is no run of hepflow/);
  });

  test('of one that is over is taken over, with the old holder told, also at the second try (W9)', async () => {
    const [first, second] = [aRun(), aRun()];
    await hold(first);
    const taken = await hold(second, true);
    const { metadata, spec } = await lease();
    assert.deepEqual(taken, {
      found: `held since ${spec?.acquireTime}; taken over from ${first.holder}`,
      warnings: [
        `The cluster was still held by ${first.holder}, a run that is over without having released it; ` +
          'this run took over.',
      ],
    });
    assert.equal(metadata.labels?.[runLabel], second.context.run.runId);
    assert.deepEqual([spec?.holderIdentity, spec?.leaseTransitions], [second.holder, 1]);
    assert.deepEqual(await hold(second), taken);
    assert.equal((await release(first)).outcome, 'nothing');
    assert.equal((await release(second)).outcome, 'done');
  });

  test('goes to exactly one of several runs, whether there is none or that of a run that is over', async () => {
    for (const before of ['none', 'over']) {
      await cluster.api.call('DELETE', path).catch(() => {});
      if (before === 'over') await hold(aRun());
      const holder = before === 'over' ? (await lease()).spec?.holderIdentity : undefined;
      const runs = Array.from({ length: 6 }, () => aRun());
      const overUnlessNew = { ...toolsWith('unknown') };
      const tools: Tools = {
        ...overUnlessNew,
        temporal: {
          namespace: 'default',
          findTrouble: async () => undefined,
          isOver: async (workflowId, runId) => holder === `default/${workflowId}/${runId}`,
        },
      };
      const ends = await Promise.allSettled(
        runs.map(({ context, holder }) => retried(() => holdCluster({ holder }, tools, context))),
      );
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(ends));
      for (const end of ends)
        if (end.status === 'rejected')
          assert.equal(end.reason instanceof HepflowError && end.reason.code, 'ClusterHeld');
      const winner = runs[ends.findIndex(({ status }) => status === 'fulfilled')];
      assert.equal((await lease()).spec?.holderIdentity, winner?.holder);
    }
  });

  test('needs rights in kube-system that preflight names when they are missing', async () => {
    await cluster.reset();
    await cluster.api.call('DELETE', binding);
    try {
      const run = aRun();
      const { problems } = await inspectCluster(askFor(), run.context.run.runId, cluster.tools);
      assert.deepEqual(
        problems.map(({ code, message }) => `${code}: ${message}`),
        [
          'create leases.coordination.k8s.io',
          ...['get', 'patch', 'delete'].map((verb) => `${verb} leases.coordination.k8s.io hepflow`),
        ].map((right) => `MissingRights: May not ${right} in namespace kube-system.`),
      );
      assert.deepEqual((await inspectLease(run.context.run.cluster, run.holder, cluster.tools)).findings, []);
      await assert.rejects(
        hold(run),
        (error) => error instanceof KubernetesError && classifyKubernetesError(error).code === 'Forbidden',
      );
    } finally {
      for (const object of shippedObjects()) await cluster.api.apply(object);
    }
  });

  test('that somebody gave to another holder meanwhile is not deleted by the undo (W3)', async () => {
    const run = aRun();
    await hold(run);
    await cluster.api.call('PATCH', path, { spec: { holderIdentity: 'somebody' } });
    assert.equal((await release(run)).outcome, 'nothing');
    assert.equal((await lease()).spec?.holderIdentity, 'somebody');
  });

  test('is a problem in preflight unless it is ours or can be taken over', async () => {
    const [first, second] = [aRun(), aRun()];
    const inspect = async ({ context, holder }: Holding, over: boolean | 'unknown') =>
      (await inspectLease(context.run.cluster, holder, toolsWith(over))).problems;
    assert.deepEqual(await inspect(first, 'unknown'), []);
    await hold(first);
    assert.deepEqual(await inspect(first, 'unknown'), []);
    assert.deepEqual(await inspect(second, true), []);
    const [problem] = await inspect(second, false);
    assert.equal(problem?.code, 'ClusterHeld');
    assert.match(problem?.message ?? '', new RegExp(`${first.workflowId}.*under way`));
    assert.match(problem?.remedy ?? '', /hepflow cancel/);
  });
});

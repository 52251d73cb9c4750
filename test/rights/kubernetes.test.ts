/**
 * The Kubernetes roles of deploy/, one verb at a time, on a real API server: preflight misses each that is taken away,
 * and a whole run uses each that is there.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/adapters/kubernetes/index.ts';
import type { KubernetesRight } from '../../src/changes/rights.ts';
import type { Problem } from '../../src/contract/failures.ts';
import { clusterLease } from '../../src/ownership/holder.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { inspectLease } from '../../src/preflight/cluster/lease.ts';
import { kubernetesRights, listScenarioRights } from '../../src/preflight/rights.ts';
import type { Tools } from '../../src/step/context.ts';
import { draftChange, findApply, findUndo } from '../support/changes.ts';
import {
  askFor,
  contextOf,
  nodeNames,
  openCluster,
  policyChange,
  retried,
  shippedObjects,
  sliceOf,
  slices,
  type TestCluster,
  workload,
} from '../support/cluster.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** One verb on one resource, as a role of deploy/kubernetes grants it. */
interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Rules of the role without this one. */
  readonly rest: readonly Rule[];
  /** Of the role, at the API server. */
  readonly path: string;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const roles = shippedObjects()
  .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
  .map(({ kind, metadata: { name, namespace }, ...rest }) => ({
    path: kind === 'Role' ? `${rbac}/namespaces/${namespace}/roles/${name}` : `${rbac}/clusterroles/${name}`,
    rules: (rest as unknown as { rules: readonly Rule[] }).rules,
  }));

/** Rules of one verb on one resource each. */
const single = (rules: readonly Rule[]): Rule[] =>
  rules.flatMap((rule) =>
    rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        rule.verbs.map((verb) => ({ ...rule, apiGroups: [group], resources: [resource], verbs: [verb] })),
      ),
    ),
  );
const grants: readonly Grant[] = roles.flatMap(({ path, rules }) => {
  const all = single(rules);
  // Those on Calico's storage are for clusters without its API (test/reality/calico-storage.test.ts).
  const asked = all.filter(({ apiGroups }) => !apiGroups.includes('crd.projectcalico.org'));
  return asked.map((rule) => ({
    group: rule.apiGroups[0] ?? '',
    resource: rule.resources[0] ?? '',
    verb: rule.verbs[0] ?? '',
    path,
    rest: all.filter((each) => each !== rule),
  }));
});
const nameOf = ({ verb, group, resource }: Pick<Grant, 'verb' | 'group' | 'resource'>): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
const isFor = (grant: Grant, isMeant: (right: KubernetesRight) => boolean): boolean =>
  [...kubernetesRights, ...listScenarioRights(askFor().scenario)].some(
    (right) => isMeant(right) && nameOf(right) === nameOf(grant),
  );
const isForRuns = (grant: Grant): boolean => isFor(grant, ({ optional }) => optional === undefined);
const isOptional = (grant: Grant): boolean => isFor(grant, ({ optional }) => optional !== undefined);

let cluster: TestCluster;
before(async () => {
  cluster = await openCluster('oss');
  await cluster.reset();
});
after(() => cluster?.stop());

/** Nobody else's run is alive. */
const temporal: Tools['temporal'] = {
  ...{ namespace: 'default', isOver: async () => true, findTrouble: async () => undefined },
};
const holder = 'default/hepflow-lab-abcd1234/run';

/** Everything that preflight says of the cluster. */
async function problems(): Promise<readonly Problem[]> {
  const tools = { ...cluster.tools, temporal };
  const [held, found] = await Promise.all([
    inspectLease(contextOf().run.cluster, holder, tools),
    inspectCluster(askFor(), 'abcd1234', tools),
  ]);
  return [...held.problems, ...found.problems];
}

/** Every sentence that preflight has about the cluster, good or bad. */
const sentences = async (): Promise<readonly string[]> =>
  (await inspectCluster(askFor(), 'abcd1234', cluster.tools)).findings.map(({ reason }) => reason);

/** Preflight's messages once they are exactly so many, since authorization follows a changed role a moment later. */
async function settle(count: number): Promise<readonly Problem[]> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await problems();
    if (found.length === count || Date.now() > deadline) return found;
    await sleep(20);
  }
}

describe('a role of deploy/kubernetes without one verb is refused by preflight, which names the verb', () => {
  assert.ok(grants.length > 30);
  for (const grant of grants.filter(isForRuns)) {
    const { path, rest } = grant;
    test(nameOf(grant), async () => {
      const { rules } = roles.find((role) => role.path === path) ?? assert.fail();
      assert.deepEqual(await settle(0), []);
      await cluster.api.call('PATCH', path, { rules: rest });
      try {
        const [found, ...others] = await settle(1);
        assert.deepEqual(others, []);
        assert.equal(found?.code, 'MissingRights');
        assert.match(found.message, new RegExp(`^May not ${nameOf(grant).replaceAll('.', '\\.')}\\b`));
        assert.match(found.remedy, /deploy\/kubernetes/);
      } finally {
        await cluster.api.call('PATCH', path, { rules });
      }
    });
  }
});

describe('a role of deploy/kubernetes without one optional verb is no problem, and tells less', () => {
  for (const grant of grants.filter(isOptional)) {
    const { path, rest } = grant;
    test(nameOf(grant), async () => {
      const { rules } = roles.find((role) => role.path === path) ?? assert.fail();
      assert.deepEqual(await settle(0), []);
      const isTold = async (): Promise<boolean> =>
        (await sentences()).some((reason) => reason.startsWith('Not readable'));
      assert.equal(await isTold(), false);
      await cluster.api.call('PATCH', path, { rules: rest });
      try {
        const deadline = Date.now() + 10_000;
        while (!(await isTold()) && Date.now() < deadline) await sleep(20);
        assert.equal(await isTold(), true);
        assert.deepEqual(await problems(), []);
      } finally {
        await cluster.api.call('PATCH', path, { rules });
      }
    });
  }
});

/** What no call of a run to this API server uses, with the reason. */
const unused = new Map<string, string>([
  ...['get', 'list', 'create', 'patch', 'delete'].map(
    (verb) =>
      [
        `${verb} tier.globalnetworkpolicies.projectcalico.org`,
        "asked for by Calico's own API server, which is not here",
      ] as const,
  ),
]);

test('every verb of the roles is used by preflight, a whole run or its undo, and nothing else is', async () => {
  assert.deepEqual(await settle(0), []);
  const used = new Set<string>();
  const tools = {
    ...cluster.tools,
    temporal,
    clusters: { ...cluster.tools.clusters, of: async (ref) => recording(await cluster.tools.clusters.of(ref), used) },
  } as Tools;
  await inspectLease(contextOf().run.cluster, holder, tools);
  await inspectCluster(askFor(), 'abcd1234', tools);
  await runAndUndo(tools);
  const granted = new Set(grants.filter((grant) => isForRuns(grant) || isOptional(grant)).map(nameOf));
  assert.deepEqual([...granted].filter((name) => !used.has(name)).toSorted(), [...unused.keys()].toSorted());
  assert.deepEqual(
    [...used].filter((name) => !granted.has(name)),
    [],
  );
});

/**
 * Every step and undo that changes the cluster. What is bent in between makes a step correct it when it runs again
 * (W9).
 */
async function runAndUndo(tools: Tools): Promise<void> {
  const context = contextOf('abcd1234');
  const again = <T>(step: () => Promise<T>): Promise<T> => retried(step);
  const apply = (step: string, input: object) => findApply(step)(input, tools, context);
  const undo = (name: string, input: object) => findUndo(name)(input, tools, context);
  const label = { node: nodeNames[0], key: 'host-end-point', written: 'test', prior: null };
  const { name } = policyChange();
  const { input: policy } = draftChange(policyChange(), context.run);

  // A lease of a run that is over is taken over, which is a patch; one that is not there is created.
  await apply('holdCluster', { holder: 'default/other/run' });
  await apply('holdCluster', { holder });
  await again(() => apply('enableAutoHostEndpoints', { prior: 'Disabled', readyNodes: nodeNames }));
  await again(() => apply('enableFlowLogs', { prior: null }));
  await cluster.api.call('POST', slices, sliceOf(workload.serviceName, true));
  await apply('exposeNodePort', workload);
  await cluster.api.call('PATCH', `/api/v1/namespaces/default/services/${workload.serviceName}`, {
    spec: { ports: [{ name: 'http', port: 80, targetPort: 9999, nodePort: 30099 }] },
  });
  await apply('exposeNodePort', workload);
  await again(() => apply('labelNode', label));
  await apply('applyPolicy', policy);
  await cluster.api.call('PATCH', `/apis/projectcalico.org/v3/globalnetworkpolicies/${name}`, {
    spec: { order: 7 },
  });
  await apply('applyPolicy', policy);

  await undo('deletePolicy', { name });
  await again(() => undo('restoreLabel', label));
  await cluster.api.call('DELETE', `${slices}/${workload.serviceName}-1`);
  await undo('deleteService', { namespace: 'default', name: workload.serviceName });
  await again(() => undo('restoreFlowLogs', { prior: null }));
  await again(() => undo('restoreAutoHostEndpoints', { prior: 'Disabled' }));
  await undo('releaseCluster', { holder });
  await assert.rejects(
    cluster.api.call(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/${clusterLease.namespace}/leases/${clusterLease.name}`,
    ),
    {
      status: 404,
    },
  );
}

/** The same cluster, noting which verb is used on what. */
function recording(inner: Cluster, used: Set<string>): Cluster {
  const verbs = {
    get: 'get',
    find: 'get',
    exists: 'get',
    list: 'list',
    create: 'create',
    createOrFind: 'create',
    patchMerge: 'patch',
    delete: 'delete',
  } as const;
  const noted = Object.entries(verbs).map(([method, verb]) => {
    const call = inner[method as keyof typeof verbs] as (
      resource: { group: string; plural: string },
      ...rest: unknown[]
    ) => unknown;
    return [
      method,
      (resource: { group: string; plural: string }, ...rest: unknown[]) => {
        used.add(nameOf({ verb, group: resource.group, resource: resource.plural }));
        return call(resource, ...rest);
      },
    ] as const;
  });
  return { ...inner, ...Object.fromEntries(noted) } as Cluster;
}

/** Whoever may start a workflow, hepflow's or one of their own, points the worker's identity at what it reaches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { createActivities } from '../../src/activities/index.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { Allow } from '../../src/contract/allow.ts';
import type { FailureDetail, Problem } from '../../src/contract/failures.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import { listAskedByCall, listAskedByMission, listForbidden } from '../../src/step/allow.ts';
import type { Tools } from '../../src/step/context.ts';

const ours = '00000000-0000-4000-8000-000000000001';
const theirs = '00000000-0000-4000-8000-00000000000f';
const clusterId = (group: string, name: string, subscription = ours): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ContainerService/managedClusters/${name}`;
const allow: Allow = {
  file: '/etc/hepflow/allow.yaml',
  lists: {
    subscriptions: [ours],
    resourceGroups: ['lab', 'MC_lab_*'],
    clusters: [clusterId('lab', '*')],
    workloadNamespaces: ['default', 'demo-*'],
    images: ['Canonical:ubuntu-24_04-lts:*:*'],
    sshSources: ['203.0.113.0/24'],
  },
};
const spec = {
  subscriptionId: ours,
  resourceGroup: 'lab',
  cluster: 'one',
  vm: { allowedSshSources: ['203.0.113.8/32'] },
};
const run = {
  ...{ runId: '0badf00d', workflowId: 'w', startedAt: '2026-01-01T00:00:00Z', location: 'x' },
  ...{
    subscriptionId: ours,
    resourceGroup: 'lab',
    cluster: { subscriptionId: ours, resourceGroup: 'lab', name: 'one' },
  },
};

/** Tools of which none may be touched. */
const untouched = (): { readonly tools: Tools; readonly touched: string[] } => {
  const touched: string[] = [];
  const known = { allow, resolveMission, resolveSweep, createScenario: createWorkshop, reportSigner: undefined };
  const tools = new Proxy(known as unknown as Tools, {
    get: (target, name) => {
      if (name in target) return target[name as keyof Tools];
      touched.push(String(name));
      throw new Error(`${String(name)} was touched`);
    },
  });
  return { tools, touched };
};

async function refusalOf(name: string, call: object): Promise<ApplicationFailure> {
  const { tools, touched } = untouched();
  const activity = createActivities(tools, { pollIntervalMs: 10 })[name] as (call: object) => Promise<unknown>;
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => {}) });
  try {
    await environment.run(activity, call);
  } catch (error) {
    assert.deepEqual(touched, [], name);
    if (error instanceof ApplicationFailure) return error;
    throw error;
  }
  throw new Error(`${name} was carried out`);
}

test('No activity is carried out for a run of another subscription, group or cluster, whoever calls it.', async () => {
  const elsewhere = [
    { ...run, subscriptionId: theirs },
    { ...run, resourceGroup: 'payments' },
    { ...run, cluster: { ...run.cluster, name: 'one', resourceGroup: 'payments' } },
    { ...run, cluster: { ...run.cluster, name: 'one/../two' } },
  ];
  const all = createActivities(untouched().tools, { pollIntervalMs: 10 });
  // These have no run's scope: they are held against the lists by what they are asked, or are of the worker itself.
  const names = Object.keys(all).filter((name) => !['preflight', 'findLeftovers', 'signReport'].includes(name));
  assert.ok(names.includes('undo') && names.includes('labelNode') && names.includes('probe') && names.length > 12);
  for (const name of names)
    for (const other of elsewhere) {
      const failure = await refusalOf(name, { run: other, input: { change: {}, observers: [], entries: [] } });
      assert.deepEqual([failure.type, failure.nonRetryable], ['NotAllowed', true], name);
    }
});

const foreign: readonly [what: string, name: string, input: object, says: RegExp][] = [
  [
    'a peering with another VNet',
    'peerToCluster',
    { change: { id: '/subscriptions/x/resourceGroups/lab/a' } },
    /subscription x/,
  ],
  [
    'a service of kube-system',
    'exposeNodePort',
    { change: { namespace: 'kube-system' } },
    /namespace of a workload kube-system/,
  ],
  [
    'an image of its own',
    'createVm',
    { change: { image: { publisher: 'evil', offer: 'o', sku: 's', version: '1' } } },
    /image evil:o:s:1/,
  ],
  ['port 22 open to all', 'createSecurityGroup', { change: { allowedSshSources: ['*'] } }, /source of SSH \*/],
  [
    'an undo elsewhere',
    'undo',
    { entries: [{ undo: 'deleteVm', input: { id: `/subscriptions/${ours}/resourceGroups/prod/x` } }] },
    /group prod/,
  ],
];
for (const [what, name, input, says] of foreign)
  test(`A call for ${what} is refused at the activity's entry.`, async () => {
    const failure = await refusalOf(name, { run, input });
    assert.equal(failure.type, 'NotAllowed');
    assert.match(failure.message, says);
    assert.match(failure.message, /\/etc\/hepflow\/allow\.yaml/);
  });

test('Preflight names every list, value and field, and the file, and asks nobody.', async () => {
  const more = {
    resourceGroup: 'pay',
    workload: { namespace: 'kube-system' },
    vm: { resourceGroup: 'lab', image: { publisher: 'evil' } },
  };
  const identity = { runId: 'r', workflowId: 'w', startedAt: '' };
  const failure = await refusalOf('preflight', { run: identity, input: { spec: { ...spec, ...more }, holder: 'h' } });
  const [{ problems } = { problems: [] as Problem[] }] = (failure.details ?? []) as FailureDetail[];
  assert.equal(failure.type, 'PreflightFailed');
  assert.deepEqual(
    problems.map(({ code, field }) => `${code} ${field}`),
    ['resourceGroup', 'cluster', 'workload.namespace', 'vm.image', 'vm.allowedSshSources'].map(
      (at) => `NotAllowed ${at}`,
    ),
  );
  for (const { message } of problems) assert.match(message, / is in none of the \w+ of \/etc\/hepflow\/allow\.yaml\.$/);
  const sweep = { subscriptionId: theirs, resourceGroup: 'lab', cluster: 'one' };
  const swept = await refusalOf('findLeftovers', { run: identity, input: { spec: sweep } });
  assert.match(swept.message, new RegExp(`subscription ${theirs}`));
});

test('What the lists name is allowed, in any case of letters, and everything is where there is no file.', () => {
  assert.deepEqual(listForbidden(allow, listAskedByMission(resolveMission(spec))), []);
  const loud = { ...spec, resourceGroup: 'LAB', vm: { ...spec.vm, resourceGroup: 'mc_LAB_one_westeurope' } };
  assert.deepEqual(listForbidden(allow, listAskedByMission(resolveMission(loud))), []);
  assert.deepEqual(listForbidden(allow, listAskedByCall({ run, input: { change: { namespace: 'demo-1' } } })), []);
  const open = resolveMission({ subscriptionId: theirs, resourceGroup: 'any', cluster: 'c' });
  assert.deepEqual(listForbidden(undefined, listAskedByMission(open)), []);
});

const isRefused = (list: keyof Allow['lists'], pattern: string, value: string): boolean =>
  listForbidden({ file: 'f', lists: { [list]: [pattern] } }, [{ list, value, field: '' }]).length > 0;

test('A star stands for one name only, and a network holds only what lies wholly within it.', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (before, after) => {
      const isOneName = !/[/:]/.test(before + after);
      assert.equal(
        isRefused('resourceGroups', `${before.replaceAll('*', 'x')}*`, `${before.replaceAll('*', 'x')}${after}`),
        /[/:]/.test(after),
      );
      if (isOneName) assert.equal(isRefused('clusters', '/a/*/b', `/a/${before}${after}/b`), false);
      assert.equal(isRefused('clusters', '/a/*/b', `/a/${before}/${after}/b`), true);
    }),
  );
  for (const [value, refused] of [
    ['10.1.0.0/16', false],
    ['10.1.2.3/32', false],
    ['10.0.0.0/8', true],
    ['10.2.0.0/16', true],
    ['*', true],
    ['::/0', true],
  ] as const)
    assert.equal(isRefused('sshSources', '10.1.0.0/16', value), refused, value);
  assert.equal(isRefused('resourceGroups', '*a*a*a*a*a*a*b', 'a'.repeat(2_000_000)), true);
});

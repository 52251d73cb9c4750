import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { cluster } from '../../lab/scope.ts';
import { failures, type Problem } from '../../src/contract/failures.ts';
import { root, run, startWorld, type World, workerCommand } from './world.ts';
import { awaitEnd, type Spec, startRun, waitUntil } from './world-runs.ts';

let world: World;
before(async () => {
  world = await startWorld();
  await world.startWorker();
});
after(() => world?.stop());

/** A problem as it is to be listed: code, field, and what its sentence must name. */
type Row = readonly [code: Problem['code'], field: string, message: RegExp];

/** Starts a run that is to be refused with exactly these problems, before anything was written anywhere (W1). */
async function refuses(
  at: World,
  spec: Spec,
  rows: readonly Row[],
  code: 'PreflightFailed' | 'InvalidInput' = 'PreflightFailed',
): Promise<void> {
  const stateBefore = await at.state();
  const seen = at.lab.azure.requests().length;
  const { report, failed } = await awaitEnd(await startRun(at, spec));
  assert.equal(failed, code, report.failure?.message);
  assert.deepEqual([report.outcome, report.failure?.code, report.failure?.step], ['ERROR', code, 'preflight']);
  const problems = report.failure?.problems ?? [];
  const sorted = (pairs: readonly (readonly [string, string])[]): string[] =>
    pairs.map(([one, other]) => `${one} ${other}`).toSorted();
  assert.deepEqual(
    sorted(problems.map((each) => [each.code, each.field])),
    sorted(rows.map(([one, field]) => [one, field])),
    report.failure?.message,
  );
  for (const [one, field, message] of rows) {
    const problem = problems.find((each) => each.code === one && each.field === field && message.test(each.message));
    assert.ok(problem, `${one} ${field} does not say ${message}: ${JSON.stringify(problems)}`);
    assert.ok(problem.remedy.length > 10, `${one} has no remedy`);
    assert.ok(report.failure?.message.includes(problem.message), 'the message does not tell it');
  }
  assert.deepEqual(
    report.steps.map(({ name, outcome }) => `${name} ${outcome}`),
    ['preflight failed'],
  );
  const writes = at.lab.azure
    .requests()
    .slice(seen)
    .filter(({ method, path }) => method !== 'GET' && !/\/oauth2\/|\/listClusterUserCredential$/.test(path));
  assert.deepEqual(writes, []);
  assert.deepEqual(await at.state(), stateBefore);
}

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await world.kubectl(...args);
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const [node0, node1, node2] = cluster.nodeNames;
const foreignPolicy = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'GlobalNetworkPolicy',
  metadata: { name: 'frontend-nodeport-access' },
  spec: { selector: 'nobody == "here"', types: ['Ingress'] },
} as const;

const bySpec: readonly { readonly what: string; readonly spec: Spec; readonly rows: readonly Row[] }[] = [
  {
    what: "an address space that overlaps the cluster's VNet",
    spec: { vm: { addressSpace: '10.240.128.0/17', subnet: '10.240.128.0/24' } },
    rows: [
      [
        'VnetOverlap',
        'vm.addressSpace',
        /10\.240\.128\.0\/17 overlaps 10\.240\.0\.0\/16 of the cluster's VNet .*aks-vnet-12345678/,
      ],
    ],
  },
  {
    what: 'a missing deployment',
    spec: { workload: { deployment: 'backend' } },
    rows: [['DeploymentNotFound', 'workload.deployment', /backend .* default/]],
  },
  {
    what: 'a missing namespace',
    spec: { workload: { namespace: 'shop' } },
    rows: [['NamespaceNotFound', 'workload.namespace', /shop/]],
  },
  { what: 'an unknown node', spec: { nodes: [node0, 'aks-ghost'] }, rows: [['NodeNotFound', 'nodes.1', /aks-ghost/]] },
  {
    what: 'an unknown cluster',
    spec: { cluster: 'lap' },
    rows: [['ClusterNotFound', 'cluster', /hepflow-lab has no managed cluster lap/]],
  },
  {
    what: 'a pair of unknown resource groups',
    spec: { resourceGroup: 'nowhere', vm: { resourceGroup: 'never' } },
    rows: [
      ['ResourceGroupNotFound', 'resourceGroup', /nowhere/],
      ['ResourceGroupNotFound', 'vm.resourceGroup', /never/],
    ],
  },
  {
    what: 'an unknown tier',
    spec: { policy: { tier: 'security' } },
    rows: [['TierNotFound', 'policy.tier', /security/]],
  },
];

for (const { what, spec, rows } of bySpec) {
  test(
    `${what} is refused with ${rows[0]?.[0]}, the value and the remedy, before anything is written (W1)`,
    { timeout: 90_000 },
    () => refuses(world, spec, rows),
  );
}

test(
  'a NodePort out of range is refused with NodePortOutOfRange, the value and the remedy, before anybody is asked',
  { timeout: 90_000 },
  () =>
    refuses(
      world,
      { workload: { nodePort: 8080 } },
      [['NodePortOutOfRange', 'workload.nodePort', /30000 to 32767; got 8080/]],
      'InvalidInput',
    ),
);

test('a NodePort that another service has is refused with NodePortTaken and its holder', {
  timeout: 90_000,
}, async (t) => {
  await kubectl('create', 'service', 'nodeport', 'holder', '--tcp=80:8080', '--node-port=30080');
  t.after(() => kubectl('delete', 'service', 'holder'));
  await refuses(world, {}, [
    ['NodePortTaken', 'workload.nodePort', /30080 belongs to service holder in namespace default/],
  ]);
});

test('a deployment without a ready pod is refused with NoReadyPods', { timeout: 180_000 }, async (t) => {
  await kubectl('scale', 'deployment', 'frontend', '--replicas=0');
  t.after(async () => {
    await kubectl('scale', 'deployment', 'frontend', '--replicas=2');
    await kubectl('wait', '--for=jsonpath={.status.availableReplicas}=2', 'deployment/frontend', '--timeout=30s');
  });
  await waitUntil('its pods are gone', async () => (await kubectl('get', 'pods', '--output', 'name')) === '');
  await waitUntil(
    'its endpoints are settled',
    async () => !(await kubectl('get', 'deployment', 'frontend', '--output', 'yaml')).includes('unavailableReplicas'),
  );
  await refuses(world, {}, [
    ['NoReadyPods', 'workload.deployment', /frontend in namespace default has 0 pods, none of them ready/],
  ]);
});

test('fewer than two ready Linux nodes are refused (NotEnoughNodes), and so is a named one that is not ready (NodeNotReady)', {
  timeout: 30_000,
}, async (t) => {
  const ready = (node: string, status: 'True' | 'False'): Promise<string> =>
    kubectl(
      'patch',
      'node',
      node,
      '--subresource=status',
      '--type=strategic',
      '--patch',
      JSON.stringify({ status: { conditions: [{ type: 'Ready', status }] } }),
    );
  t.after(async () => {
    await ready(node1, 'True');
    await ready(node2, 'True');
  });
  await ready(node1, 'False');
  await ready(node2, 'False');
  await refuses(world, { nodes: [node0, node1] }, [
    ['NotEnoughNodes', 'nodes', /has 1 ready Linux nodes/],
    ['NodeNotReady', 'nodes.1', new RegExp(node1)],
  ]);
});

test('whatever is wrong in Azure and in the cluster is listed in one report', { timeout: 90_000 }, async (t) => {
  await kubectl('create', 'service', 'nodeport', 'holder', '--tcp=80:8080', '--node-port=30080');
  t.after(() => kubectl('delete', 'service', 'holder'));
  await kubectl('create', 'service', 'clusterip', 'frontend-nodeport', '--tcp=80:8080');
  t.after(() => kubectl('delete', 'service', 'frontend-nodeport'));
  await world.lab.cluster.api.apply(foreignPolicy);
  t.after(() => kubectl('delete', 'globalnetworkpolicy', foreignPolicy.metadata.name));
  await refuses(
    world,
    {
      vm: { addressSpace: '10.240.0.0/16', subnet: '10.240.9.0/24' },
      workload: { deployment: 'backend' },
      nodes: ['aks-ghost', node1],
      policy: { tier: 'default' },
    },
    [
      ['VnetOverlap', 'vm.addressSpace', /10\.240\.0\.0\/16 overlaps/],
      ['DeploymentNotFound', 'workload.deployment', /backend/],
      ['ServiceExists', 'workload.serviceName', /frontend-nodeport exists in namespace default/],
      ['NodePortTaken', 'workload.nodePort', /30080 belongs to service holder/],
      ['NodeNotFound', 'nodes.0', /aks-ghost/],
      ['PolicyExists', 'policy.name', /frontend-nodeport-access/],
    ],
  );
});

test('a cluster that serves nothing of Calico is refused with CalicoApiMissing', {
  timeout: 180_000,
}, async (t) => {
  const names = (await kubectl('get', 'crds', '--output', 'name'))
    .trim()
    .split('\n')
    .filter((name) => name.endsWith('.projectcalico.org'));
  const serve = async (served: boolean): Promise<void> => {
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/versions/0/served', value: served }]);
    await kubectl('patch', ...names, '--type=json', '--patch', patch);
    await waitUntil(
      `the API is ${served ? 'there' : 'gone'}`,
      async () => (await world.kubectl('get', '--raw', '/apis/projectcalico.org/v3/tiers')).code === (served ? 0 : 1),
    );
    await waitUntil(
      'it is listed or not',
      async () => (await kubectl('get', '--raw', '/apis')).includes('projectcalico.org') === served,
    );
  };
  t.after(() => serve(true));
  await serve(false);
  await refuses(world, {}, [
    ['CalicoApiMissing', '', /serves neither projectcalico\.org\/v3 nor crd\.projectcalico\.org\/v1/],
  ]);
});

test('a credential that Entra does not accept ends the run with CredentialsMissing, not in endless tries', {
  timeout: 180_000,
}, async () => {
  const other = await world.startWorker({ HEPFLOW_TASK_QUEUE: 'elsewhere', AZURE_CLIENT_SECRET: 'wrong' });
  const handle = await world.client.workflow.start('verifyHostEndpoints', {
    taskQueue: 'elsewhere',
    workflowId: 'wrong-secret',
    args: [{ subscriptionId: cluster.subscriptionId, resourceGroup: cluster.resourceGroup, cluster: cluster.name }],
  });
  const { report, failed } = await awaitEnd(handle);
  assert.equal(failed, 'CredentialsMissing', report.failure?.message);
  assert.equal(report.failure?.remedy, failures.CredentialsMissing.remedy);
  await other.kill();
});

test('rights that the Azure role or the ClusterRole lacks are all listed as MissingRights, each by its name', {
  timeout: 180_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hepflow-rights-'));
  t.after(() => rm(folder, { recursive: true }));
  const roleFile = join(folder, 'azure-role.json');
  const role = JSON.parse(await readFile(join(root, 'deploy/azure-role.json'), 'utf8')) as { Actions: string[] };
  const lacking = ['Microsoft.Network/publicIPAddresses/write', 'Microsoft.Compute/virtualMachines/delete'];
  await writeFile(
    roleFile,
    JSON.stringify({ ...role, Actions: role.Actions.filter((action) => !lacking.includes(action)) }),
  );
  await copyDeployment(
    folder,
    (resource, verb) =>
      (resource === 'nodes' && verb === 'patch') || (resource === 'globalnetworkpolicies' && verb === 'delete'),
  );

  const poor = await startWorld({ roleFile, deployFolder: folder });
  t.after(() => poor.stop());
  await poor.startWorker();
  await refuses(poor, { policy: { tier: 'none' } }, [
    ['MissingRights', '', /may not Microsoft\.Network\/publicIPAddresses\/write on .*\/hepflow-lab/],
    ['MissingRights', '', /may not Microsoft\.Compute\/virtualMachines\/delete on .*\/hepflow-lab/],
    ['MissingRights', '', /May not patch nodes\./],
    ['MissingRights', '', /May not delete globalnetworkpolicies\.projectcalico\.org\./],
    ['TierNotFound', 'policy.tier', /none/],
  ]);
});

/** deploy/kubernetes without some verbs. */
async function copyDeployment(folder: string, lacks: (resource: string, verb: string) => boolean): Promise<void> {
  const shipped = join(root, 'deploy/kubernetes');
  for (const file of (await readdir(shipped)).filter((name) => name.endsWith('.yaml'))) {
    const { rules, ...rest } = parse(await readFile(join(shipped, file), 'utf8')) as {
      rules?: { resources: string[]; verbs: string[] }[];
    };
    const fewer = rules?.map(({ verbs, ...rule }) => ({
      ...rule,
      verbs: verbs.filter((verb) => !rule.resources.some((resource) => lacks(resource, verb))),
    }));
    await writeFile(join(folder, file), stringify({ ...rest, ...(fewer && { rules: fewer }) }));
  }
}

/** A worker's environment without any credential; the empty folder as PATH keeps developers' tools out of sight. */
const bare = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ PATH: '/nonexistent', HOME: '/nonexistent', ...more });

test('a worker without a credential refuses to start and says which are missing and how to give them', {
  timeout: 90_000,
}, async () => {
  const { HEPFLOW_KEY_SECRET_FILE, TEMPORAL_ADDRESS } = world.lab.environment;
  const { code, stderr } = await run(
    workerCommand,
    bare({ HEPFLOW_KEY_SECRET_FILE, TEMPORAL_ADDRESS, AZURE_TENANT_ID: cluster.tenantId }),
  );
  assert.equal(code, 3, stderr);
  assert.match(stderr, /AZURE_CLIENT_ID, AZURE_CLIENT_SECRET are missing for a service principal/);
  assert.match(stderr, /managed identity/);
  assert.match(stderr, /az login/);
});

test('a worker refuses to start with every configuration problem listed at once, and shows no secret', {
  timeout: 90_000,
}, async () => {
  const wrong = {
    HEPFLOW_AZURE_CLOUD: 'mars',
    HEPFLOW_ARM_ENDPOINT: 'http://management.example/path',
    HEPFLOW_SSH_PROXY: 'socks5://user:hunter2@proxy:1080',
    HEPFLOW_POLL_INTERVAL_MS: 'often',
    HEPFLOW_LOG_LEVEL: 'LOUD',
    HEPFLOW_KUBECONFIG: '/nonexistent/kubeconfig',
    HEPFLOW_METRICS: 'everywhere',
  };
  const { code, stdout, stderr } = await run(workerCommand, bare(wrong));
  assert.equal(code, 3, stderr);
  for (const name of [...Object.keys(wrong), 'HEPFLOW_KEY_SECRET_FILE'])
    assert.ok(stderr.includes(name), `${name} is not named in: ${stderr}`);
  for (const value of [
    'mars',
    'http://management.example/path',
    'often',
    'LOUD',
    '/nonexistent/kubeconfig',
    'everywhere',
  ])
    assert.ok(stderr.includes(value), value);
  assert.match(stderr, /Azure has no credential/);
  assert.ok(!`${stdout}${stderr}`.includes('hunter2'));
});

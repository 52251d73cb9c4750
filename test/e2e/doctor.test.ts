import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { cluster } from '../../lab/scope.ts';
import type { Checkup, Diagnosis, Level, Topic } from '../../src/contract/diagnosis.ts';
import { exampleFile, startWorld, type World } from './world.ts';

const [node0, node1, node2] = cluster.nodeNames;
const calico = '/apis/projectcalico.org/v3';

let world: World;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hepflow-doctor-'));
  world = await startWorld(); // and no worker
});
after(async () => {
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Put right after each test, however it ends. */
const repairs: (() => unknown)[] = [];
afterEach(async () => {
  for (const repair of repairs.splice(0).reverse()) await repair();
});

const call = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown> =>
  world.lab.cluster.api.call(method, path, body);

async function create(path: string, object: object & { readonly metadata: { readonly name: string } }): Promise<void> {
  await call('POST', path, object);
  repairs.push(() => call('DELETE', `${path}/${object.metadata.name}`));
}

/** A merge patch, and what undoes it. */
async function patch(path: string, change: object, back: object): Promise<void> {
  await call('PATCH', path, change);
  repairs.push(() => call('PATCH', path, back));
}

const policy = (name: string, spec: object) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'GlobalNetworkPolicy',
  metadata: { name },
  spec,
});

/** What the doctor says, and that it changed nothing and asked for nothing to be changed. */
async function examined(...args: string[]): Promise<Checkup & { readonly code: number | null }> {
  const stateBefore = await world.state();
  const seen = world.lab.azure.requests().length;
  const { code, stdout, stderr } = await world.hepflow('doctor', ...args, '--json');
  assert.ok(stdout !== '', stderr);
  assert.deepEqual(await world.state(), stateBefore);
  const writes = world.lab.azure
    .requests()
    .slice(seen)
    .filter(({ method, path }) => method !== 'GET' && !/\/oauth2\/|\/listClusterUserCredential$/.test(path));
  assert.deepEqual(writes, []);
  return { ...(JSON.parse(stdout) as Checkup), code };
}

const not = (level: Level, findings: readonly Diagnosis[]): readonly Diagnosis[] =>
  findings.filter((each) => each.level !== level);

test('on a cluster in order the doctor warns only of open SSH, and changes nothing', {
  timeout: 60_000,
}, async () => {
  const { code, counts, findings } = await examined('--file', exampleFile);
  assert.equal(code, 0);
  assert.deepEqual([counts.problem, counts.warning], [0, 1], JSON.stringify(not('ok', findings)));
  assert.equal(findings.find(({ level }) => level === 'warning')?.topic, 'sshSources');
  assert.ok(counts.ok > 25);
  const reasons = findings.map(({ reason }) => reason).join('\n');
  for (const said of [
    /All \d+ rights are there\./,
    /192\.168\.0\.0\/16 overlaps neither the cluster's VNet/,
    /Calico v3\.32\.1, open source/,
    /kube-proxy runs in mode nftables/,
    new RegExp(`2 of 2 pods ready: 1 on ${node0} and 1 on ${node1}`),
    /NodePort 30080 is within 30000-32767, and no other service has it/,
  ])
    assert.match(reasons, said);
});

test('for people it is a table for each area, the worst first, with a line that counts', {
  timeout: 60_000,
}, async () => {
  const { code, stdout, stderr } = await world.hepflow('doctor', '--file', exampleFile, '--cluster', 'lap');
  assert.equal(code, 1, stderr);
  assert.match(
    stdout,
    /^Azure\n problem +AKS cluster +Resource group hepflow-lab has no managed cluster lap\.\n +→ Correct cluster/,
  );
  assert.match(stdout, /\n1 problem, 1 warning, 1 info, 4 ok\. Preflight would refuse a run\.\n$/);
  assert.ok(!stdout.includes('\u001b'), 'no colour where there is no terminal');
});

/** What must be found on the broken cluster, each once. */
const broken: readonly (readonly [Level, Topic, RegExp])[] = [
  ['warning', 'sshSources', /open to every address/],
  ['problem', 'lockdown', /MC_hepflow-lab_lab_westeurope, which AKS has locked down \(restrictionLevel ReadOnly\)/],
  ['info', 'apiAccess', /API server is private/],
  ['problem', 'overlap', /10\.240\.128\.0\/17 overlaps 10\.240\.0\.0\/16 of the cluster's VNet/],
  ['warning', 'overlap', /10\.240\.128\.0\/17 overlaps the cluster's pod range 10\.240\.192\.0\/18/],
  [
    'warning',
    'hold',
    /workflow hepflow-lab-gone in Temporal namespace default, holds the cluster .* Temporal was not asked/,
  ],
  ['info', 'kubeProxy', /mode nftables/],
  ['warning', 'autoCreate', /AUTO_HOST_ENDPOINTS=disabled .* overrides/],
  ['warning', 'lockOut', /GlobalNetworkPolicy everything selects everything/],
  [
    'warning',
    'lockOut',
    new RegExp(`linux \\(kubernetes\\.io/os == 'linux'\\) .* host endpoints of ${node0}, ${node1} and ${node2}: `),
  ],
  ['warning', 'lockOut', /selector of GlobalNetworkPolicy odd, .*cannot be read/],
  ['warning', 'profile', /projectcalico-default-allow does not exist/],
  ['problem', 'failsafe', /30080 is a failsafe inbound port/],
  ['info', 'failsafe', /control port 10250 is a failsafe port/],
  ['info', 'failsafe', /SSH to the nodes \(22\) is not among/],
  ['problem', 'felix', /iptablesFilterDenyAction .* is Reject/],
  ['problem', 'tier', /Tier security does not exist/],
  ['info', 'deployment', new RegExp(`No ready pod of frontend is on ${node2}`)],
  ['problem', 'nodePort', /30080 belongs to service holder in namespace default/],
];

test('on a broken cluster the doctor lists everything at once, each with its remedy, and changes nothing', {
  timeout: 60_000,
}, async () => {
  world.lab.azure.changeCluster({
    nodeResourceGroupProfile: { restrictionLevel: 'ReadOnly' },
    apiServerAccessProfile: { enablePrivateCluster: true },
    networkProfile: {
      networkPlugin: 'azure',
      networkPolicy: 'calico',
      networkDataplane: 'azure',
      podCidr: '10.240.192.0/18',
    },
  });
  const clusterBefore = {
    networkPlugin: 'azure',
    networkPolicy: 'calico',
    networkDataplane: 'azure',
    serviceCidr: '10.0.0.0/16',
  };
  repairs.push(() =>
    world.lab.azure.changeCluster({
      nodeResourceGroupProfile: {},
      apiServerAccessProfile: {},
      networkProfile: clusterBefore,
    }),
  );
  await create(
    `${calico}/globalnetworkpolicies`,
    policy('everything', { selector: 'all()', types: ['Ingress'], ingress: [{ action: 'Allow' }] }),
  );
  await create(
    `${calico}/globalnetworkpolicies`,
    policy('linux', { selector: "kubernetes.io/os == 'linux'", types: ['Egress'] }),
  );
  await create(`${calico}/globalnetworkpolicies`, policy('odd', { selector: "app = 'x'", types: ['Ingress'] }));
  await create('/api/v1/namespaces/default/services', {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'holder' } },
    spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
  } as object & { metadata: { name: string } });
  await create('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases', {
    ...{
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'hepflow', labels: { 'hepflow.io/run': 'abcd1234' } },
    },
    spec: { holderIdentity: 'default/hepflow-lab-gone/first', acquireTime: '2026-01-02T03:04:05.000000Z' },
  } as object & { metadata: { name: string } });
  const felix = {
    failsafeInboundHostPorts: [30080, 10250].map((port) => ({ protocol: 'TCP', port })),
    iptablesFilterDenyAction: 'Reject',
  };
  await patch(
    `${calico}/felixconfigurations/default`,
    { spec: felix },
    { spec: { failsafeInboundHostPorts: null, iptablesFilterDenyAction: null } },
  );
  const environment = (value: string | null) => ({ status: { environmentVars: { AUTO_HOST_ENDPOINTS: value } } });
  await patch(`${calico}/kubecontrollersconfigurations/default/status`, environment('disabled'), environment(null));
  const profile = await world.lab.cluster.api.read<{ metadata: object; spec: object }>(
    `${calico}/profiles/projectcalico-default-allow`,
  );
  await call('DELETE', `${calico}/profiles/projectcalico-default-allow`);
  repairs.push(() =>
    call('POST', `${calico}/profiles`, { ...profile, metadata: { name: 'projectcalico-default-allow' } }),
  );

  const file = join(folder, 'broken.json');
  const { subscriptionId, resourceGroup, name } = cluster;
  const vm = { addressSpace: '10.240.128.0/17', subnet: '10.240.128.0/24' };
  await writeFile(
    file,
    JSON.stringify({
      subscriptionId,
      resourceGroup,
      cluster: name,
      vm,
      nodes: [node2, node0],
      policy: { tier: 'security' },
    }),
  );
  const { code, findings, counts } = await examined('--file', file);
  assert.equal(code, 1);
  const found = not('ok', findings);
  for (const [level, topic, says] of broken) {
    const [one, ...more] = found.filter(
      (each) => each.level === level && each.topic === topic && says.test(each.reason),
    );
    assert.ok(one, `${level} ${topic} ${says} is not in ${JSON.stringify(found, null, 1)}`);
    assert.deepEqual(more, []);
    if (level !== 'info') assert.ok(one.remedy.length > 10, `${one.reason} has no remedy`);
  }
  assert.deepEqual(
    found.length,
    broken.length,
    JSON.stringify(
      found.filter(
        ({ level, topic, reason }) =>
          !broken.some((row) => row[0] === level && row[1] === topic && row[2].test(reason)),
      ),
      null,
      1,
    ),
  );
  assert.equal(counts.problem, 6);
});

test('an Azure that is not reached is a problem, and the cluster is looked at by a kubeconfig file all the same', {
  timeout: 90_000,
}, async () => {
  world.lab.azure.setReachable(false);
  repairs.push(() => world.lab.azure.setReachable(true));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, world.lab.cluster.userKubeconfig(), { mode: 0o600 });
  const { code, findings } = await examined('--file', exampleFile, '--kubeconfig', kubeconfig);
  assert.equal(code, 1);
  assert.deepEqual(
    findings.filter(({ level }) => level === 'problem').map(({ topic }) => topic),
    ['azure'],
  );
  assert.ok(findings.some(({ topic, level }) => topic === 'nodePort' && level === 'ok'));
});

test('a wrong spec and wrong options are told together, before anybody is asked, with exit code 3', {
  timeout: 60_000,
}, async () => {
  const seen = world.lab.azure.requests().length;
  const { code, stdout, stderr } = await world.hepflow('doctor', '--cluster', '-', '--azure-cloud', 'mars');
  assert.deepEqual([code, stdout], [3, '']);
  for (const said of [
    /subscriptionId must be a GUID/,
    /resourceGroup must be/,
    /cluster must be/,
    /HEPFLOW_AZURE_CLOUD \(--azure-cloud\)/,
  ])
    assert.match(stderr, said);
  assert.equal(world.lab.azure.requests().length, seen);
});

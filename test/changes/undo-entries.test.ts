/** What takes each change back: under which name, about what, and by which command a person does the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../src/changes/index.ts';
import type { FieldValue } from '../../src/contract/change.ts';
import type { Change } from '../../src/contract/scenario.ts';
import type { CalicoSite } from '../../src/contract/site.ts';
import { createIds, createPeeringId } from '../../src/ownership/names.ts';
import { clusterVnetId } from '../support/azure.ts';
import { listAzureChanges } from '../support/azure-steps.ts';
import { draftChange } from '../support/changes.ts';
import { policyChange, workload } from '../support/cluster.ts';
import { sampleRun as run } from '../support/sample-run.ts';

const ids = createIds(run);
const azure = listAzureChanges(run);
const near = createPeeringId(ids.network, run.runId);
const far = createPeeringId(clusterVnetId, run.runId);
const label = { kind: 'label', node: 0, key: 'host-end-point', value: 'test' };
const unmark = 'kubectl annotate node node-a hepflow.io/changed-';
const unmarked = '{"annotations":{"hepflow.io/changed":null}}';
const patch = (kind: string, spec: string): string =>
  `kubectl patch ${kind} default --type=merge -p '{"metadata":${unmarked},"spec":${spec}}'`;

const rows: readonly (readonly [Change, prior: FieldValue, undo: string, subject: string, command: string])[] = [
  [
    { kind: 'lease', holder: 'n/w/r' },
    ...([null, 'releaseCluster', 'lease kube-system/hepflow'] as const),
    'kubectl delete lease --namespace kube-system hepflow',
  ],
  [
    azure.createNetwork,
    ...([null, 'deleteNetwork', 'hepflow-0a1b2c3d-vnet'] as const),
    `az network vnet delete --ids ${ids.network}`,
  ],
  [
    azure.createPublicIp,
    ...([null, 'deletePublicIp', 'hepflow-0a1b2c3d-ip'] as const),
    `az network public-ip delete --ids ${ids.publicIp}`,
  ],
  [
    azure.createSecurityGroup,
    ...([null, 'deleteSecurityGroup', 'hepflow-0a1b2c3d-nsg'] as const),
    `az network nsg delete --ids ${ids.securityGroup}`,
  ],
  [
    azure.createInterface,
    ...([null, 'deleteInterface', 'hepflow-0a1b2c3d-nic'] as const),
    `az network nic delete --ids ${ids.interface}`,
  ],
  [
    azure.createVm,
    ...([null, 'deleteVm', 'hepflow-0a1b2c3d-vm'] as const),
    `az vm delete --yes --ids ${ids.vm} && az disk delete --yes --ids ${ids.osDisk}`,
  ],
  [
    azure.peerToCluster,
    ...([null, 'deletePeering', 'on hepflow-0a1b2c3d-vnet'] as const),
    `az network vnet peering delete --ids ${near}`,
  ],
  [
    azure.peerFromCluster,
    ...([null, 'deletePeering', 'on aks-vnet-12345678'] as const),
    `az network vnet peering delete --ids ${far}`,
  ],
  [
    { kind: 'field', field: 'autoHostEndpoints' },
    ...(['Disabled', 'restoreAutoHostEndpoints', 'autoCreate to Disabled'] as const),
    patch('kubecontrollersconfiguration', '{"controllers":{"node":{"hostEndpoint":{"autoCreate":"Disabled"}}}}'),
  ],
  [
    { kind: 'field', field: 'flowLogs' },
    ...([null, 'restoreFlowLogs', 'flowLogsEnableHostEndpoint to unset'] as const),
    patch('felixconfiguration', '{"flowLogsEnableHostEndpoint":null}'),
  ],
  [
    { kind: 'service', ...workload },
    ...([null, 'deleteService', 'default/frontend-nodeport'] as const),
    'kubectl delete service --namespace default frontend-nodeport',
  ],
  [label, null, 'restoreLabel', 'node-a', `kubectl label node node-a host-end-point- && ${unmark}`],
  [
    label,
    ...(['old', 'restoreLabel', 'node-a'] as const),
    `kubectl label node node-a host-end-point=old --overwrite && ${unmark}`,
  ],
  [
    policyChange(),
    ...([null, 'deletePolicy', 'frontend-nodeport-access'] as const),
    'kubectl delete globalnetworkpolicy frontend-nodeport-access',
  ],
];

const site = { clusterVnetId, nodes: [{ name: 'node-a', internalIp: '10.240.0.4' }], readyNodes: ['node-a'] };

for (const [change, prior, undo, subject, command] of rows)
  test(`${change.kind} with prior value ${prior}: ${undo} ${subject}`, () => {
    const { undo: entry, words, limits, step } = draftChange(change, run, site, prior);
    assert.deepEqual([entry.undo, entry.subject, entry.command], [undo, subject, command]);
    assert.notEqual(words, '');
    assert.ok(limits.tryMs <= limits.totalMs);
    const kind = kinds[change.kind];
    assert.ok(kind && Object.hasOwn(kind.apply, step) && Object.hasOwn(kind.undo, entry.undo));
  });

test("commands by hand name Calico's storage where it is all that is served: short names are not its own", () => {
  const calico: CalicoSite = { flavour: 'oss', version: 'v3.31.7', api: 'crd.projectcalico.org/v1' };
  const commandOf = (change: Change, prior: FieldValue = null): string =>
    draftChange(change, run, { ...site, calico }, prior).undo.command;
  assert.deepEqual(
    [
      commandOf({ kind: 'field', field: 'autoHostEndpoints' }, 'Disabled'),
      commandOf({ kind: 'field', field: 'flowLogs' }),
      commandOf(policyChange()),
    ],
    [
      patch(
        'kubecontrollersconfigurations.crd.projectcalico.org',
        '{"controllers":{"node":{"hostEndpoint":{"autoCreate":"Disabled"}}}}',
      ),
      patch('felixconfigurations.crd.projectcalico.org', '{"flowLogsEnableHostEndpoint":null}'),
      'kubectl delete globalnetworkpolicies.crd.projectcalico.org default.frontend-nodeport-access',
    ],
  );
});

test('every kind of change has its row', () =>
  assert.deepEqual(new Set(rows.map(([{ kind }]) => kind)), new Set(Object.keys(kinds))));

test('only the undos that open a port are told on the time line', () => {
  const moments = rows.flatMap(([change, prior]) => draftChange(change, run, site, prior).undo.moment ?? []);
  const restored = {
    ...{ name: 'labelRestored', node: 'node-a' },
    ...{ title: 'label taken back', words: "the label's removal was asked for" },
  };
  const deleted = { name: 'policyDeleted', title: 'policy deleted', words: "the policy's removal was asked for" };
  assert.deepEqual(moments, [restored, restored, deleted]);
});

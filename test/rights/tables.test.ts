/** The roles of deploy/ against the tables of rights. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { KubernetesRight } from '../../src/changes/rights.ts';
import { azureRights, kubernetesRights, listMissingActions, listScenarioRights } from '../../src/preflight/rights.ts';
import { askFor } from '../support/cluster.ts';

test('deploy/azure-role.json grants exactly the actions of the table, and no wildcard', () => {
  const role = JSON.parse(readFileSync(new URL('../../deploy/azure-role.json', import.meta.url), 'utf8')) as Record<
    string,
    string[]
  >;
  assert.deepEqual([...(role['Actions'] ?? [])].sort(), [...new Set(azureRights.map(({ action }) => action))].sort());
  assert.deepEqual([role['NotActions'], role['DataActions'], role['NotDataActions']], [[], [], []]);
  assert.doesNotMatch((role['Actions'] ?? []).join(), /\*/);
});

const exact = azureRights.map(({ action }) => action);

test('a credential with the shipped role misses nothing anywhere', () => {
  for (const scope of ['group', 'cluster', 'clusterNetwork'] as const)
    assert.deepEqual(listMissingActions(scope, [{ actions: exact, notActions: [] }]), []);
});

test('a Contributor misses nothing, whatever it may not assign', () => {
  const contributor = {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Write', 'Microsoft.Authorization/*/Delete'],
  };
  assert.deepEqual(listMissingActions('group', [contributor]), []);
});

test('a Reader misses writes, deletes and joins, and only those', () => {
  const missing = listMissingActions('clusterNetwork', [{ actions: ['*/read'], notActions: [] }]);
  assert.deepEqual(missing, [
    'Microsoft.Network/virtualNetworks/peer/action',
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write',
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete',
  ]);
});

test("one assignment's notActions do not take from another one", () => {
  const withoutVms = { actions: ['*'], notActions: ['Microsoft.Compute/virtualMachines/*'] };
  const vms = { actions: ['microsoft.compute/virtualmachines/*'], notActions: [] };
  assert.deepEqual(listMissingActions('group', [withoutVms]).length, 3);
  assert.deepEqual(listMissingActions('group', [withoutVms, vms]), []);
});

test('without any assignment everything is missing', () => {
  assert.deepEqual(
    listMissingActions('cluster', []),
    azureRights.filter(({ at, only }) => at.includes('cluster') && only === undefined).map(({ action }) => action),
  );
});

test('the roles of deploy/kubernetes grant what preflight asks for, and nothing else', () => {
  interface Rule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }
  const linesOf = (file: string): string[] => {
    const text = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes', file), 'utf8');
    const { metadata, rules } = parse(text) as { metadata: { namespace?: string }; rules: readonly Rule[] };
    const { namespace = '' } = metadata;
    return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => line({ verb, group, resource, name, namespace }))),
        ),
      ),
    );
  };
  const line = ({ verb, group, resource, name = '', namespace = '' }: KubernetesRight): string =>
    `${verb} ${group}/${resource} ${name} ${namespace}`;
  const granted = ['clusterrole.yaml', 'role.yaml'].flatMap(linesOf);
  const ofTier = listScenarioRights(askFor().scenario);
  // Several kinds may need one right.
  const needed = new Set([...kubernetesRights.map(line), ...ofTier.map((right) => line({ ...right, name: '' }))]);
  assert.deepEqual(granted.toSorted(), [...needed].toSorted());
});

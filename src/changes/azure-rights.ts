/** Azure actions that a run needs, and where. deploy/azure-role.json grants exactly these; a test compares them. */

/** `group`: the resource group of the probe VM; `cluster`: the managed cluster; `clusterNetwork`: the VNet of its nodes. */
export type RightScope = 'group' | 'cluster' | 'clusterNetwork';

export interface Right {
  readonly action: string;
  readonly at: readonly RightScope[];
  /** `sweep`: needed by `hepflow sweep` alone, no business of a run. `witness`: without it a run lacks a witness, which its report says. Preflight refuses for neither. */
  readonly only?: 'sweep' | 'witness';
}

const on = (at: readonly RightScope[], prefix: string, ...ends: readonly string[]): Right[] =>
  ends.map((end) => ({ action: `${prefix}/${end}`, at }));
const witness: typeof on = (...where) => on(...where).map((right) => ({ ...right, only: 'witness' }));

export const rights: readonly Right[] = [
  ...on(['group', 'cluster', 'clusterNetwork'], 'Microsoft.Authorization', 'permissions/read'),
  ...on(['group', 'cluster'], 'Microsoft.Resources', 'subscriptions/resourceGroups/read'),
  ...on(['cluster'], 'Microsoft.ContainerService/managedClusters', 'read', 'listClusterUserCredential/action'),
  ...on(['group'], 'Microsoft.Network/virtualNetworks', 'write', 'delete', 'subnets/join/action'),
  ...on(['group', 'clusterNetwork'], 'Microsoft.Network/virtualNetworks', 'read', 'peer/action'),
  ...on(
    ['group', 'clusterNetwork'],
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings',
    'read',
    'write',
    'delete',
  ),
  ...on(['group'], 'Microsoft.Network/publicIPAddresses', 'read', 'write', 'delete', 'join/action'),
  ...on(['group'], 'Microsoft.Network/networkSecurityGroups', 'read', 'write', 'delete', 'join/action'),
  ...on(['group'], 'Microsoft.Network/networkInterfaces', 'read', 'write', 'delete', 'join/action'),
  ...witness(
    ['group'],
    'Microsoft.Network/networkInterfaces',
    'effectiveNetworkSecurityGroups/action',
    'effectiveRouteTable/action',
  ),
  // Operations live beside the resource groups, and Azure asks for these rights where the operation was started.
  ...on(['group', 'clusterNetwork'], 'Microsoft.Network/locations', 'operations/read', 'operationResults/read'),
  ...on(['group'], 'Microsoft.Compute/virtualMachines', 'read', 'write', 'delete'),
  // The OS disk is made by the VM's creation, with the caller's right to write disks.
  ...on(['group'], 'Microsoft.Compute/disks', 'read', 'write', 'delete'),
  ...on(['group'], 'Microsoft.Compute/locations', 'operations/read'),
];

/** Permissions of one role assignment, with Azure's wildcards. */
export interface Granted {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** Actions needed at that scope, by every run or `only` for something, that no assignment allows. An assignment's notActions take from that assignment only. */
export function missingActions(scope: RightScope, granted: readonly Granted[], needed?: Right['only']): string[] {
  const allowed = (action: string): boolean =>
    granted.some(
      ({ actions, notActions }) =>
        actions.some((each) => covers(each, action)) && !notActions.some((each) => covers(each, action)),
    );
  return rights
    .filter(({ action, at, only }) => only === needed && at.includes(scope) && !allowed(action))
    .map(({ action }) => action);
}

/** Case does not matter; `*` stands for any characters, slashes included. */
function covers(pattern: string, action: string): boolean {
  const expression = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${expression.join('.*')}$`, 'i').test(action);
}

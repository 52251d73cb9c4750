/** What hepflow does when a row of Azure's error table befalls an undo: facts for azure-faults.test.ts. */
import { cluster } from '../../lab/scope.ts';
import type { FailureCode } from '../../src/contract/failures.ts';
import { type AzureStep, chain, type Played } from './azure-fault-rows.ts';

export interface UndoRow extends Played {
  readonly undo: string;
  /** What is undone: everything that these steps made. */
  readonly of: readonly AzureStep[];
  /** Code of the rounds before it is done; absent: one round. */
  readonly passes?: FailureCode;
  /** Code with which it is left, until the trouble is over. */
  readonly stops?: FailureCode;
  readonly says?: RegExp;
  /** `nothing`: the deletion went on in Azure, or there was nothing. Default: done. */
  readonly outcome?: 'nothing';
}

const network = 'Microsoft.Network/virtualNetworks';
const vm = 'Microsoft.Compute/virtualMachines';
const nic = 'Microsoft.Network/networkInterfaces';
const peering = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';
const polls = { method: 'GET', type: 'Microsoft.Network/locations/operations' } as const;
const untilVm = chain.slice(0, 5);
const untilNic = chain.slice(0, 4);

export const undoRows: readonly UndoRow[] = [
  {
    scenario: 'throttled',
    where: 'at a deletion',
    at: { method: 'DELETE', type: network },
    undo: 'deleteNetwork',
    of: ['createNetwork'],
    passes: 'Throttled',
  },
  {
    scenario: 'anotherOperationInProgress',
    where: 'on the cluster side',
    at: { method: 'DELETE', type: peering, group: cluster.nodeResourceGroup },
    undo: 'deletePeering',
    of: ['createNetwork', 'peerToCluster', 'peerFromCluster'],
    passes: 'AzureBusy',
  },
  {
    scenario: 'nicReservedForAnotherVm',
    where: 'at a deletion, for a time',
    at: { method: 'DELETE', type: nic, forMs: 80 },
    undo: 'deleteInterface',
    of: untilNic,
    passes: 'InUse',
  },
  { scenario: 'nicInUse', undo: 'deleteInterface', of: untilNic, passes: 'InUse', says: /is used by/ },
  {
    scenario: 'publicIpCannotBeDeleted',
    undo: 'deletePublicIp',
    of: ['createPublicIp'],
    passes: 'InUse',
    says: /cannot be deleted/,
  },
  {
    scenario: 'publicIpCannotBeDeletedAtTheEnd',
    undo: 'deletePublicIp',
    of: ['createPublicIp'],
    passes: 'InUse',
    says: /cannot be deleted/,
  },
  { scenario: 'inUseSubnetCannotBeDeleted', undo: 'deleteNetwork', of: ['createNetwork'], passes: 'InUse' },
  {
    scenario: 'inUseNetworkSecurityGroupCannotBeDeleted',
    undo: 'deleteSecurityGroup',
    of: ['createSecurityGroup'],
    passes: 'InUse',
  },
  {
    scenario: 'diskAttached',
    where: 'at the deletion of its VM',
    at: { method: 'DELETE', type: vm },
    undo: 'deleteVm',
    of: untilVm,
    passes: 'InUse',
    says: /attached/,
  },
  {
    scenario: 'conflict',
    where: 'at a deletion',
    at: { method: 'DELETE', type: vm },
    undo: 'deleteVm',
    of: untilVm,
    passes: 'AzureBusy',
  },
  {
    scenario: 'failedWithInnerError',
    where: 'at a deletion',
    at: { method: 'DELETE', type: vm },
    undo: 'deleteVm',
    of: untilVm,
    passes: 'AzureFailed',
  },
  {
    scenario: 'resourceNotFound',
    where: 'at a look before a deletion',
    at: { method: 'GET', type: network },
    undo: 'deleteNetwork',
    of: [],
    outcome: 'nothing',
  },
  {
    scenario: 'resourceGroupNotFound',
    where: 'at a look before a deletion',
    at: { method: 'GET', type: network },
    undo: 'deleteNetwork',
    of: [],
    outcome: 'nothing',
  },
  {
    scenario: 'scopeLocked',
    undo: 'deleteNetwork',
    of: ['createNetwork'],
    stops: 'ScopeLocked',
    says: /following scope\(s\) are locked/,
  },
  {
    scenario: 'authorizationFailed',
    where: 'at a deletion',
    at: { method: 'DELETE', type: peering, times: 'always' },
    undo: 'deletePeering',
    of: ['createNetwork', 'peerToCluster'],
    stops: 'Forbidden',
  },
  {
    scenario: 'denyAssignment',
    where: 'at a deletion',
    at: { method: 'DELETE', type: peering, times: 'always' },
    undo: 'deletePeering',
    of: ['createNetwork', 'peerToCluster'],
    stops: 'NodeGroupLocked',
  },
  {
    scenario: 'expiredToken',
    where: 'at a deletion',
    at: { method: 'DELETE', type: network },
    undo: 'deleteNetwork',
    of: ['createNetwork'],
  },
  {
    scenario: 'gatewayTimeout',
    undo: 'deleteNetwork',
    of: ['createNetwork'],
    passes: 'AzureUnavailable',
    says: /in time/,
  },
  {
    scenario: 'serviceUnavailable',
    where: 'at a poll of a deletion',
    at: polls,
    undo: 'deleteNetwork',
    of: ['createNetwork'],
    passes: 'AzureUnavailable',
    outcome: 'nothing',
  },
  {
    scenario: 'operationVanished',
    where: 'of a deletion',
    at: { method: 'DELETE', type: network },
    undo: 'deleteNetwork',
    of: ['createNetwork'],
  },
  {
    scenario: 'anotherCallersOperation',
    where: 'of a deletion',
    undo: 'deletePeering',
    of: ['createNetwork', 'peerToCluster'],
  },
  {
    scenario: 'droppedAfterAccept',
    where: 'of a deletion',
    at: { method: 'DELETE', type: vm },
    undo: 'deleteVm',
    of: untilVm,
    passes: 'AzureUnavailable',
    outcome: 'nothing',
  },
];

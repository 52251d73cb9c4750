/** Names and ids from the run id (W6). Deterministic, so that they are known before anything is created. */
import type { RunRef } from '../contract/run.ts';

export interface AzureNames {
  readonly network: string;
  readonly subnet: string;
  readonly publicIp: string;
  readonly securityGroup: string;
  readonly interface: string;
  readonly vm: string;
  readonly osDisk: string;
  /** Name of the peering on either side; peerings carry no tags, so the run id is in the name. */
  readonly peering: string;
}

export function nameResources(runId: string): AzureNames {
  const base = `hepflow-${runId}`;
  return {
    network: `${base}-vnet`,
    subnet: 'probe',
    publicIp: `${base}-ip`,
    securityGroup: `${base}-nsg`,
    interface: `${base}-nic`,
    vm: `${base}-vm`,
    osDisk: `${base}-osdisk`,
    peering: base,
  };
}

export type AzureIds = Omit<Readonly<Record<keyof AzureNames, string>>, 'peering'>;

/** Full ARM ids of what a run creates in its resource group. */
export function createIds(run: Pick<RunRef, 'runId' | 'subscriptionId' | 'resourceGroup'>): AzureIds {
  const names = nameResources(run.runId);
  const group = `/subscriptions/${run.subscriptionId}/resourceGroups/${run.resourceGroup}/providers`;
  const network = `${group}/Microsoft.Network/virtualNetworks/${names.network}`;
  return {
    network,
    subnet: `${network}/subnets/${names.subnet}`,
    publicIp: `${group}/Microsoft.Network/publicIPAddresses/${names.publicIp}`,
    securityGroup: `${group}/Microsoft.Network/networkSecurityGroups/${names.securityGroup}`,
    interface: `${group}/Microsoft.Network/networkInterfaces/${names.interface}`,
    vm: `${group}/Microsoft.Compute/virtualMachines/${names.vm}`,
    osDisk: `${group}/Microsoft.Compute/disks/${names.osDisk}`,
  };
}

/** Id of the run's peering on a VNet, its own or the cluster's. */
export const createPeeringId = (vnetId: string, runId: string): string =>
  `${vnetId}/virtualNetworkPeerings/${nameResources(runId).peering}`;

/** The last part of an id, which is the resource's name. */
export const readLastName = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

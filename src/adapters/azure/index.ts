/** Azure Resource Manager: plain bodies in, plain states out, AzureError for everything that goes wrong. */
import { type Access, createAccess } from './access.ts';
import { createClients } from './clients.ts';
import { createManagedClusters, type ManagedClusters } from './cluster.ts';
import { type Compute, createCompute } from './compute.ts';
import { createEffective, type Effective } from './effective.ts';
import { createLocks, type Locks } from './locks.ts';
import { createNetwork, type Network } from './network.ts';
import { createOperations } from './operation.ts';
import type { AzureSettings } from './settings.ts';

export interface Azure extends Network, Compute, Access, Locks {
  readonly clusters: ManagedClusters;
  readonly effective: Effective;
}

/** Sends nothing until it is used, and loads the SDK's packages only then. */
export function createAzure(settings: AzureSettings): Azure {
  const clients = createClients(settings);
  const operations = createOperations(settings);
  return {
    ...createNetwork(clients, operations),
    ...createCompute(clients, operations),
    ...createAccess(clients),
    ...createLocks(clients, settings.endpoint),
    clusters: createManagedClusters(clients),
    effective: createEffective(clients, operations),
  };
}

export type { Permission } from './access.ts';
export { type ApiVersions, sovereignApiVersions } from './api-versions.ts';
export type { ClusterState, ManagedClusters } from './cluster.ts';
export type { VmState } from './compute.ts';
export {
  type EffectiveGroup,
  type EffectiveRoute,
  type EffectiveRule,
  type Flow,
  findAccess,
  findRoute,
} from './effective-rules.ts';
export { type AzureDetail, AzureError, ownCodes } from './error.ts';
export { isSameId, nameOf, parseId } from './ids.ts';
export type { InterfaceState, PeeringState, PublicIpState, VnetState } from './network.ts';
export type { Lro } from './operation.ts';
export type { Collection, GroupName, Listed, Owned, State } from './resource.ts';
export { type AzureSettings, azureDefaults } from './settings.ts';

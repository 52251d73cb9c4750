import type { RunRef } from '../../contract/run.ts';
import { nameResources } from '../../ownership/names.ts';
import type { Tagged } from '../azure-resource.ts';

export interface NetworkInput extends Tagged {
  /** IPv4 CIDR. */
  readonly addressSpace: string;
  /** IPv4 CIDR within it. */
  readonly subnet: string;
}

/**
 * VNet with its one subnet, made in one request, in the flattened form of Azure's JavaScript SDK, as every body here.
 */
export const createNetworkBody = (run: RunRef, { addressSpace, subnet }: NetworkInput) => ({
  location: run.location,
  addressSpace: { addressPrefixes: [addressSpace] },
  // No default outbound access: the VM's own public address is its way out. Explicit, because the default differs
  // between API versions.
  subnets: [{ name: nameResources(run.runId).subnet, addressPrefix: subnet, defaultOutboundAccess: false }],
});

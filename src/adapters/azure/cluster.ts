import type { ManagedCluster } from '@azure/arm-containerservice';
import type { AccessToken } from '@azure/identity';
import type { ClusterName } from '../../contract/site.ts';
import type { Clients } from './clients.ts';
import { AzureError, ownCodes } from './error.ts';
import { exchange } from './exchange.ts';
import { passAbsent } from './resource.ts';

export interface ClusterState {
  readonly id: string;
  readonly location: string;
  readonly kubernetesVersion: string;
  readonly nodeResourceGroup: string;
  /** Node resource group lockdown: `ReadOnly` or `Unrestricted`. */
  readonly restrictionLevel: string;
  /** vnetSubnetID of every agent pool that names one. */
  readonly subnetIds: readonly string[];
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** `Running` or `Stopped`; empty: Azure does not say. */
  readonly powerState: string;
  /** `calico`, `azure`, `cilium` or `none`; empty: Azure does not say. */
  readonly networkPolicy: string;
  /** `azure` or `cilium`; empty: Azure does not say. */
  readonly networkDataplane: string;
  /** Whether the API server has a private address only. */
  readonly privateApiServer: boolean;
  /** `Succeeded`, or what AKS does to the cluster now, such as `Upgrading`. */
  readonly provisioningState: string;
  /** CIDRs from which the API server takes connections; empty: from anywhere. */
  readonly authorizedRanges: readonly string[];
  /** Whether Microsoft Entra ID authenticates the users of the cluster. */
  readonly usesEntra: boolean;
  /** Whether Azure role assignments say what they may do in it. */
  readonly usesAzureRbac: boolean;
}

/** AKS clusters; read only. */
export interface ManagedClusters {
  get(cluster: ClusterName): Promise<ClusterState | undefined>;
  /** The user kubeconfig. A secret. */
  userKubeconfig(cluster: ClusterName): Promise<string>;
  /** A token of the worker's own identity for the API servers of clusters that sign in by Entra. A secret. */
  serverToken(scope: string): Promise<AccessToken>;
}

export function createManagedClusters(clients: Clients): ManagedClusters {
  return {
    async get({ subscriptionId, resourceGroup, name }) {
      const { managedClusters } = await clients.clusters(subscriptionId);
      return exchange(`read managedClusters ${name}`, undefined, async () =>
        clusterState(await managedClusters.get(resourceGroup, name)),
      ).catch(passAbsent);
    },
    async userKubeconfig({ subscriptionId, resourceGroup, name }) {
      const { managedClusters } = await clients.clusters(subscriptionId);
      const operation = `get the user credential of managedClusters ${name}`;
      const { kubeconfigs } = await exchange(operation, undefined, () =>
        managedClusters.listClusterUserCredentials(resourceGroup, name),
      );
      const value = kubeconfigs?.[0]?.value;
      if (value === undefined)
        throw new AzureError({
          code: ownCodes.credentialUnavailable,
          status: 0,
          operation,
          message: 'Azure gave no kubeconfig',
        });
      return Buffer.from(value).toString('utf8');
    },
    async serverToken(scope) {
      const token = await clients.credential.getToken(scope);
      if (token !== null) return token;
      throw new AzureError({
        ...{ code: ownCodes.credentialUnavailable, status: 0, operation: 'get a token for the API server' },
        message: 'the credential gave none',
      });
    },
  };
}

const clusterState = (raw: ManagedCluster): ClusterState => ({
  id: raw.id ?? '',
  location: raw.location,
  kubernetesVersion: raw.currentKubernetesVersion ?? raw.kubernetesVersion ?? '',
  nodeResourceGroup: raw.nodeResourceGroup ?? '',
  restrictionLevel: raw.nodeResourceGroupProfile?.restrictionLevel ?? 'Unrestricted',
  subnetIds: (raw.agentPoolProfiles ?? []).flatMap(({ vnetSubnetID }) => vnetSubnetID ?? []),
  podCidrs: raw.networkProfile?.podCidrs ?? [raw.networkProfile?.podCidr ?? []].flat(),
  serviceCidrs: raw.networkProfile?.serviceCidrs ?? [raw.networkProfile?.serviceCidr ?? []].flat(),
  powerState: raw.powerState?.code ?? '',
  networkPolicy: raw.networkProfile?.networkPolicy ?? '',
  networkDataplane: raw.networkProfile?.networkDataplane ?? '',
  privateApiServer: raw.apiServerAccessProfile?.enablePrivateCluster ?? false,
  provisioningState: raw.provisioningState ?? 'Succeeded',
  authorizedRanges: raw.apiServerAccessProfile?.authorizedIPRanges ?? [],
  usesEntra: raw.aadProfile !== undefined && raw.aadProfile !== null,
  usesAzureRbac: raw.aadProfile?.enableAzureRbac ?? false,
});

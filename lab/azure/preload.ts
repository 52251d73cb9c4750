import { addresses, cluster } from '../scope.ts';
import { createEtag, type Properties, type Resource, type Store } from './arm/store.ts';
import { managedClusterType } from './resources/managed-clusters.ts';
import { subnetType } from './resources/subnets.ts';
import { networkType } from './resources/virtual-networks.ts';
import { groupType, subscriptionType } from './routes/group-types.ts';

/**
 * Stores what exists before the first request: the subscription, the cluster with its group, and its node resource
 * group with the AKS VNet.
 */
export function preload(store: Store): void {
  const subscription = `/subscriptions/${cluster.subscriptionId}`;
  const add = (
    id: string,
    type: string,
    group: string,
    properties: Properties,
    rest: Partial<Resource> = {},
  ): Resource =>
    store.put({
      id,
      name: id.split('/').at(-1) ?? id,
      type,
      group,
      etag: createEtag(),
      real: true,
      properties: { ...properties, provisioningState: 'Succeeded' },
      ...rest,
    });

  store.put({
    id: subscription,
    name: cluster.subscriptionId,
    type: subscriptionType,
    group: '',
    etag: createEtag(),
    real: true,
    properties: { displayName: 'hepflow lab', state: 'Enabled', tenantId: cluster.tenantId } as Properties,
  });
  for (const group of [cluster.resourceGroup, cluster.nodeResourceGroup])
    add(`${subscription}/resourceGroups/${group}`, groupType, group, {}, { location: cluster.location });

  const nodeGroup = `${subscription}/resourceGroups/${cluster.nodeResourceGroup}`;
  const vnet = `${nodeGroup}/providers/${networkType}/${cluster.vnetName}`;
  const network = {
    resourceGuid: '00000000-0000-4000-8000-0000000000dd',
    addressSpace: { addressPrefixes: [addresses.clusterVnet] },
  };
  add(vnet, networkType, cluster.nodeResourceGroup, network, { location: cluster.location });
  add(`${vnet}/subnets/aks-subnet`, subnetType, cluster.nodeResourceGroup, {
    addressPrefix: addresses.clusterVnet,
  } as Properties);
  // As AKS writes its ids and its type.
  add(
    `${subscription}/resourcegroups/${cluster.resourceGroup}/providers/${managedClusterType}/${cluster.name}`,
    'Microsoft.ContainerService/ManagedClusters',
    cluster.resourceGroup,
    clusterProperties,
    {
      location: cluster.location,
      sku: { name: 'Base', tier: 'Free' },
    },
  );
}

const clusterProperties = {
  powerState: { code: 'Running' },
  kubernetesVersion: '1.35.4',
  currentKubernetesVersion: '1.35.4',
  dnsPrefix: 'lab',
  fqdn: 'localhost',
  nodeResourceGroup: cluster.nodeResourceGroup,
  enableRBAC: true,
  disableLocalAccounts: false,
  agentPoolProfiles: [
    {
      name: 'nodepool1',
      count: cluster.nodeNames.length,
      vmSize: 'Standard_D2s_v5',
      type: 'VirtualMachineScaleSets',
      mode: 'System',
      osType: 'Linux',
      osSKU: 'Ubuntu',
      orchestratorVersion: '1.35.4',
      currentOrchestratorVersion: '1.35.4',
      provisioningState: 'Succeeded',
      powerState: { code: 'Running' },
    },
  ],
  networkProfile: {
    networkPlugin: 'azure',
    networkPolicy: 'calico',
    networkDataplane: 'azure',
    serviceCidr: addresses.serviceCidr,
    dnsServiceIP: '10.0.0.10',
    outboundType: 'loadBalancer',
    loadBalancerSku: 'standard',
  },
};

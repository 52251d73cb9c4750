import type { ResourceType } from './type.ts';

export interface ManagedClusterProperties {
  provisioningState?: string;
  nodeResourceGroup: string;
}

export const managedClusterType = 'Microsoft.ContainerService/managedClusters';

/** Read only: the lab has one, made at the start. */
export const managedClusters: ResourceType<ManagedClusterProperties> = {
  type: managedClusterType,
  lasts: { create: 'groupDelete', remove: 'groupDelete' },
  whileWriting: 'Creating',
  locks: (id) => ({ own: [id] }),
  actions: ['listClusterUserCredential'],
  async act(_cluster, arm) {
    const kubeconfig = await arm.userKubeconfig();
    return { kubeconfigs: [{ name: 'clusterUser', value: Buffer.from(kubeconfig).toString('base64') }] };
  },
};

import type { Mission } from '../contract/mission.ts';
import type { ClusterRef } from '../contract/run.ts';

export const locateCluster = ({ subscriptionId, resourceGroup, cluster: name }: Mission): ClusterRef => ({
  subscriptionId,
  resourceGroup,
  name,
});

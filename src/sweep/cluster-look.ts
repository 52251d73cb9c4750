import { findCalicoApi, openCalico } from '../adapters/kubernetes/calico.ts';
import { type Cluster, KubernetesError } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../adapters/kubernetes/resources.ts';
import type { ClusterLook } from '../changes/kind.ts';
import type { ClusterRef } from '../contract/run.ts';
import { runLabel } from '../ownership/marks.ts';
import type { Signer } from '../ownership/signature.ts';

/**
 * A kind that may not be read, or is not served, becomes a warning; anything else is an error of the whole sweep (W10).
 */
export async function lookAtCluster(
  cluster: Cluster,
  ref: ClusterRef,
  signer: Signer,
): Promise<{ readonly look: ClusterLook; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const read = async <T extends KubernetesObject>(
    { plural }: Resource<T>,
    reading: Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    try {
      return await reading;
    } catch (error) {
      const isTolerable = error instanceof KubernetesError && (error.status === 403 || error.reason === 'NotServed');
      if (!isTolerable) throw error;
      warnings.push(`${plural} could not be looked at: ${error.message}`);
      return [];
    }
  };
  const look: ClusterLook = {
    ...{ cluster, ref, signer },
    calico: openCalico(await findCalicoApi(cluster)),
    listLabelled: (resource) => read(resource, cluster.list(resource, { labelSelector: runLabel })),
    listAll: (resource) => read(resource, cluster.list(resource)),
    findOne: (resource, name, namespace) =>
      read(
        resource,
        cluster.find(resource, name, namespace).then((object) => (object === undefined ? [] : [object])),
      ),
  };
  return { look, warnings };
}

/** What the managed cluster itself tells: whether it runs, who looks after Calico, and who reaches its API server. */
import type { ClusterState } from '../../adapters/azure/index.ts';
import { enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { tellInfo, tellOk, tellProblem, tellWarning } from '../look.ts';

export function examineShape(cluster: ClusterState): readonly Diagnosis[] {
  const { id, location, kubernetesVersion, powerState, networkPolicy, networkDataplane } = cluster;
  const name = id.split('/').at(-1) ?? id;
  return [
    powerState === 'Stopped'
      ? tellProblem(
          'aks',
          'KubernetesUnavailable',
          'cluster',
          `The cluster ${name} is stopped.`,
          'Start it: az aks start.',
        )
      : tellOk('aks', `The cluster ${name} runs Kubernetes ${kubernetesVersion} in ${location}.`, '', 'cluster'),
    ...(networkDataplane === 'cilium'
      ? [
          tellWarning(
            'aks',
            'The data plane of the cluster is Cilium (networkDataplane), which does not enforce policies of Calico.',
            'Use a cluster with Calico.',
          ),
        ]
      : [
          networkPolicy === 'calico'
            ? tellOk(
                'aks',
                'AKS itself installed Calico (networkPolicy calico), and puts back what others change in the ' +
                  "operator's objects.",
              )
            : tellInfo(
                'aks',
                `AKS did not install Calico (networkPolicy ${networkPolicy || 'none'}): whoever did looks after it.`,
              ),
        ]),
    ...examineState(name, cluster),
    ...examineAccess(cluster),
  ];
}

/** What AKS does to a cluster now may replace the nodes that a run judges. */
function examineState(name: string, { provisioningState: state, powerState }: ClusterState): readonly Diagnosis[] {
  if (state === 'Succeeded' || powerState === 'Stopped') return [];
  return [
    state === 'Failed' || state === 'Canceled'
      ? tellWarning('aks', `The last operation of AKS on the cluster ${name} ended as ${state}.`, 'See az aks show.')
      : tellWarning(
          'aks',
          `AKS is ${state} the cluster ${name}: nodes may be replaced while the run judges them.`,
          'Wait until az aks show tells provisioningState Succeeded.',
        ),
  ];
}

function examineAccess({
  privateApiServer,
  authorizedRanges,
  usesEntra,
  usesAzureRbac,
}: ClusterState): readonly Diagnosis[] {
  const ranges = enumerate(authorizedRanges);
  return [
    privateApiServer
      ? tellInfo(
          'apiAccess',
          'The API server is private: workers must run where its private address is reached and resolved, such ' +
            "as in the cluster's VNet.",
        )
      : tellOk('apiAccess', 'The API server is not private.'),
    ...(authorizedRanges.length === 0
      ? []
      : [
          tellInfo(
            'apiAccess',
            `The API server takes connections only from ${ranges}, and from the cluster's own outbound address.`,
            "The worker's public address must be among them: az aks update --api-server-authorized-ip-ranges.",
          ),
        ]),
    ...(usesEntra
      ? [
          tellInfo(
            'apiAccess',
            'Microsoft Entra ID authenticates the users of the cluster, and ' +
              `${usesAzureRbac ? 'role assignments in Azure' : 'Kubernetes bindings'} say what they may do.`,
          ),
        ]
      : []),
  ];
}

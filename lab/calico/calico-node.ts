import type { Api } from '../kubernetes/api.ts';

/** The DaemonSet that runs Felix on AKS, as far as anyone reads it: kube-controllers v3.32 waits for its roll-out. */
export const calicoNode = { namespace: 'calico-system', name: 'calico-node' } as const;

const path = `/apis/apps/v1/namespaces/${calicoNode.namespace}/daemonsets/${calicoNode.name}`;

/** Creates it, rolled out on all nodes. */
export async function registerCalicoNode(api: Api, nodeCount: number): Promise<void> {
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: calicoNode.namespace } });
  const labels = { 'k8s-app': calicoNode.name };
  await api.apply({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: calicoNode,
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { hostNetwork: true, containers: [{ name: calicoNode.name, image: calicoNode.name }] },
      },
    },
  });
  await setAvailableCalicoNodes(api, nodeCount, nodeCount);
}

/** Sets on how many of the nodes its pod is available. */
export async function setAvailableCalicoNodes(api: Api, available: number, nodeCount: number): Promise<void> {
  const { metadata } = await api.read<{ metadata: { generation: number } }>(path);
  await api.call('PATCH', `${path}/status`, {
    status: {
      observedGeneration: metadata.generation,
      currentNumberScheduled: nodeCount,
      desiredNumberScheduled: nodeCount,
      numberMisscheduled: 0,
      updatedNumberScheduled: nodeCount,
      numberReady: available,
      numberAvailable: available,
      numberUnavailable: nodeCount - available,
    },
  });
}

/** The DaemonSet calico-node, which runs Felix on every node. */
import type { Cluster } from './cluster.ts';
import { type DaemonSet, daemonSets } from './resources.ts';

/** Calico's operator installs it into the first, as on AKS; its manifests into the second. */
export const calicoNode = { name: 'calico-node', namespaces: ['calico-system', 'kube-system'] } as const;

/** Undefined: it is in neither namespace. */
export async function findCalicoNode(cluster: Cluster): Promise<DaemonSet | undefined> {
  const { name, namespaces } = calicoNode;
  const found = await Promise.all(namespaces.map((namespace) => cluster.find(daemonSets, name, namespace)));
  return found.find((daemonSet) => daemonSet !== undefined);
}

/** Whether the newest pod is available on every node, or in numbers what is missing. */
export function describeRollout({ metadata, status = {} }: DaemonSet): {
  readonly isDone: boolean;
  readonly words: string;
} {
  const {
    desiredNumberScheduled: wanted = 0,
    updatedNumberScheduled: updated = 0,
    numberAvailable: available = 0,
  } = status;
  const isObserved = metadata.generation === undefined || metadata.generation === status.observedGeneration;
  const isDone = isObserved && updated === wanted && available === wanted && (status.numberMisscheduled ?? 0) === 0;
  const where = `DaemonSet ${metadata.name} in ${metadata.namespace}`;
  return {
    isDone,
    words: isDone
      ? `${where} is rolled out on ${wanted} of ${wanted} nodes`
      : `${where} is not rolled out: of ${wanted} nodes, ${updated} have its newest pod and ${available} an ` +
        'available one',
  };
}

/** Variables of the container that runs Felix; Felix takes `FELIX_…` before any FelixConfiguration. */
export function readFelixVariables({ spec }: DaemonSet): Readonly<Record<string, string>> {
  const containers = spec?.template?.spec?.containers ?? [];
  const { env = [] } = containers.find(({ name }) => name === calicoNode.name) ?? {};
  return Object.fromEntries(
    env.flatMap(({ name, value }) =>
      /^FELIX_/i.test(name) && value !== undefined ? [[name.slice('FELIX_'.length).toLowerCase(), value]] : [],
    ),
  );
}

import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { deployments, namespaces, pods, type Service, services } from '../../adapters/kubernetes/resources.ts';
import type { Problem } from '../../contract/failures.ts';
import type { Workload } from '../../contract/mission.ts';
import { isOf } from '../../manifests/kubernetes-marks.ts';
import { selectorOf } from '../expose-node-port.ts';
import { type Findings, foundIn, isMissing, look, problem } from './look.ts';

/** kube-apiserver's default for --service-node-port-range; AKS does not let it be changed. */
const nodePortRange = { from: 30000, to: 32767 };

/** The deployment can be exposed: it exists with a ready pod, and the service's name and port are free. */
export async function inspectWorkload(cluster: Cluster, workload: Workload, runId: string): Promise<Findings> {
  const namespace = await look(cluster.find(namespaces, workload.namespace));
  const inNamespace = isMissing(namespace)
    ? [problem('NamespaceNotFound', 'workload.namespace', `Namespace ${workload.namespace} does not exist.`)]
    : [...(await deploymentProblems(cluster, workload)), ...(await nameProblems(cluster, workload, runId))];
  return { problems: [...inNamespace, ...(await portProblems(cluster, workload))], warnings: [] };
}

async function deploymentProblems(cluster: Cluster, { namespace, deployment: name }: Workload): Promise<readonly Problem[]> {
  const looked = await look(cluster.find(deployments, name, namespace));
  if (isMissing(looked)) return [problem('DeploymentNotFound', 'workload.deployment', `Deployment ${name} does not exist in namespace ${namespace}.`)];
  const deployment = foundIn(looked);
  if (deployment === undefined) return [];
  const labelSelector = Object.entries(selectorOf(deployment))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const found = foundIn(await look(cluster.list(pods, { namespace, labelSelector })));
  if (found === undefined) return [];
  const ready = found.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && isReady(status?.conditions));
  return ready.length > 0
    ? []
    : [problem('NoReadyPods', 'workload.deployment', `Deployment ${name} in namespace ${namespace} has ${found.length} pods, none of them ready.`)];
}

export const isReady = (conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

async function nameProblems(cluster: Cluster, { namespace, serviceName: name }: Workload, runId: string): Promise<readonly Problem[]> {
  const service = foundIn(await look(cluster.find(services, name, namespace)));
  if (service === undefined || isOf(service, runId)) return [];
  return [problem('ServiceExists', 'workload.serviceName', `Service ${name} exists in namespace ${namespace} and does not belong to this run.`)];
}

async function portProblems(cluster: Cluster, { nodePort, namespace, serviceName }: Workload): Promise<readonly Problem[]> {
  if (nodePort < nodePortRange.from || nodePort > nodePortRange.to) {
    return [problem('NodePortOutOfRange', 'workload.nodePort', `NodePort ${nodePort} is outside ${nodePortRange.from}-${nodePortRange.to}.`)];
  }
  const holder = foundIn(await look(cluster.list(services)))?.find((service) => portsOf(service).includes(nodePort));
  // The run's own service is not taken for an obstacle; a foreign one of that name is listed by its name already.
  if (holder === undefined || (holder.metadata.name === serviceName && holder.metadata.namespace === namespace)) return [];
  return [
    problem('NodePortTaken', 'workload.nodePort', `NodePort ${nodePort} belongs to service ${holder.metadata.name} in namespace ${holder.metadata.namespace}.`),
  ];
}

const portsOf = ({ spec }: Service): readonly (number | undefined)[] => [...(spec?.ports ?? []).map(({ nodePort }) => nodePort), spec?.healthCheckNodePort];

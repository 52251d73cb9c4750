import type { Cluster } from '../../adapters/kubernetes/index.ts';
import {
  deployments,
  namespaces,
  type Pod,
  pods,
  type Service,
  services,
} from '../../adapters/kubernetes/resources.ts';
import { readSelector } from '../../changes/service/body.ts';
import { enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Workload } from '../../contract/mission.ts';
import { isLabelled } from '../../ownership/marks.ts';
import { isMissing, look, takeFound, tellInfo, tellOk, tellProblem } from '../look.ts';

/** kube-apiserver's default for --service-node-port-range; AKS does not let it be changed. */
const nodePortRange = { from: 30000, to: 32767 };

/**
 * The deployment can be exposed: it exists with a ready pod, and the service's name and port are free. `firstNode` is
 * the one to be denied first.
 */
export async function inspectWorkload(
  cluster: Cluster,
  workload: Workload,
  runId: string,
  firstNode: Promise<string | undefined>,
): Promise<readonly Diagnosis[]> {
  const [looked, port] = await Promise.all([
    look(cluster.find(namespaces, workload.namespace)),
    portFindings(cluster, workload),
  ]);
  const field = 'workload.namespace';
  if (isMissing(looked))
    return [
      tellProblem('namespace', 'NamespaceNotFound', field, `Namespace ${workload.namespace} does not exist.`),
      ...port,
    ];
  const there =
    takeFound(looked) === undefined ? [] : [tellOk('namespace', `Namespace ${workload.namespace} exists.`, '', field)];
  return [
    ...there,
    ...(await deploymentFindings(cluster, workload, firstNode)),
    ...(await nameFindings(cluster, workload, runId)),
    ...port,
  ];
}

async function deploymentFindings(
  cluster: Cluster,
  { namespace, deployment: name }: Workload,
  firstNode: Promise<string | undefined>,
): Promise<readonly Diagnosis[]> {
  const field = 'workload.deployment';
  const looked = await look(cluster.find(deployments, name, namespace));
  if (isMissing(looked))
    return [
      tellProblem(
        'deployment',
        'DeploymentNotFound',
        field,
        `Deployment ${name} does not exist in namespace ${namespace}.`,
      ),
    ];
  const deployment = takeFound(looked);
  if (deployment === undefined) return [];
  const labelSelector = Object.entries(readSelector(deployment))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const found = takeFound(await look(cluster.list(pods, { namespace, labelSelector })));
  if (found === undefined) return [];
  const ready = found.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && isReady(status?.conditions),
  );
  if (ready.length === 0)
    return [
      tellProblem(
        'deployment',
        'NoReadyPods',
        field,
        `Deployment ${name} in namespace ${namespace} has ${found.length} pods, none of them ready.`,
      ),
    ];
  const nodes = [...new Set(ready.map(nodeOf))].toSorted();
  const where = nodes.map((node) => `${ready.filter((pod) => nodeOf(pod) === node).length} on ${node}`);
  return [
    tellOk(
      'deployment',
      `Deployment ${name} has ${ready.length} of ${found.length} pods ready: ${enumerate(where)}.`,
      '',
      field,
    ),
    ...placeFindings(name, ready, await firstNode),
  ];
}

const nodeOf = ({ spec }: Pod): string => spec?.nodeName ?? 'no node';

/** That a deny is bound to the port of one node shows best when its own pod answers through the other. */
function placeFindings(deployment: string, ready: readonly Pod[], node: string | undefined): readonly Diagnosis[] {
  if (node === undefined || ready.some((pod) => nodeOf(pod) === node)) return [];
  return [
    tellInfo(
      'deployment',
      `No ready pod of ${deployment} is on ${node}: that its pod still answers through the other node, while ` +
        'its own port is silent, cannot be shown.',
      `Name another first node (nodes), or place a pod on ${node}.`,
      'workload.deployment',
    ),
  ];
}

export const isReady = (conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

async function nameFindings(
  cluster: Cluster,
  { namespace, serviceName: name }: Workload,
  runId: string,
): Promise<readonly Diagnosis[]> {
  const field = 'workload.serviceName';
  const looked = await look(cluster.find(services, name, namespace));
  const service = takeFound(looked);
  if (service !== undefined && !isLabelled(service, runId))
    return [
      tellProblem(
        'service',
        'ServiceExists',
        field,
        `Service ${name} exists in namespace ${namespace} and does not belong to this run.`,
      ),
    ];
  if (looked === 'unknown') return [];
  // The API server's default, and what makes each node answer whatever pods it runs.
  return [
    tellOk(
      'service',
      `No other service is called ${name} in namespace ${namespace}; the run's will have externalTrafficPolicy ` +
        'Cluster.',
      '',
      field,
    ),
  ];
}

async function portFindings(
  cluster: Cluster,
  { nodePort, namespace, serviceName }: Workload,
): Promise<readonly Diagnosis[]> {
  const field = 'workload.nodePort';
  if (nodePort < nodePortRange.from || nodePort > nodePortRange.to) {
    return [
      tellProblem(
        'nodePort',
        'NodePortOutOfRange',
        field,
        `NodePort ${nodePort} is outside ${nodePortRange.from}-${nodePortRange.to}.`,
      ),
    ];
  }
  const all = takeFound(await look(cluster.list(services)));
  if (all === undefined) return [];
  const holder = all.find((service) => portsOf(service).includes(nodePort));
  // The run's own service is not taken for an obstacle; a foreign one of that name is listed by its name already.
  if (holder !== undefined && !(holder.metadata.name === serviceName && holder.metadata.namespace === namespace)) {
    const { name, namespace: its } = holder.metadata;
    return [
      tellProblem(
        'nodePort',
        'NodePortTaken',
        field,
        `NodePort ${nodePort} belongs to service ${name} in namespace ${its}.`,
      ),
    ];
  }
  return [
    tellOk(
      'nodePort',
      `NodePort ${nodePort} is within ${nodePortRange.from}-${nodePortRange.to}, and no other service has it.`,
      '',
      field,
    ),
  ];
}

const portsOf = ({ spec }: Service): readonly (number | undefined)[] => [
  ...(spec?.ports ?? []).map(({ nodePort }) => nodePort),
  spec?.healthCheckNodePort,
];

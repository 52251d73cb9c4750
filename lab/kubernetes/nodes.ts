import type { NodeNet } from '../network/nodes.ts';
import { cluster } from '../scope.ts';
import type { Api } from './api.ts';

/** Creates the Node object with its address: kube-proxy 1.35 waits 30 s for a node that has none. */
export async function registerNode(api: Api, node: NodeNet): Promise<void> {
  await api.call('POST', '/api/v1/nodes', describeNode(node));
  await api.call('PATCH', `/api/v1/nodes/${node.name}/status`, { status: describeStatus(node) });
}

const scaleSetType = 'Microsoft.Compute/virtualMachineScaleSets';

/** Names and labels as AKS gives them to the nodes of a system pool. */
function describeNode(node: NodeNet): object {
  const scaleSet = node.name.replace(/\d{6}$/, '');
  const group = `/subscriptions/${cluster.subscriptionId}/resourceGroups/${cluster.nodeResourceGroup.toLowerCase()}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        agentpool: 'nodepool1',
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/instance-type': 'Standard_D2s_v5',
        'beta.kubernetes.io/os': 'linux',
        'failure-domain.beta.kubernetes.io/region': cluster.location,
        'failure-domain.beta.kubernetes.io/zone': '0',
        'kubernetes.azure.com/agentpool': 'nodepool1',
        'kubernetes.azure.com/cluster': cluster.nodeResourceGroup,
        'kubernetes.azure.com/mode': 'system',
        'kubernetes.azure.com/os-sku': 'Ubuntu',
        'kubernetes.azure.com/role': 'agent',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'Standard_D2s_v5',
        'topology.kubernetes.io/region': cluster.location,
        'topology.kubernetes.io/zone': '0',
      },
    },
    spec: {
      podCIDR: node.podCidr,
      podCIDRs: [node.podCidr],
      providerID: `azure://${group}/providers/${scaleSetType}/${scaleSet}/virtualMachines/${node.index}`,
    },
  };
}

function describeStatus(node: NodeNet): object {
  const at = new Date().toISOString();
  const condition = (type: string, status: string, reason: string, message: string): object => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  const resources = { cpu: '2', memory: '8Gi', pods: '110' };
  return {
    addresses: [
      { type: 'InternalIP', address: node.address },
      { type: 'Hostname', address: node.name },
    ],
    capacity: resources,
    allocatable: resources,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'lab://processes',
      kernelVersion: '6.8.0-1000-azure',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.35.4',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Ubuntu 22.04.5 LTS',
      systemUUID: '',
    },
  };
}

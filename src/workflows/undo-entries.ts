import type { RunRef, StepInput, StepName, Steps, UndoEntry, UndoName } from '../contract/steps.ts';
import { changedAnnotation, clusterLease, idsOf, peeringIdOf } from '../ownership/names.ts';

/** Every step that changes something, with the entry that takes it back. Known before the step is attempted (W2): ids come from the run id. */
type Undoable = { [N in StepName]: Steps[N]['undo'] extends UndoName ? N : never }[StepName];

type EntryOf = {
  [N in Undoable]: (run: RunRef, input: StepInput<N>) => Extract<UndoEntry, { undo: Steps[N]['undo'] }>;
};

const last = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
const patch = (kind: string, spec: object): string =>
  `kubectl patch ${kind} default --type=merge -p '${JSON.stringify({ metadata: { annotations: { [changedAnnotation]: null } }, spec })}'`;

const entries: EntryOf = {
  holdCluster: (_run, { holder }) => ({
    undo: 'releaseCluster',
    input: { holder },
    subject: `lease ${clusterLease.namespace}/${clusterLease.name}`,
    command: `kubectl delete lease --namespace ${clusterLease.namespace} ${clusterLease.name}`,
  }),
  createNetwork: (run) => {
    const id = idsOf(run).network;
    return { undo: 'deleteNetwork', input: { id }, subject: last(id), command: `az network vnet delete --ids ${id}` };
  },
  createPublicIp: (run) => {
    const id = idsOf(run).publicIp;
    return {
      undo: 'deletePublicIp',
      input: { id },
      subject: last(id),
      command: `az network public-ip delete --ids ${id}`,
    };
  },
  createSecurityGroup: (run) => {
    const id = idsOf(run).securityGroup;
    return {
      undo: 'deleteSecurityGroup',
      input: { id },
      subject: last(id),
      command: `az network nsg delete --ids ${id}`,
    };
  },
  createInterface: (run) => {
    const id = idsOf(run).interface;
    return { undo: 'deleteInterface', input: { id }, subject: last(id), command: `az network nic delete --ids ${id}` };
  },
  createVm: (run) => {
    const { vm: id, osDisk: osDiskId } = idsOf(run);
    const command = `az vm delete --yes --ids ${id} && az disk delete --yes --ids ${osDiskId}`;
    return { undo: 'deleteVm', input: { id, osDiskId }, subject: last(id), command };
  },
  peerToCluster: (run, { vnetId, clusterVnetId }) => peering(peeringIdOf(vnetId, run.runId), clusterVnetId),
  peerFromCluster: (run, { vnetId, clusterVnetId }) => peering(peeringIdOf(clusterVnetId, run.runId), vnetId),
  enableAutoHostEndpoints: (_run, { prior }) => ({
    undo: 'restoreAutoHostEndpoints',
    input: { prior },
    subject: `autoCreate to ${prior ?? 'unset'}`,
    command: patch('kubecontrollersconfiguration', { controllers: { node: { hostEndpoint: { autoCreate: prior } } } }),
  }),
  enableFlowLogs: (_run, { prior }) => ({
    undo: 'restoreFlowLogs',
    input: { prior },
    subject: `flowLogsEnableHostEndpoint to ${prior ?? 'unset'}`,
    command: patch('felixconfiguration', { flowLogsEnableHostEndpoint: prior }),
  }),
  exposeNodePort: (_run, { namespace, serviceName: name }) => ({
    undo: 'deleteService',
    input: { namespace, name },
    subject: `${namespace}/${name}`,
    command: `kubectl delete service --namespace ${namespace} ${name}`,
  }),
  labelNode: (_run, { node, key, value: written, prior }) => ({
    undo: 'restoreLabel',
    input: { node, key, written, prior },
    subject: node,
    command: `kubectl label node ${node} ${prior === null ? `${key}-` : `${key}=${prior} --overwrite`} && kubectl annotate node ${node} ${changedAnnotation}-`,
  }),
  applyPolicy: (_run, { name }) => ({
    undo: 'deletePolicy',
    input: { name },
    subject: name,
    command: `kubectl delete globalnetworkpolicy ${name}`,
  }),
};

function peering(id: string, remoteVnetId: string): Extract<UndoEntry, { undo: 'deletePeering' }> {
  const vnet = last(id.slice(0, id.indexOf('/virtualNetworkPeerings/')));
  return {
    undo: 'deletePeering',
    input: { id, remoteVnetId },
    subject: `on ${vnet}`,
    command: `az network vnet peering delete --ids ${id}`,
  };
}

/** The entry that takes a step back, or undefined for one that changes nothing. */
export function undoOf<N extends StepName>(name: N, run: RunRef, input: StepInput<N>): UndoEntry | undefined {
  const make = (entries as Partial<Record<StepName, (run: RunRef, input: StepInput<N>) => UndoEntry>>)[name];
  return make?.(run, input);
}

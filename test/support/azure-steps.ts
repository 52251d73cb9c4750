import type { Applied } from '../../src/contract/change.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { Change } from '../../src/contract/scenario.ts';
import { createIds, createPeeringId } from '../../src/ownership/names.ts';
import type { StepContext, Tools, Undone } from '../../src/step/context.ts';
import { clusterVnetId } from './azure.ts';
import { findApply, findUndo } from './changes.ts';

export const networkSettings = { addressSpace: '192.168.0.0/16', subnet: '192.168.1.0/24' };
export const securityGroupSettings = { allowedSshSources: ['*'] };
export const vmSettings = {
  sizes: ['Standard_B2ts_v2', 'Standard_B2ats_v2', 'Standard_B1s'],
  image: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
  adminUser: 'azureuser',
};

/** Every change that a run makes in Azure, in an order that works; by activity type. */
export const listAzureChanges = (run: RunRef) => {
  const vnetId = createIds(run).network;
  return {
    createNetwork: { kind: 'network', ...networkSettings },
    createPublicIp: { kind: 'publicIp' },
    createSecurityGroup: { kind: 'securityGroup', ...securityGroupSettings },
    createInterface: { kind: 'networkInterface' },
    createVm: { kind: 'vm', ...vmSettings },
    peerToCluster: { kind: 'peering', side: 'near', vnetId },
    peerFromCluster: { kind: 'peering', side: 'far', vnetId },
  } as const satisfies Record<string, Change>;
};

/** What is asked about the way from the VM to the nodes. */
export const locateWay = (run: RunRef) => {
  const { network, interface: interfaceId } = createIds(run);
  return {
    interfaceId,
    peeringIds: [createPeeringId(network, run.runId), createPeeringId(clusterVnetId, run.runId)],
  } as const;
};

/** A context for one call, so that no call sees what another one remembered. */
export type Contexts = () => StepContext;

/** Everything that a VM needs. */
export async function makeGround(tools: Tools, context: Contexts) {
  const apply = (step: string, input: object): Promise<Applied> => findApply(step)(input, tools, context());
  return {
    network: await apply('createNetwork', networkSettings),
    publicIp: await apply('createPublicIp', {}),
    securityGroup: await apply('createSecurityGroup', securityGroupSettings),
    nic: await apply('createInterface', {}),
  };
}

export async function makeAll(tools: Tools, context: Contexts) {
  const ground = await makeGround(tools, context);
  const vnets = { vnetId: createIds(context().run).network, clusterVnetId };
  return {
    ...ground,
    vm: await findApply('createVm')(vmSettings, tools, context()),
    near: await findApply('peerToCluster')(vnets, tools, context()),
    far: await findApply('peerFromCluster')(vnets, tools, context()),
  };
}

/** Last in, first out, as a run does it. */
export async function undoAll(run: RunRef, tools: Tools, context: Contexts) {
  const ids = createIds(run);
  const undo = (name: string, input: object): Promise<Undone> => findUndo(name)(input, tools, context());
  const [near, far] = locateWay(run).peeringIds;
  return {
    far: await undo('deletePeering', { id: far, remoteVnetId: ids.network }),
    near: await undo('deletePeering', { id: near, remoteVnetId: clusterVnetId }),
    vm: await undo('deleteVm', { id: ids.vm, osDiskId: ids.osDisk }),
    nic: await undo('deleteInterface', { id: ids.interface }),
    securityGroup: await undo('deleteSecurityGroup', { id: ids.securityGroup }),
    publicIp: await undo('deletePublicIp', { id: ids.publicIp }),
    network: await undo('deleteNetwork', { id: ids.network }),
  };
}

import { createInterface } from '../../../src/changes/interface/apply.ts';
import { createNetwork } from '../../../src/changes/network/apply.ts';
import { peerFromCluster } from '../../../src/changes/peering/from-cluster.ts';
import { peerToCluster } from '../../../src/changes/peering/to-cluster.ts';
import { createPublicIp } from '../../../src/changes/public-ip/apply.ts';
import { createSecurityGroup } from '../../../src/changes/security-group/apply.ts';
import {
  deleteInterface,
  deleteNetwork,
  deletePeering,
  deletePublicIp,
  deleteSecurityGroup,
  deleteVm,
} from '../../../src/changes/undo-azure.ts';
import { createVm } from '../../../src/changes/vm/apply.ts';
import type { RunRef, StepInput } from '../../../src/contract/steps.ts';
import { idsOf, peeringIdOf } from '../../../src/ownership/names.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { clusterVnetId } from './support.ts';

export const vmSettings: Omit<StepInput<'createVm'>, 'interfaceId'> = {
  sizes: ['Standard_B2ts_v2', 'Standard_B2ats_v2', 'Standard_B1s'],
  image: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
  adminUser: 'azureuser',
};

/** A context for one call, so that no call sees what another one remembered. */
export type Contexts = () => StepContext;

/** Everything that a VM needs. */
export async function makeGround(tools: Tools, context: Contexts) {
  const network = await createNetwork({ addressSpace: '192.168.0.0/16', subnet: '192.168.1.0/24' }, tools, context());
  const publicIp = await createPublicIp({}, tools, context());
  const securityGroup = await createSecurityGroup({ allowedSshSources: ['*'] }, tools, context());
  const nic = await createInterface(
    { subnetId: network.subnetId, publicIpId: publicIp.id, securityGroupId: securityGroup.id },
    tools,
    context(),
  );
  return { network, publicIp, securityGroup, nic };
}

export async function makeAll(tools: Tools, context: Contexts) {
  const ground = await makeGround(tools, context);
  const vm = await createVm({ interfaceId: ground.nic.id, ...vmSettings }, tools, context());
  const vnets = { vnetId: ground.network.id, clusterVnetId };
  const near = await peerToCluster(vnets, tools, context());
  const far = await peerFromCluster(vnets, tools, context());
  return { ...ground, vm, near, far };
}

/** Last in, first out, as a run does it. */
export async function undoAll(run: RunRef, tools: Tools, context: Contexts) {
  const ids = idsOf(run);
  return {
    far: await deletePeering(
      { id: peeringIdOf(clusterVnetId, run.runId), remoteVnetId: ids.network },
      tools,
      context(),
    ),
    near: await deletePeering({ id: ids.peeringToCluster, remoteVnetId: clusterVnetId }, tools, context()),
    vm: await deleteVm({ id: ids.vm, osDiskId: ids.osDisk }, tools, context()),
    nic: await deleteInterface({ id: ids.interface }, tools, context()),
    securityGroup: await deleteSecurityGroup({ id: ids.securityGroup }, tools, context()),
    publicIp: await deletePublicIp({ id: ids.publicIp }, tools, context()),
    network: await deleteNetwork({ id: ids.network }, tools, context()),
  };
}

import type { Mission, RunSpec } from '../contract/mission.ts';
import type { Report } from '../contract/report.ts';
import type { Site } from '../contract/site.ts';
import type { SshTarget, StepOutput } from '../contract/steps.ts';
import { policyName } from '../manifests/names.ts';
import { carryOut, requireGreen } from './carry-out.ts';
import type { UndoStack } from './cleanup.ts';
import { once, sideBySide } from './lanes.ts';
import type { Run } from './run.ts';

/** Proves that host endpoints protect the nodes' ports of one AKS cluster, then undoes everything. W1-W10: ARCHITECTURE.md. */
export async function verifyHostEndpoints(spec: RunSpec): Promise<Report> {
  return carryOut(async (run, undo, messages) => {
    const { mission, site } = await run.preflight(spec); // reads only; everything after it may change things (W1)
    await run.hold(undo.lanes);
    const [first, second] = site.nodes;

    run.enter('provisioning');
    const vmLane = undo.lanes.branch();
    const network = once(() => run.step('createNetwork', { addressSpace: mission.vm.addressSpace, subnet: mission.vm.subnet }, vmLane));
    const [vm] = await sideBySide(
      () => probeVm(run, mission, network, vmLane),
      () => peering(run, site, network, undo.lanes.branch()),
      () => clusterReady(run, mission, site, undo.lanes.branch()),
    );
    undo.provesBy(() => run.judge('restored', mission, site, vm.ssh)); // while the VM still lives

    run.enter('baseline');
    requireGreen(await run.judge('baseline', mission, site, vm.ssh)); // a red baseline ends the run here (W1)

    run.enter('enforcing');
    await run.step('labelNode', { node: first.name, ...mission.label, prior: first.priorLabel }, undo.rules, first.name);
    await run.step('applyPolicy', denyFrom(vm.privateAddress, mission), undo.rules);
    await run.judge('enforced', mission, site, vm.ssh);

    if (await messages.secondNodeWanted(mission.secondNode)) {
      run.enter('second-node');
      await run.step('labelNode', { node: second.name, ...mission.label, prior: second.priorLabel }, undo.rules, second.name);
      await run.judge('second', mission, site, vm.ssh);
    }
    await messages.cleanupWanted(mission.cleanup);
  });
}

/** Lane 1: the machine to probe from. */
async function probeVm(
  run: Run,
  { vm: spec }: Mission,
  network: () => Promise<StepOutput<'createNetwork'>>,
  undo: UndoStack,
): Promise<{ ssh: SshTarget; privateAddress: string }> {
  const [{ subnetId }, { id: publicIpId, address }, { id: securityGroupId }] = await sideBySide(
    network,
    () => run.step('createPublicIp', {}, undo),
    () => run.step('createSecurityGroup', { allowedSshSources: spec.allowedSshSources }, undo),
  );
  const { id: interfaceId, privateAddress } = await run.step('createInterface', { subnetId, publicIpId, securityGroupId }, undo);
  const { sizes, image, adminUser } = spec;
  await run.step('createVm', { interfaceId, sizes, image, adminUser }, undo);
  const ssh = { address, adminUser };
  await run.step('awaitSsh', ssh, undo);
  return { ssh, privateAddress };
}

/** Lane 2: one side after the other, never side by side on one VNet. */
async function peering(run: Run, { clusterVnetId }: Site, network: () => Promise<StepOutput<'createNetwork'>>, undo: UndoStack): Promise<void> {
  const { id: vnetId } = await network();
  await run.step('peerToCluster', { vnetId, clusterVnetId }, undo);
  await run.step('peerFromCluster', { vnetId, clusterVnetId }, undo);
}

/** Lane 3: what the cluster needs, independent of Azure. */
async function clusterReady(run: Run, { workload }: Mission, { calico, readyNodes }: Site, undo: UndoStack): Promise<void> {
  await sideBySide(
    () => run.step('enableAutoHostEndpoints', { prior: calico.priorAutoCreate, readyNodes }, undo),
    () => run.step('enableFlowLogs', { prior: calico.priorFlowLogs }, undo),
    () => run.step('exposeNodePort', workload, undo),
  );
}

const denyFrom = (sourceAddress: string, { policy, label, workload }: Mission) => ({
  ...policy,
  name: policyName(policy),
  label,
  sourceAddress,
  nodePort: workload.nodePort,
});

import type { Mission, RunSpec } from '../contract/mission.ts';
import type { Report } from '../contract/report.ts';
import type { NodeSite, Site } from '../contract/site.ts';
import type { StepInput, StepOutput } from '../contract/steps.ts';
import { policyName } from '../ownership/names.ts';
import { carryOut, requireGreen } from './carry-out.ts';
import { once, sideBySide } from './lanes.ts';
import { labelMarks, policyMarks, undone } from './marks.ts';
import type { Run } from './run.ts';
import type { UndoStack } from './undo/stack.ts';
import { type ProbeVm, type View, viewOf } from './view.ts';

/** Proves that host endpoints protect the nodes' ports of one AKS cluster, then undoes everything. W1-W10: ARCHITECTURE.md. */
export async function verifyHostEndpoints(spec: RunSpec): Promise<Report> {
  return carryOut(async (run, undo, messages) => {
    const { mission, site } = await run.preflight(spec); // reads only; everything after it may change things (W1)
    await run.hold(undo.lanes);
    const [first, second] = site.nodes;

    run.enter('provisioning');
    const vmLane = undo.lanes.branch();
    const network = once(() =>
      run.step('createNetwork', { addressSpace: mission.vm.addressSpace, subnet: mission.vm.subnet }, vmLane),
    );
    const [machine, peeringIds] = await sideBySide(
      () => probeVm(run, mission, network, vmLane),
      () => peering(run, site, network, undo.lanes.branch()),
      () => clusterReady(run, mission, site, undo.lanes.branch()),
    );
    const view = viewOf(mission, site, { ...machine, peeringIds });
    undo.provesBy(view.observer('restored'), () => run.judge('restored', view, undone(run))); // while the VM still lives

    run.enter('baseline');
    requireGreen(await run.judge('baseline', view)); // a red baseline ends the run here (W1)

    run.enter('enforcing');
    const labelled = await run.step('labelNode', labelOn(first, view, 'enforced'), undo.rules, first.name);
    const policy = await run.step('applyPolicy', denyFrom(machine.privateAddress, mission), undo.rules);
    await run.judge('enforced', view, [...labelMarks(labelled), ...policyMarks(policy)]);

    if (await messages.secondNodeWanted(mission.secondNode)) {
      run.enter('second-node');
      const labelledToo = await run.step('labelNode', labelOn(second, view, 'second'), undo.rules, second.name);
      await run.judge('second', view, labelMarks(labelledToo));
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
): Promise<Omit<ProbeVm, 'peeringIds'>> {
  const [{ subnetId }, { id: publicIpId, address }, { id: securityGroupId }] = await sideBySide(
    network,
    () => run.step('createPublicIp', {}, undo),
    () => run.step('createSecurityGroup', { allowedSshSources: spec.allowedSshSources }, undo),
  );
  const { id: interfaceId, privateAddress } = await run.step(
    'createInterface',
    { subnetId, publicIpId, securityGroupId },
    undo,
  );
  const { sizes, image, adminUser } = spec;
  await run.step('createVm', { interfaceId, sizes, image, adminUser }, undo);
  const ssh = { address, adminUser };
  await run.step('awaitSsh', ssh, undo);
  return { ssh, privateAddress, interfaceId };
}

/** Lane 2: one side after the other, never side by side on one VNet. */
async function peering(
  run: Run,
  { clusterVnetId }: Site,
  network: () => Promise<StepOutput<'createNetwork'>>,
  undo: UndoStack,
): Promise<ProbeVm['peeringIds']> {
  const { id: vnetId } = await network();
  const { id: there } = await run.step('peerToCluster', { vnetId, clusterVnetId }, undo);
  const { id: back } = await run.step('peerFromCluster', { vnetId, clusterVnetId }, undo);
  return [there, back];
}

/** Lane 3: what the cluster needs, independent of Azure. */
async function clusterReady(
  run: Run,
  { workload }: Mission,
  { calico, readyNodes }: Site,
  undo: UndoStack,
): Promise<void> {
  await sideBySide(
    () => run.step('enableAutoHostEndpoints', { prior: calico.priorAutoCreate, readyNodes }, undo),
    () => run.step('enableFlowLogs', { prior: calico.priorFlowLogs }, undo),
    () => run.step('exposeNodePort', workload, undo),
  );
}

const labelOn = ({ name, priorLabel }: NodeSite, view: View, phase: 'enforced' | 'second'): StepInput<'labelNode'> => ({
  node: name,
  ...view.mission.label,
  prior: priorLabel,
  observer: view.observer(phase),
});

const denyFrom = (sourceAddress: string, { policy, label, workload }: Mission) => ({
  ...policy,
  name: policyName(policy),
  label,
  sourceAddress,
  nodePort: workload.nodePort,
});

/** A VM in Azure that the run creates, peers with the cluster's VNet, and removes. */
import { tagWith } from '../../changes/azure-resource.ts';
import { minute } from '../../changes/limits.ts';
import { listActions } from '../../changes/rights.ts';
import { createIds, createPeeringId } from '../../ownership/names.ts';
import type { VantageKind, VantagePart } from '../kind.ts';
import { awaitVmSsh } from './ssh.ts';
import { askAzureWitnesses } from './witnesses.ts';

const witness = 'witness' as const;

export const azureVm: VantageKind = {
  plan: (id, spec, { run, site }) => {
    const { network, interface: interfaceId } = createIds(run);
    const session = { address: `\${${id}.publicAddress}`, adminUser: spec.adminUser };
    const { addressSpace, subnet, sizes, image, adminUser, allowedSshSources } = spec;
    const own = tagWith(spec);
    const machine: VantagePart[] = [
      { name: 'network', what: { kind: 'network', addressSpace, subnet, ...own }, needs: [] },
      { name: 'publicIp', what: { kind: 'publicIp', ...own }, needs: [] },
      { name: 'securityGroup', what: { kind: 'securityGroup', allowedSshSources, ...own }, needs: [] },
      {
        name: 'interface',
        what: { kind: 'networkInterface', ...own },
        needs: ['network', 'publicIp', 'securityGroup'],
      },
      { name: 'vm', what: { kind: 'vm', sizes, image, adminUser, ...own }, needs: ['interface'] },
      // cloud-init comes after the VM's Succeeded
      {
        name: 'ssh',
        what: { step: 'awaitSsh', input: session, limits: { tryMs: 10 * minute, totalMs: 20 * minute } },
        needs: ['vm'],
      },
    ];
    // One side after the other, never side by side on one VNet.
    const peering: VantagePart[] = [
      { name: 'peeringThere', what: { kind: 'peering', side: 'near', vnetId: network }, needs: ['network'] },
      { name: 'peeringBack', what: { kind: 'peering', side: 'far', vnetId: network }, needs: ['peeringThere'] },
    ];
    const peeringIds = [createPeeringId(network, run.runId), createPeeringId(site.clusterVnetId, run.runId)];
    return {
      vantage: {
        id,
        kind: spec.kind,
        session,
        sourceAddresses: [`\${${id}.sourceAddress}`],
        witnesses: { interfaceId, peeringIds },
      },
      lanes: [
        { name: `${id} machine`, parts: machine },
        { name: `${id} peering`, parts: peering },
      ],
    };
  },
  steps: { awaitSsh: awaitVmSsh },
  askWitnesses: askAzureWitnesses,
  rights: {
    azure: listActions(
      ['group'],
      'Microsoft.Network/networkInterfaces',
      ...['effectiveNetworkSecurityGroups/action', 'effectiveRouteTable/action'],
    ).map((right) => ({ ...right, only: witness })),
    kubernetes: [],
  },
};

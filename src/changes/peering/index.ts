/** The two peerings of a run: from the VM's VNet to the cluster's, and back. One is made after the other. */
import { isSameId, type PeeringState } from '../../adapters/azure/index.ts';
import { readLastName } from '../../ownership/names.ts';
import { until } from '../../step/wait.ts';
import { type Belonging, deleteResource, describeDifference } from '../azure-resource.ts';
import { defineKind } from '../kind.ts';
import { minute } from '../limits.ts';
import { listActions } from '../rights.ts';
import {
  ensureSide,
  findConnected,
  locateFarSide,
  locateNearSide,
  type PeeringSide,
  removeBroken,
  type Vnets,
} from './pair.ts';
import { planUndo } from './plan.ts';
import { findFarPeering, findNearPeering, listPeeredPlaces } from './traces.ts';

export interface PeeringChange {
  readonly kind: 'peering';
  readonly side: 'near' | 'far';
  /** The VM's. */
  readonly vnetId: string;
  readonly [field: string]: unknown;
}

export const peering = defineKind<PeeringChange>({
  rank: 20,
  plan: ({ side, vnetId }, { run, site }) => {
    const vnets: Vnets = { vnetId, clusterVnetId: site.clusterVnetId };
    const isNear = side === 'near';
    return {
      step: isNear ? 'peerToCluster' : 'peerFromCluster',
      subject: '',
      input: vnets,
      words: isNear ? "Peering from the VM's VNet to the cluster's" : "Peering from the cluster's VNet to the VM's",
      // 10 to 20 s a side; the network provider escalates Retry-After to 160 s
      limits: { tryMs: 10 * minute, totalMs: 20 * minute },
      undo: planUndo(isNear ? locateNearSide(vnets, run.runId) : locateFarSide(vnets, run.runId)),
    };
  },
  apply: {
    peerToCluster: async (vnets: Vnets, { azure }, context) => {
      await removeBroken(azure, vnets, context);
      const side = locateNearSide(vnets, context.run.runId);
      await ensureSide(azure, side, context);
      return { found: readLastName(side.id) };
    },
    // Makes the near side too where it is missing: after a Disconnected pair was removed, both are made again.
    peerFromCluster: async (vnets: Vnets, { azure }, context) => {
      const { runId } = context.run;
      await removeBroken(azure, vnets, context);
      await ensureSide(azure, locateNearSide(vnets, runId), context);
      await ensureSide(azure, locateFarSide(vnets, runId), context);
      const { peeringState, syncLevel } = await until(context, () => findConnected(azure, vnets, runId));
      return { found: `${peeringState}, ${syncLevel}` };
    },
  },
  undo: {
    deletePeering: ({ id, remoteVnetId }: PeeringSide, { azure }, context) =>
      deleteResource(id, context, belongByWay(remoteVnetId), (lro, isOwned) => azure.peerings.remove(id, lro, isOwned)),
  },
  traces: {
    listPlaces: listPeeredPlaces,
    // As a run undoes them: the side that it makes last comes first.
    atPlace: async (place, search) =>
      (await Promise.all([findFarPeering(place, search), findNearPeering(place, search)])).flat(),
  },
  rights: {
    azure: [
      ...listActions(['group', 'clusterNetwork'], 'Microsoft.Network/virtualNetworks', 'peer/action'),
      ...listActions(
        ['group', 'clusterNetwork'],
        'Microsoft.Network/virtualNetworks/virtualNetworkPeerings',
        ...['read', 'write', 'delete'],
      ),
    ],
    kubernetes: [],
  },
});

/** A peering carries no tag; its name holds the run id, and it leads to the run's other VNet. */
const belongByWay = (remoteVnetId: string): Belonging<PeeringState> => ({
  isOwned: (state) => isSameId(state.remoteVnetId, remoteVnetId),
  explain: (state) => describeDifference('remote VNet', state, state.remoteVnetId, remoteVnetId),
});

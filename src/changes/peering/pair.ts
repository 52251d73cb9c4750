/**
 * The two peerings of a run, which Azure keeps as one state machine: a side whose partner was deleted is Disconnected
 * for good.
 */
import { type Azure, isSameId, type PeeringState } from '../../adapters/azure/index.ts';
import { HepflowError } from '../../contract/failures.ts';
import { createPeeringId } from '../../ownership/names.ts';
import type { StepContext } from '../../step/context.ts';
import { resumeFrom } from '../../step/lro.ts';

export interface Vnets {
  /** The VM's. */
  readonly vnetId: string;
  readonly clusterVnetId: string;
}

export interface PeeringSide {
  /** Of the peering. */
  readonly id: string;
  readonly remoteVnetId: string;
}

/** Peering from the VM's VNet to the cluster's. */
export const locateNearSide = ({ vnetId, clusterVnetId }: Vnets, runId: string): PeeringSide => ({
  id: createPeeringId(vnetId, runId),
  remoteVnetId: clusterVnetId,
});
/** Peering from the cluster's VNet to the VM's. */
export const locateFarSide = ({ vnetId, clusterVnetId }: Vnets, runId: string): PeeringSide => ({
  id: createPeeringId(clusterVnetId, runId),
  remoteVnetId: vnetId,
});

/** A peering carries no tag: it is the run's when it has the run's name and leads to the run's other VNet (W6). */
const leadsTo =
  (vnetId: string) =>
  ({ remoteVnetId }: PeeringState): boolean =>
    isSameId(remoteVnetId, vnetId);

/** One after the other: Azure refuses two writes on one VNet. */
async function readSides(azure: Azure, sides: readonly PeeringSide[]): Promise<readonly (PeeringState | undefined)[]> {
  const states: (PeeringState | undefined)[] = [];
  for (const { id } of sides) states.push(await azure.peerings.get(id));
  return states;
}

/** Removes both sides if one of them is Disconnected: neither can be mended, only made again. */
export async function removeBroken(azure: Azure, vnets: Vnets, context: StepContext): Promise<void> {
  const sides = [locateNearSide(vnets, context.run.runId), locateFarSide(vnets, context.run.runId)];
  const states = await readSides(azure, sides);
  if (!states.some((state) => state?.peeringState === 'Disconnected')) return;
  for (const { id, remoteVnetId } of sides) await azure.peerings.remove(id, resumeFrom(context), leadsTo(remoteVnetId));
}

export const ensureSide = (
  azure: Azure,
  { id, remoteVnetId }: PeeringSide,
  context: StepContext,
): Promise<PeeringState> =>
  azure.peerings.ensure(id, createPeeringBody(remoteVnetId), resumeFrom(context), leadsTo(remoteVnetId));

/**
 * The far side once both are Succeeded and Connected; undefined while they are not yet. Throws PeeringDisconnected when
 * they never will be.
 */
export async function findConnected(azure: Azure, vnets: Vnets, runId: string): Promise<PeeringState | undefined> {
  const [near, far] = await readSides(azure, [locateNearSide(vnets, runId), locateFarSide(vnets, runId)]);
  if (
    near === undefined ||
    far === undefined ||
    [near, far].some(({ peeringState }) => peeringState === 'Disconnected')
  ) {
    throw new HepflowError(
      'PeeringDisconnected',
      `The peering of ${vnets.vnetId} with ${vnets.clusterVnetId} is ${near?.peeringState ?? 'absent'} here ` +
        `and ${far?.peeringState ?? 'absent'} there.`,
    );
  }
  const done = [near, far].every(
    ({ provisioningState, peeringState }) => provisioningState === 'Succeeded' && peeringState === 'Connected',
  );
  return done ? far : undefined;
}

/** One side; the same on both. Traffic between the two VNets and nothing else: no gateways, nothing forwarded. */
export const createPeeringBody = (remoteVnetId: string) => ({
  remoteVirtualNetwork: { id: remoteVnetId },
  allowVirtualNetworkAccess: true,
  allowForwardedTraffic: false,
  allowGatewayTransit: false,
  useRemoteGateways: false,
});

/** The two peerings of a run, which Azure keeps as one state machine: a side whose partner was deleted is Disconnected for good. */
import { type Azure, type PeeringState, sameId } from '../../adapters/azure/index.ts';
import { HepflowError } from '../../contract/failures.ts';
import { peeringIdOf } from '../../ownership/names.ts';
import type { StepContext } from '../../step/context.ts';
import { lroOf } from '../../step/lro.ts';
import { peeringBody } from '../azure-bodies.ts';

export interface Vnets {
  /** The VM's. */
  readonly vnetId: string;
  readonly clusterVnetId: string;
}

export interface Side {
  /** Of the peering. */
  readonly id: string;
  readonly remoteVnetId: string;
}

/** Peering from the VM's VNet to the cluster's. */
export const nearSide = ({ vnetId, clusterVnetId }: Vnets, runId: string): Side => ({
  id: peeringIdOf(vnetId, runId),
  remoteVnetId: clusterVnetId,
});
/** Peering from the cluster's VNet to the VM's. */
export const farSide = ({ vnetId, clusterVnetId }: Vnets, runId: string): Side => ({
  id: peeringIdOf(clusterVnetId, runId),
  remoteVnetId: vnetId,
});

/** A peering carries no tag: it is the run's when it has the run's name and leads to the run's other VNet (W6). */
export const leadsTo =
  (vnetId: string) =>
  ({ remoteVnetId }: PeeringState): boolean =>
    sameId(remoteVnetId, vnetId);

/** One after the other: Azure refuses two writes on one VNet. */
export async function lookAt(azure: Azure, sides: readonly Side[]): Promise<readonly (PeeringState | undefined)[]> {
  const states: (PeeringState | undefined)[] = [];
  for (const { id } of sides) states.push(await azure.peerings.get(id));
  return states;
}

/** Removes both sides if one of them is Disconnected: neither can be mended, only made again. */
export async function removeBroken(azure: Azure, vnets: Vnets, context: StepContext): Promise<void> {
  const sides = [nearSide(vnets, context.run.runId), farSide(vnets, context.run.runId)];
  const states = await lookAt(azure, sides);
  if (!states.some((state) => state?.peeringState === 'Disconnected')) return;
  for (const { id, remoteVnetId } of sides) await azure.peerings.remove(id, lroOf(context), leadsTo(remoteVnetId));
}

export const ensureSide = (azure: Azure, { id, remoteVnetId }: Side, context: StepContext): Promise<PeeringState> =>
  azure.peerings.ensure(id, peeringBody(remoteVnetId), lroOf(context), leadsTo(remoteVnetId));

/** The far side once both are Succeeded and Connected; undefined while they are not yet. Throws PeeringDisconnected when they never will be. */
export async function connected(azure: Azure, vnets: Vnets, runId: string): Promise<PeeringState | undefined> {
  const [near, far] = await lookAt(azure, [nearSide(vnets, runId), farSide(vnets, runId)]);
  if (
    near === undefined ||
    far === undefined ||
    [near, far].some(({ peeringState }) => peeringState === 'Disconnected')
  ) {
    throw new HepflowError(
      'PeeringDisconnected',
      `The peering of ${vnets.vnetId} with ${vnets.clusterVnetId} is ${near?.peeringState ?? 'absent'} here and ${far?.peeringState ?? 'absent'} there.`,
    );
  }
  const done = [near, far].every(
    ({ provisioningState, peeringState }) => provisioningState === 'Succeeded' && peeringState === 'Connected',
  );
  return done ? far : undefined;
}

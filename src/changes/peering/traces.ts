/** A peering has no tags: it is a run's by its name and by the VNet that it leads to (W6). */
import { AzureError, isSameId, nameOf, type PeeringState, parseId } from '../../adapters/azure/index.ts';
import { isRunId, proveTags, readTags } from '../../ownership/marks.ts';
import { createIds, createPeeringId, nameResources, readLastName } from '../../ownership/names.ts';
import { ignoreRefusalOutside, unmarked } from '../azure-resource.ts';
import type { AzureSearch, Place, Trace } from '../kind.ts';
import { planUndo } from './plan.ts';

/** Runs that have a peering on the cluster's VNet. */
export async function listPeeredPlaces({ azure, sweep, clusterVnetId }: AzureSearch): Promise<Place[]> {
  if (clusterVnetId === undefined) return [];
  const peerings = (await azure.networks.get(clusterVnetId))?.peerings ?? [];
  return peerings
    .filter((peering) => isNamedAsOurs(peering, sweep.subscriptionId))
    .map(({ id, remoteVnetId }) => {
      const { subscriptionId, resourceGroup } = parseId(remoteVnetId);
      return { runId: readRunId(id), subscriptionId, resourceGroup };
    });
}

/** The run's peering on its own VNet: it is the run's when that VNet carries the run's tag. */
export async function findNearPeering(place: Place, search: AzureSearch): Promise<Trace[]> {
  const ignore = ignoreRefusalOutside(place, search);
  const { network } = createIds(place);
  const [vnet, near] = await Promise.all([
    search.azure.networks.get(network).catch(ignore),
    search.azure.peerings.get(createPeeringId(network, place.runId)).catch(ignore),
  ]);
  const marks = vnet === undefined ? undefined : readTags(vnet.tags);
  if (near === undefined || marks?.runId !== place.runId) return [];
  const { runId, resourceGroup } = place;
  const ownership = proveTags(marks, network, search.signer);
  const undo = planUndo({ id: createPeeringId(network, runId), remoteVnetId: near.remoteVnetId });
  return [{ ...unmarked, what: describe(near), id: near.id, runId, resourceGroup, ownership, undo }];
}

/** The run's peering on the cluster's VNet. */
export async function findFarPeering({ runId }: Place, search: AzureSearch): Promise<Trace[]> {
  const { azure, sweep, clusterVnetId, signer } = search;
  if (clusterVnetId === undefined) return [];
  const id = createPeeringId(clusterVnetId, runId);
  const far = await azure.peerings.get(id);
  if (far === undefined || !isNamedAsOurs(far, sweep.subscriptionId)) return [];
  const { remoteVnetId } = far;
  const there = await azure.networks.get(remoteVnetId).catch(takeForForbidden);
  const marks = there ? readTags(there.tags) : undefined;
  if (there && marks?.runId !== runId) return []; // a VNet of somebody else
  const { resourceGroup } = parseId(remoteVnetId);
  const orphan = there === undefined;
  const ownership = marks === undefined ? 'proved' : proveTags(marks, remoteVnetId, signer);
  const trace = { ...unmarked, what: describe(far), id: far.id, runId, resourceGroup };
  return [{ ...trace, orphan, ownership, undo: planUndo({ id, remoteVnetId }) }];
}

/** Named after a run, and leading to the VNet that is named after the same run. */
function isNamedAsOurs({ id, remoteVnetId }: PeeringState, subscriptionId: string): boolean {
  const runId = readRunId(id);
  const names = nameResources(runId);
  const isNamed = isRunId(runId) && nameOf(id) === names.peering && readLastName(remoteVnetId) === names.network;
  return isNamed && isSameId(parseId(remoteVnetId).subscriptionId, subscriptionId);
}

const readRunId = (peeringId: string): string => nameOf(peeringId).replace(/^hepflow-/, '');
const describe = ({ id }: PeeringState): string => `peering ${nameOf(id)} on ${parseId(id).names[0]}`;

/** null: it may exist. */
function takeForForbidden(error: unknown): null {
  if (error instanceof AzureError && error.status === 403) return null;
  throw error;
}

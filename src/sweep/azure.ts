/** What runs left in Azure. A thing is a run's when it carries the run's tag and the name that the run gave it; a peering, which has no tags, by its name and the VNet that it leads to (W6). */
import {
  type Azure,
  AzureError,
  type Collection,
  type Listed,
  nameOf,
  type PeeringState,
  parseId,
  type State,
  sameId,
} from '../adapters/azure/index.ts';
import type { Origin, Sweep } from '../contract/sweep.ts';
import { type AzureIds, idsOf, namesOf, peeringIdOf, runTag } from '../ownership/names.ts';
import { clusterVnet } from '../preflight/azure/vnet.ts';
import { isRunId, type Trace, type Traces, timeIn, unmarked } from './trace.ts';

interface Kind {
  readonly what: string;
  readonly step: Extract<Origin, { readonly input: object }>['step'] & `create${string}`;
  readonly of: (azure: Azure) => Pick<Collection<never, State>, 'get'> & Listed<State>;
  readonly id: (ids: AzureIds) => string;
}

const kinds: readonly Kind[] = [
  { what: 'VNet', step: 'createNetwork', of: (azure) => azure.networks, id: (ids) => ids.network },
  { what: 'public IP', step: 'createPublicIp', of: (azure) => azure.publicIps, id: (ids) => ids.publicIp },
  {
    what: 'security group',
    step: 'createSecurityGroup',
    of: (azure) => azure.securityGroups,
    id: (ids) => ids.securityGroup,
  },
  { what: 'interface', step: 'createInterface', of: (azure) => azure.interfaces, id: (ids) => ids.interface },
  { what: 'VM', step: 'createVm', of: (azure) => azure.virtualMachines, id: (ids) => ids.vm },
  { what: 'OS disk', step: 'createVm', of: (azure) => azure.disks, id: (ids) => ids.osDisk },
];

/** A run, and the resource group in which its things would be. */
interface Place {
  readonly runId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** Lists lag, so what is listed is joined with what the ids of every run seen anywhere answer. `runIds`: those seen in the cluster. */
export async function azureTraces(sweep: Sweep, runIds: readonly string[], azure: Azure): Promise<Traces> {
  const { subscriptionId, vmResourceGroup: resourceGroup } = sweep;
  const warnings: string[] = [];
  const vnetId = await clusterVnetId(sweep, azure, warnings);
  const listed = (
    await Promise.all(
      kinds.map(async (kind) =>
        (await kind.of(azure).list({ subscriptionId, resourceGroup })).map((state) => ({ kind, state })),
      ),
    )
  ).flat();
  const peered =
    vnetId === undefined
      ? []
      : ((await azure.networks.get(vnetId))?.peerings ?? []).filter((peering) =>
          isNamedAsOurs(peering, subscriptionId),
        );

  const seen = [
    ...runIds,
    ...listed.map(({ state }) => runOf(state)),
    ...peered.map(({ id }) => runOfPeering(id)),
  ].filter(isRunId);
  const places = uniqueBy(
    [...seen.map((runId): Place => ({ runId, subscriptionId, resourceGroup })), ...peered.map(placeOf)],
    (place) => `${place.runId} ${place.subscriptionId}/${place.resourceGroup}`.toLowerCase(),
  );
  const traces: Trace[] = [];
  for (const place of places) traces.push(...(await atPlace(place, sameGroup(place, sweep), azure)));
  if (vnetId !== undefined)
    for (const runId of new Set(seen)) traces.push(...(await farPeering(vnetId, runId, subscriptionId, azure)));
  return { traces: uniqueBy(traces, ({ id }) => id.toLowerCase()), warnings };
}

/** undefined, with a warning: the cluster is gone, or its VNet cannot be told. What is in the resource group of the VMs is swept all the same. */
async function clusterVnetId(sweep: Sweep, azure: Azure, warnings: string[]): Promise<string | undefined> {
  const { subscriptionId, resourceGroup, cluster: name } = sweep;
  const cluster = await azure.clusters.get({ subscriptionId, resourceGroup, name });
  const vnet =
    cluster === undefined
      ? { why: `Resource group ${resourceGroup} has no managed cluster ${name}.` }
      : await clusterVnet(cluster, subscriptionId, { azure });
  if ('id' in vnet) return vnet.id;
  warnings.push(`${vnet.why} Peerings of its VNet were not looked for.`);
  return undefined;
}

/** Everything of one run in one group, by id. Only in the group that the sweep is for must all of it be readable. */
async function atPlace(place: Place, mustAnswer: boolean, azure: Azure): Promise<Trace[]> {
  const ids = idsOf(place);
  const looks = kinds.map(async ({ what, step, of, id }): Promise<Trace[]> => {
    const state = await of(azure).get(id(ids)).catch(refusedIf(!mustAnswer));
    if (state === undefined || runOf(state) !== place.runId) return [];
    return [
      {
        ...marksIn(state),
        what: `${what} ${nameOf(state.id)}`,
        id: state.id,
        runId: place.runId,
        resourceGroup: place.resourceGroup,
        origin: { step, input: {} },
      },
    ];
  });
  const near = async (): Promise<Trace[]> => {
    const peering = await azure.peerings.get(ids.peeringToCluster).catch(refusedIf(!mustAnswer));
    if (peering === undefined) return [];
    const input = { vnetId: ids.network, clusterVnetId: peering.remoteVnetId };
    return [
      {
        ...unmarked,
        what: shown(peering),
        id: peering.id,
        runId: place.runId,
        resourceGroup: place.resourceGroup,
        origin: { step: 'peerToCluster', input },
      },
    ];
  };
  const [peering, ...rest] = await Promise.all([near(), ...looks]);
  const traces = rest.flat();
  // A peering has no tag of its own: it is the run's when the VNet that it is on is.
  return traces.some(({ origin }) => origin?.step === 'createNetwork') ? [...traces, ...peering] : traces;
}

/** The run's peering on the cluster's VNet. */
async function farPeering(
  clusterVnetId: string,
  runId: string,
  subscriptionId: string,
  azure: Azure,
): Promise<Trace[]> {
  const peering = await azure.peerings.get(peeringIdOf(clusterVnetId, runId));
  if (peering === undefined || !isNamedAsOurs(peering, subscriptionId)) return [];
  const vnetId = peering.remoteVnetId;
  const there = await azure.networks.get(vnetId).catch(forbidden);
  if (there !== undefined && there !== null && runOf(there) !== runId) return []; // a VNet of somebody else
  const { resourceGroup } = parseId(vnetId);
  const input = { vnetId, clusterVnetId };
  return [
    {
      ...unmarked,
      what: shown(peering),
      id: peering.id,
      runId,
      resourceGroup,
      orphan: there === undefined,
      origin: { step: 'peerFromCluster', input },
    },
  ];
}

/** Named after a run, and leading to the VNet that is named after the same run. */
function isNamedAsOurs({ id, remoteVnetId }: PeeringState, subscriptionId: string): boolean {
  const runId = runOfPeering(id);
  const isNamed =
    isRunId(runId) && nameOf(id) === namesOf(runId).peering && lastOf(remoteVnetId) === namesOf(runId).network;
  return isNamed && sameId(parseId(remoteVnetId).subscriptionId, subscriptionId);
}

const runOfPeering = (id: string): string => nameOf(id).replace(/^hepflow-/, '');
const runOf = ({ tags }: State): string => tags[runTag] ?? '';
const lastOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
const shown = ({ id }: PeeringState): string => `peering ${nameOf(id)} on ${parseId(id).names[0]}`;
const sameGroup = (place: Place, { subscriptionId, vmResourceGroup }: Sweep): boolean =>
  sameId(`${place.subscriptionId}/${place.resourceGroup}`, `${subscriptionId}/${vmResourceGroup}`);

function placeOf({ id, remoteVnetId }: PeeringState): Place {
  const { subscriptionId, resourceGroup } = parseId(remoteVnetId);
  return { runId: runOfPeering(id), subscriptionId, resourceGroup };
}

const marksIn = ({ tags }: State) => ({
  ...unmarked,
  owner: tags['hepflow-owner'] ?? '',
  createdAt: timeIn(tags['created-at']),
  expiresAt: timeIn(tags['expires-at']),
});

/** What may not be read is not seen, where that is tolerable. */
const refusedIf =
  (tolerable: boolean) =>
  (error: unknown): undefined => {
    if (tolerable && error instanceof AzureError && error.status === 403) return undefined;
    throw error;
  };

/** null: it may exist. */
function forbidden(error: unknown): null {
  if (error instanceof AzureError && error.status === 403) return null;
  throw error;
}

const uniqueBy = <T>(all: readonly T[], key: (each: T) => string): T[] => [
  ...new Map(all.map((each) => [key(each), each])).values(),
];

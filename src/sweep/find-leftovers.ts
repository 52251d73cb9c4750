/**
 * Reads subscription and cluster for everything that carries a run's marks, and asks Temporal for each owner; changes
 * nothing.
 */
import { AzureError } from '../adapters/azure/index.ts';
import { kinds } from '../changes/index.ts';
import type { AzureSearch, Place, Trace } from '../changes/kind.ts';
import type { RunIdentity } from '../contract/run.ts';
import type { MarkedThing, Sweep, SweepFindings } from '../contract/sweep.ts';
import { isRunId } from '../ownership/marks.ts';
import { findClusterVnet } from '../preflight/azure/vnet.ts';
import { listAskedBySweep, refuseForbidden } from '../step/allow.ts';
import type { StepContext, Tools } from '../step/context.ts';
import { lookAtCluster } from './cluster-look.ts';

/** What was seen, and what could not be looked at. */
interface SeenTraces {
  readonly traces: readonly Trace[];
  /** A sentence each. */
  readonly warnings: readonly string[];
}

/** In the order in which a run undoes: the last thing that it makes first. */
const undoOrder = Object.values(kinds).toReversed();

export async function findLeftovers(
  { spec }: { readonly spec: unknown },
  tools: Tools,
  _context: StepContext<RunIdentity>,
): Promise<SweepFindings> {
  const sweep = tools.resolveSweep(spec);
  refuseForbidden(tools.allow, listAskedBySweep(sweep));
  const inCluster = await searchCluster(sweep, tools);
  const runIds = [...new Set(inCluster.traces.map(({ runId }) => runId))];
  const inAzure = await searchAzure(sweep, runIds, tools);
  const runs = Map.groupBy([...inCluster.traces, ...inAzure.traces], nameGroup);
  const found: MarkedThing[] = [];
  for (const traces of runs.values()) found.push(...(await describeRun(traces, sweep, tools)));
  return {
    sweep,
    found: found.toSorted((a, b) => rankOf(b) - rankOf(a)),
    warnings: [...inCluster.warnings, ...inAzure.warnings],
  };
}

/** What takes a thing back tells its kind, and so its place; what cannot be taken back comes last. */
const rankOf = ({ undo }: MarkedThing): number =>
  undoOrder.find((kind) => undo !== null && Object.hasOwn(kind.undo, undo.undo))?.rank ?? -1;

/** A cluster that is gone took its objects with it; what is in Azure may still be there. */
async function searchCluster(sweep: Sweep, { azure, clusters, signer }: Tools): Promise<SeenTraces> {
  const { subscriptionId, resourceGroup, cluster: name } = sweep;
  const ref = { subscriptionId, resourceGroup, name };
  try {
    const { look, warnings } = await lookAtCluster(await clusters.of(ref), ref, signer);
    const found = await Promise.all(undoOrder.map(({ traces }) => traces.inCluster?.(look) ?? []));
    return { traces: found.flat(), warnings };
  } catch (error) {
    if (!(error instanceof AzureError && error.isAbsence) || (await azure.clusters.get(ref)) !== undefined) throw error;
    return { traces: [], warnings: [`Cluster ${name} does not exist: nothing in it was looked for.`] };
  }
}

/**
 * Lists lag, so what is listed is joined with what the ids of every run seen anywhere answer. `runIds`: those seen in
 * the cluster.
 */
async function searchAzure(sweep: Sweep, runIds: readonly string[], { azure, signer }: Tools): Promise<SeenTraces> {
  const { subscriptionId, vmResourceGroup: resourceGroup } = sweep;
  const { clusterVnetId, warnings } = await locateClusterVnet(sweep, { azure });
  const search: AzureSearch = { azure, signer, sweep, clusterVnetId };
  const listed = (await Promise.all(undoOrder.map(({ traces }) => traces.listPlaces?.(search) ?? []))).flat();
  const here = [...runIds, ...listed.map(({ runId }) => runId)].map((runId) => ({
    runId,
    subscriptionId,
    resourceGroup,
  }));
  const places = listOnce(
    [...here, ...listed].filter(({ runId }) => isRunId(runId)),
    (place: Place) => `${place.runId} ${place.subscriptionId}/${place.resourceGroup}`,
  );
  const traces: Trace[] = [];
  for (const place of places)
    for (const kind of undoOrder) traces.push(...((await kind.traces.atPlace?.(place, search)) ?? []));
  return { traces: listOnce(traces, ({ id }) => id), warnings };
}

/**
 * Without it, with a warning: the cluster is gone, or its VNet cannot be told. What is in the resource group of the VMs
 * is swept all the same.
 */
async function locateClusterVnet(
  { subscriptionId, resourceGroup, cluster: name }: Sweep,
  { azure }: Pick<Tools, 'azure'>,
): Promise<{ readonly clusterVnetId: string | undefined; readonly warnings: readonly string[] }> {
  const cluster = await azure.clusters.get({ subscriptionId, resourceGroup, name });
  const vnet =
    cluster === undefined
      ? { why: `Resource group ${resourceGroup} has no managed cluster ${name}.` }
      : await findClusterVnet(cluster, subscriptionId, { azure });
  if ('id' in vnet) return { clusterVnetId: vnet.id, warnings: [] };
  return { clusterVnetId: undefined, warnings: [`${vnet.why} Peerings of its VNet were not looked for.`] };
}

/**
 * What belongs together: what is proved to be of one run. Marks without a signature lend nothing to others, and take
 * nothing from them (W14).
 */
const nameGroup = ({ ownership, runId, owner, firstExecutionRunId }: Trace): string =>
  ownership === 'proved' ? runId : JSON.stringify([ownership, runId, owner, firstExecutionRunId]);

/** What one thing of a run does not tell, another one does. */
async function describeRun(
  traces: readonly Trace[],
  { vmResourceGroup }: Sweep,
  { temporal }: Tools,
): Promise<MarkedThing[]> {
  const first = <T>(pick: (trace: Trace) => T | null): T | null =>
    traces.map(pick).find((value) => value !== null) ?? null;
  const owner = first((trace) => trace.owner || null) ?? '';
  const firstExecutionRunId = first((trace) => trace.firstExecutionRunId || null) ?? '';
  const [createdAt, expiresAt] = [first((trace) => trace.createdAt), first((trace) => trace.expiresAt)];
  const resourceGroup = first((trace) => trace.resourceGroup) ?? vmResourceGroup;
  const run = { owner, firstExecutionRunId, createdAt };
  const runIs = await findOutWhetherOver(traces, run, temporal);
  const trouble = runIs === 'alive' ? await temporal.findTrouble(owner, firstExecutionRunId) : undefined;
  return traces.map(({ what, id, runId, ownership, undo }) => ({
    ...{ what, id, runId, owner, firstExecutionRunId, createdAt, expiresAt, ownership, runIs, resourceGroup },
    ...(trouble !== undefined && { trouble }),
    undo: undo && { ...undo, change: '' },
  }));
}

async function findOutWhetherOver(
  traces: readonly Trace[],
  { owner, firstExecutionRunId, createdAt }: Pick<MarkedThing, 'owner' | 'firstExecutionRunId' | 'createdAt'>,
  temporal: Tools['temporal'],
): Promise<MarkedThing['runIs']> {
  if (owner === '') return traces.every(({ orphan }) => orphan) ? 'over' : 'unknown';
  if (traces.some(({ namespace }) => namespace !== null && namespace !== temporal.namespace)) return 'unknown';
  // Without a run id, as older versions left it: the newest run of that workflow. One that lives keeps what an older
  // one left; a later sweep gets it.
  const seenAt = createdAt === null ? new Date() : new Date(createdAt);
  const isOver = await temporal.isOver(owner, firstExecutionRunId, seenAt);
  return isOver === 'unknown' ? 'unknown' : isOver ? 'over' : 'alive';
}

const listOnce = <T>(all: readonly T[], key: (each: T) => string): T[] => [
  ...new Map(all.map((each) => [key(each).toLowerCase(), each])).values(),
];

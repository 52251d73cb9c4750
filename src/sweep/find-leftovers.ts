import { AzureError } from '../adapters/azure/index.ts';
import type { Findings, Found, Sweep } from '../contract/sweep.ts';
import type { StepContext, Tools } from '../step/context.ts';
import { azureTraces } from './azure.ts';
import { clusterTraces } from './kubernetes.ts';
import type { Trace, Traces } from './trace.ts';

/** Reads subscription and cluster for everything that carries a run's marks, and asks Temporal for each owner; changes nothing. */
export async function findLeftovers(
  { spec }: { readonly spec: unknown },
  tools: Tools,
  _context: StepContext,
): Promise<Findings> {
  const sweep = tools.resolveSweep(spec);
  const inCluster = await clusterOrWarning(sweep, tools);
  const inAzure = await azureTraces(sweep, [...new Set(inCluster.traces.map(({ runId }) => runId))], tools.azure);
  const runs = Map.groupBy([...inAzure.traces, ...inCluster.traces], ({ runId }) => runId);
  const found: Found[] = [];
  for (const traces of runs.values()) found.push(...(await together(traces, sweep, tools)));
  return { sweep, found, warnings: [...inCluster.warnings, ...inAzure.warnings] };
}

/** A cluster that is gone took its objects with it; what is in Azure may still be there. */
async function clusterOrWarning(sweep: Sweep, { azure, clusters }: Tools): Promise<Traces> {
  const { subscriptionId, resourceGroup, cluster: name } = sweep;
  const ref = { subscriptionId, resourceGroup, name };
  try {
    return await clusterTraces(await clusters.of(ref));
  } catch (error) {
    if (!(error instanceof AzureError && error.status === 404) || (await azure.clusters.get(ref)) !== undefined)
      throw error;
    return { traces: [], warnings: [`Cluster ${name} does not exist: nothing in it was looked for.`] };
  }
}

/** What one thing of a run does not tell, another one does. */
async function together(traces: readonly Trace[], { vmResourceGroup }: Sweep, { temporal }: Tools): Promise<Found[]> {
  const first = <T>(pick: (trace: Trace) => T | null): T | null =>
    traces.map(pick).find((value) => value !== null) ?? null;
  const owner = first((trace) => trace.owner || null) ?? '';
  const [createdAt, expiresAt] = [first((trace) => trace.createdAt), first((trace) => trace.expiresAt)];
  const resourceGroup = first((trace) => trace.resourceGroup) ?? vmResourceGroup;
  const execution = first((trace) => trace.execution);
  const asked = async (): Promise<boolean | 'unknown'> => {
    if (owner === '') return traces.every(({ orphan }) => orphan) || 'unknown';
    if (execution !== null && execution.namespace !== temporal.namespace) return 'unknown';
    // Without a run id: the newest run of that workflow. One that lives keeps what an older one left; a later sweep gets it.
    return temporal.isOver(
      owner,
      execution?.firstExecutionRunId ?? '',
      createdAt === null ? new Date() : new Date(createdAt),
    );
  };
  const over = await asked();
  const runIs = over === 'unknown' ? 'unknown' : over ? 'over' : 'alive';
  return traces.map(({ what, id, runId, origin }) => ({
    what,
    id,
    runId,
    owner,
    createdAt,
    expiresAt,
    runIs,
    resourceGroup,
    origin,
  }));
}

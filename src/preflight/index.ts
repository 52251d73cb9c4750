/**
 * The reads before anything is changed. `runPreflight` refuses a run on any problem; `examine` tells all findings, for
 * the doctor.
 *   scope.ts   what the worker is allowed to touch
 *   azure/     subscription: groups, rights, the cluster's shape, its VNet
 *   cluster/   API server: rights, lease, nodes, kube-proxy
 *   calico/    API, configuration, tier, name, and which policies host endpoints would wake
 *   workload/  the deployment that is exposed, and whether the NodePort is free
 *   plan.ts    what the run will do and expect, out of scenario and site
 */
import { HepflowError, type Problem } from '../contract/failures.ts';
import { createRunRef, type RunIdentity } from '../contract/run.ts';
import type { Site } from '../contract/site.ts';
import type { Preflight, PreflightInput } from '../contract/steps.ts';
import { longestTag } from '../ownership/marks.ts';
import { listAskedById } from '../step/allow.ts';
import type { StepContext, Tools } from '../step/context.ts';
import { inspectAzure } from './azure/index.ts';
import { inspectCluster } from './cluster/index.ts';
import { inspectLease } from './cluster/lease.ts';
import { locateCluster } from './locate.ts';
import { collectFindings } from './look.ts';
import { planRun } from './plan.ts';
import { inspectScope, tellForbidden } from './scope.ts';

/** Reads everything that the run depends on, and refuses with every problem at once; changes nothing (W1). */
export async function runPreflight(
  { spec, holder }: PreflightInput,
  tools: Tools,
  { run }: StepContext<RunIdentity>,
): Promise<Preflight> {
  const mission = tools.resolveMission(spec);
  const scenario = tools.createScenario(mission);
  const scope = collectFindings(inspectScope(mission, tools.allow));
  // What may not be touched is not read either.
  if (scope.problems.length > 0) throw refuse(scope.problems);
  const identity = findLongId(run);
  const azure = await inspectAzure(mission, tools);
  // Without the cluster there is nobody to ask about its nodes.
  if (azure.site === undefined) throw refuse([...identity, ...azure.problems]);
  const network = collectFindings(tellForbidden(tools.allow, listAskedById(azure.site.clusterVnetId)));
  const ref = locateCluster(mission);
  const [lease, kubernetes] = await Promise.all([
    inspectLease(ref, holder, tools),
    inspectCluster({ mission, scenario, nodeResourceGroup: azure.site.nodeResourceGroup }, run.runId, tools),
  ]);
  // What the holder changed is in the way too; that passes with it, and its remedies would lead astray.
  if (lease.problems.length > 0) throw refuse(lease.problems);
  const problems = [...identity, ...azure.problems, ...network.problems, ...kubernetes.problems];
  if (problems.length > 0 || kubernetes.site === undefined) throw refuse(problems);
  const warnings = [...scope.warnings, ...azure.warnings, ...lease.warnings, ...kubernetes.warnings];
  const { searchAttributes } = tools;
  const site: Site = { ...azure.site, ...kubernetes.site, searchAttributes, warnings };
  const at = { run: createRunRef(run, mission, site.location), site };
  const plan = await planRun(scenario, at, holder, await tools.clusters.of(ref));
  return { mission, site, plan, ...(tools.reportSigner && { signer: tools.reportSigner.keyId }) };
}

/** What a run makes names its workflow in a tag; Azure would refuse the first thing that it makes. */
function findLongId({ workflowId }: RunIdentity): readonly Problem[] {
  if (workflowId.length <= longestTag) return [];
  const message = `The workflow id has ${workflowId.length} characters; a tag in Azure holds at most ${longestTag}.`;
  return [{ code: 'InvalidInput', field: '', message, remedy: 'Start the run under a shorter workflow id.' }];
}

function refuse(problems: readonly Problem[]): HepflowError {
  const list = problems
    .map(({ code, field, message, remedy }) => `${code}${field && ` (${field})`}: ${message} ${remedy}`)
    .join('\n');
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new HepflowError('PreflightFailed', `Preflight found ${count}; nothing was changed.\n${list}`, { problems });
}

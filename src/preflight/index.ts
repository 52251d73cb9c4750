import { HepflowError, type Problem } from '../contract/failures.ts';
import type { StepActivity } from '../step/context.ts';
import { inspectAzure } from './azure/index.ts';
import { inspectCluster } from './cluster/index.ts';
import { inspectHold } from './cluster/lease.ts';

/** Reads everything that the run depends on, and refuses with every problem at once; changes nothing (W1). */
export const preflight: StepActivity<'preflight'> = async ({ spec, runId, holder }, tools) => {
  const mission = tools.resolveMission(spec);
  const azure = await inspectAzure(mission, tools);
  // Without the cluster there is nobody to ask about its nodes.
  if (azure.site === undefined) throw refused(azure.problems);
  const { subscriptionId, resourceGroup, cluster: name } = mission;
  const [held, kubernetes] = await Promise.all([
    inspectHold({ subscriptionId, resourceGroup, name }, holder, tools),
    inspectCluster(mission, runId, tools),
  ]);
  // What the holder changed is in the way too, and listed after it.
  const problems = [...azure.problems, ...held.problems, ...kubernetes.problems];
  if (problems.length > 0 || kubernetes.site === undefined) throw refused(problems);
  const warnings = [...azure.warnings, ...held.warnings, ...kubernetes.warnings];
  return { mission, site: { ...azure.site, ...kubernetes.site, searchAttributes: tools.searchAttributes, warnings } };
};

function refused(problems: readonly Problem[]): HepflowError {
  const list = problems
    .map(({ code, field, message, remedy }) => `${code}${field && ` (${field})`}: ${message} ${remedy}`)
    .join('\n');
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new HepflowError('PreflightFailed', `Preflight found ${count}; nothing was changed.\n${list}`, { problems });
}

import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type GlobalNetworkPolicy, globalNetworkPolicies } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Interval } from '../../contract/observation.ts';
import { isOf } from '../../ownership/field-mark.ts';
import type { StepActivity } from '../../step/context.ts';
import { now, timed } from '../../step/timed.ts';
import { holds, policyBody } from '../kubernetes-bodies.ts';

export const applyPolicy: StepActivity<'applyPolicy'> = async (input, tools, { run }) => {
  const cluster = await tools.clusters.of(run.cluster);
  const body = policyBody(run, input);
  const { name } = body.metadata;
  const found = await cluster.find(globalNetworkPolicies, name);
  const { policy, accepted: created } =
    found === undefined ? await createdOrRaced(cluster, name, body) : { policy: found };
  if (!isOf(policy, run.runId))
    throw new HepflowError(
      'PolicyExists',
      `GlobalNetworkPolicy ${name} exists and does not belong to run ${run.runId}.`,
    );
  let accepted = created;
  if (!holds(policy.spec, body.spec)) {
    const patch = { metadata: { resourceVersion: policy.metadata.resourceVersion }, spec: body.spec };
    accepted = (await timed(() => cluster.patchMerge(globalNetworkPolicies, policy.metadata.name, patch))).interval;
  }
  const acceptedAt = now();
  const stored = await cluster.get(globalNetworkPolicies, policy.metadata.name);
  // A schema that prunes a field would make it another policy, and Felix treats one that it finds invalid as missing.
  if (!holds(stored.spec, body.spec)) {
    throw new HepflowError(
      'KubernetesRefused',
      `GlobalNetworkPolicy ${name} was stored otherwise than it was sent: ${JSON.stringify(stored.spec)}.`,
    );
  }
  return { name: stored.metadata.name, acceptedAt, ...(accepted && { accepted }) };
};

/** `accepted`: absent when an earlier try's write had arrived after all. */
async function createdOrRaced(
  cluster: Cluster,
  name: string,
  body: object,
): Promise<{ policy: GlobalNetworkPolicy; accepted?: Interval }> {
  try {
    const { result, interval } = await timed(() => cluster.create(globalNetworkPolicies, body));
    return { policy: result, accepted: interval };
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'AlreadyExists')
      return { policy: await cluster.get(globalNetworkPolicies, name) };
    throw error;
  }
}

import { type Cluster, KubernetesError } from '../adapters/kubernetes/index.ts';
import { type GlobalNetworkPolicy, globalNetworkPolicies } from '../adapters/kubernetes/resources.ts';
import { HepflowError } from '../contract/failures.ts';
import { holds, policyBody } from '../manifests/kubernetes.ts';
import { isOf } from '../manifests/kubernetes-marks.ts';
import type { StepActivity } from './step.ts';

export const applyPolicy: StepActivity<'applyPolicy'> = async (input, tools, { run }) => {
  const cluster = await tools.clusters.of(run.cluster);
  const body = policyBody(run, input);
  const { name } = body.metadata;
  const existing = (await cluster.find(globalNetworkPolicies, name)) ?? (await createdOrRaced(cluster, name, body));
  if (!isOf(existing, run.runId)) throw new HepflowError('PolicyExists', `GlobalNetworkPolicy ${name} exists and does not belong to run ${run.runId}.`);
  if (!holds(existing.spec, body.spec)) {
    const patch = { metadata: { resourceVersion: existing.metadata.resourceVersion }, spec: body.spec };
    await cluster.patchMerge(globalNetworkPolicies, existing.metadata.name, patch);
  }
  const acceptedAt = new Date().toISOString();
  const stored = await cluster.get(globalNetworkPolicies, existing.metadata.name);
  // A schema that prunes a field would make it another policy, and Felix treats one that it finds invalid as missing.
  if (!holds(stored.spec, body.spec)) {
    throw new HepflowError('KubernetesRefused', `GlobalNetworkPolicy ${name} was stored otherwise than it was sent: ${JSON.stringify(stored.spec)}.`);
  }
  return { name: stored.metadata.name, acceptedAt };
};

function createdOrRaced(cluster: Cluster, name: string, body: object): Promise<GlobalNetworkPolicy> {
  return cluster.create(globalNetworkPolicies, body).catch((error) => {
    if (error instanceof KubernetesError && error.reason === 'AlreadyExists') return cluster.get(globalNetworkPolicies, name);
    throw error;
  });
}

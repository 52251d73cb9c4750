/** A GlobalNetworkPolicy of the run's own. */
import { groupOfCalico, openCalico } from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type { GlobalNetworkPolicy, KubernetesObject } from '../../adapters/kubernetes/resources.ts';
import type { Moment } from '../../contract/change.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Interval } from '../../contract/observation.ts';
import { createObjectMarks, type MarkedObject } from '../../ownership/marks.ts';
import type { StepContext, Tools } from '../../step/context.ts';
import { measureInterval } from '../../step/timed.ts';
import { deleteObject, isOwned, leaveAlone, traceObject } from '../cluster-object.ts';
import { isHeldBy } from '../compare.ts';
import { type ClusterLook, defineKind, type Trace } from '../kind.ts';
import { writeLimits } from '../limits.ts';
import { listCalicoVerbs, listVerbs } from '../rights.ts';
import { fillIn, listFaults } from './faults.ts';
import { createPolicyBody, namePolicy, type PolicyInput, planUndo } from './plan.ts';

export interface PolicyChange extends PolicyInput {
  readonly kind: 'policy';
  readonly [field: string]: unknown;
}

const verbs = ['get', 'list', 'create', 'patch', 'delete'];

export const policy = defineKind<PolicyChange>({
  rank: 41,
  plan: ({ name, spec }, { site: { calico } }) => {
    const objectName = namePolicy({ tier: spec.tier, name }, calico);
    refuseFaults(objectName, fillIn(spec));
    return {
      step: 'applyPolicy',
      subject: '',
      input: { name: objectName, calico: calico.api, spec } satisfies PolicyInput,
      words: `The policy ${objectName}`,
      limits: writeLimits,
      undo: planUndo(objectName, calico.api),
      policy: objectName,
    };
  },
  apply: {
    applyPolicy: async (input: PolicyInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const { name, accepted } = await ensurePolicy(cluster, input, tools, context);
      return { found: name, moments: accepted === undefined ? [] : [createMoment(accepted)] };
    },
  },
  undo: {
    deletePolicy: async ({ name, calico }: Pick<PolicyInput, 'name' | 'calico'>, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const { globalNetworkPolicies } = openCalico(calico);
      const what = `GlobalNetworkPolicy ${name}`;
      // By mark first: the object may be called `<tier>.<name>`, whatever the caller knows, and v3.32 renames what an
      // older Calico stored as `default.<name>`.
      const bare = name.replace(/^default\./, '');
      const named = (await cluster.list(globalNetworkPolicies)).filter(
        ({ metadata }) => metadata.name === bare || metadata.name.endsWith(`.${bare}`),
      );
      const own = named.find((candidate) => isOwnPolicy(candidate, tools, context));
      if (own !== undefined) {
        await deleteObject(cluster, context, globalNetworkPolicies, own);
        return { outcome: 'done', detail: `${what} is gone.` };
      }
      return named.length > 0
        ? leaveAlone(what, named, context)
        : { outcome: 'nothing', detail: `${what} does not exist.`, isAbsent: true };
    },
  },
  traces: {
    inCluster: async (look) =>
      (await look.listLabelled(look.calico.globalNetworkPolicies)).flatMap((found) => tracePolicy(found, look)),
  },
  rights: { azure: [], kubernetes: listCalicoVerbs(verbs, { resource: 'globalnetworkpolicies' }) },
  // Calico's API server asks for these beside those on the policy: for one tier's policies, as `<tier>.*`.
  listRights: ({ spec }) =>
    listVerbs(verbs, {
      group: groupOfCalico('projectcalico.org/v3'),
      resource: 'tier.globalnetworkpolicies',
      name: `${spec.tier}.*`,
    }),
});

/**
 * `accepted`: from the write's being sent to its answer; undefined when an earlier try did it. Fails with PolicyExists
 * and KubernetesRefused.
 */
async function ensurePolicy(
  cluster: Cluster,
  input: PolicyInput,
  tools: Tools,
  context: StepContext,
): Promise<{ readonly name: string; readonly accepted: Interval | undefined }> {
  const { run } = context;
  const { tiers, globalNetworkPolicies: resource } = openCalico(input.calico);
  const body = createPolicyBody(createObjectMarks(run, locatePolicy(input.name), tools.signer), input);
  refuseFaults(input.name, body.spec);
  const existing = await cluster.find(resource, input.name);
  const created = existing ? undefined : await createPolicy();
  const found = existing ?? created?.object ?? (await cluster.get(resource, input.name));
  if (!isOwnPolicy(found, tools, context))
    throw new HepflowError(
      'PolicyExists',
      `GlobalNetworkPolicy ${input.name} exists and does not belong to run ${run.runId}.`,
    );
  const patched = isHeldBy(found.spec, body.spec) ? undefined : await patchPolicy(found);
  const stored = await cluster.get(resource, found.metadata.name);
  // A schema that prunes a field would make it another policy, and Felix treats one that it finds invalid as missing.
  if (!isHeldBy(stored.spec, body.spec)) {
    const spec = JSON.stringify(stored.spec);
    throw new HepflowError(
      'KubernetesRefused',
      `GlobalNetworkPolicy ${input.name} was stored otherwise than it was sent: ${spec}.`,
    );
  }
  return { name: stored.metadata.name, accepted: patched ?? created?.accepted };

  async function createPolicy(): Promise<{ object: GlobalNetworkPolicy; accepted: Interval | undefined }> {
    // Calico's API server answers an error that looks like its own failure, and its storage takes the policy.
    if ((await cluster.find(tiers, input.spec.tier)) === undefined)
      throw new HepflowError('TierNotFound', `Tier ${input.spec.tier} does not exist.`);
    const { result, interval } = await measureInterval(() => cluster.createOrFind(resource, input.name, body));
    return { object: result.object, accepted: result.isNew ? interval : undefined };
  }

  async function patchPolicy({ metadata }: GlobalNetworkPolicy): Promise<Interval> {
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: body.spec };
    return (await measureInterval(() => cluster.patchMerge(resource, metadata.name, patch))).interval;
  }
}

function refuseFaults(name: string, spec: object): void {
  const faults = listFaults(spec);
  if (faults.length > 0)
    throw new HepflowError(
      'InvalidInput',
      `Calico would not enforce GlobalNetworkPolicy ${name}: ${faults.join('; ')}.`,
    );
}

const createMoment = (accepted: Interval): Moment => ({
  name: 'policyAccepted',
  role: 'asked',
  title: 'policy sent and accepted',
  words: 'the policy was sent',
  ...accepted,
});

/** The same policy has `default.` before its name in the default tier, or has it not, as Calico's releases differ. */
const locatePolicy = (name: string): MarkedObject => ({
  ...{ kind: 'globalnetworkpolicies.projectcalico.org', namespace: '' },
  name: name.replace(/^default\./, ''),
});

const isOwnPolicy = (found: KubernetesObject, tools: Tools, context: StepContext): boolean =>
  isOwned(found, locatePolicy(found.metadata.name), tools, context);

function tracePolicy(found: KubernetesObject, look: ClusterLook): Trace[] {
  const { name } = found.metadata;
  const undo = planUndo(name, look.calico.api);
  const trace = { what: `GlobalNetworkPolicy ${name}`, id: `GlobalNetworkPolicy//${name}`, undo };
  return traceObject(found, trace, locatePolicy(name), look);
}

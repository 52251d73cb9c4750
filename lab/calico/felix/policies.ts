import type {
  Direction,
  GlobalNetworkPolicy,
  HostPolicySpec,
  NetworkPolicy,
  PolicySpec,
  Rule,
  Tier,
} from '../objects.ts';
import { type Labels, namespaceLabel, parseSelector, type Selector } from './selector.ts';

/** Where a policy applies to the packets of a host endpoint. Workloads have `normal` only. */
export type Stage = 'untracked' | 'preDnat' | 'forward' | 'normal';

/** Something that policies select: a host endpoint, or a workload in a namespace. */
export interface PolicyEndpoint {
  readonly labels: Labels;
  readonly namespace?: string;
}

/** A policy that has been read. */
export interface Policy {
  /** `gnp/<name>` or `np/<namespace>/<name>`: names its chains and counters. */
  readonly id: string;
  readonly namespace?: string;
  readonly tier: string;
  /** Infinite: last. */
  readonly order: number;
  readonly stages: readonly Stage[];
  /** Directions that it governs. */
  readonly rules: Partial<Record<Direction, readonly Rule[]>>;
  selects(endpoint: PolicyEndpoint): boolean;
}

/** The policies of a tier that apply to an endpoint, in order. */
export interface TierPolicies {
  readonly name: string;
  readonly defaultAction: 'Deny' | 'Pass';
  readonly policies: readonly Policy[];
}

/** Throws SelectorError. */
export function readGlobalPolicy(
  { metadata, spec }: GlobalNetworkPolicy,
  namespaces: Readonly<Record<string, Labels>>,
): Policy {
  return {
    id: `gnp/${metadata.name}`,
    ...readCommon(spec),
    stages: chooseStages(spec),
    selects: combineSelectors(spec, namespaces),
  };
}

/**
 * All selectors of a global policy in one. A namespaceSelector and a serviceAccountSelector read labels that a host
 * endpoint does not have, so negative ones select it. `all()` beside them, in the policy's own selector too, means what
 * has a namespace or a service account (libcalico-go, globalnetworkpolicyprocessor.go). The service accounts of the lab
 * have no labels.
 */
function combineSelectors(
  { selector = '', namespaceSelector = '', serviceAccountSelector = '' }: PolicySpec & HostPolicySpec,
  namespaces: Readonly<Record<string, Labels>>,
): Policy['selects'] {
  const isNamespaced: Selector = (labels) => labels[namespaceLabel] !== undefined;
  const all = namespaceSelector === '' && serviceAccountSelector === '' ? undefined : isNamespaced;
  const own = parseSelector(selector, all);
  const byNamespace = parseSelector(namespaceSelector, all);
  const byServiceAccount = parseSelector(serviceAccountSelector, all);
  return ({ labels, namespace }) => {
    const place = namespace === undefined ? {} : { [namespaceLabel]: namespace };
    return own(labels) && byNamespace({ ...namespaces[namespace ?? ''], ...place }) && byServiceAccount(place);
  };
}

/** Throws SelectorError. */
export function readNamespacedPolicy({ metadata, spec }: NetworkPolicy): Policy {
  const selects = parseSelector(spec.selector ?? '');
  const own = metadata.namespace ?? 'default';
  return {
    id: `np/${own}/${metadata.name}`,
    namespace: own,
    ...readCommon(spec),
    stages: ['normal'],
    selects: ({ labels, namespace }) => namespace === own && selects(labels),
  };
}

function readCommon(spec: PolicySpec): Pick<Policy, 'tier' | 'order' | 'rules'> {
  // A policy that was stored without types governs both directions, whatever rules it has.
  const types = spec.types ?? ['Ingress', 'Egress'];
  return {
    tier: spec.tier ?? 'default',
    order: spec.order ?? Number.POSITIVE_INFINITY,
    rules: {
      ...(types.includes('Ingress') && { Ingress: spec.ingress ?? [] }),
      ...(types.includes('Egress') && { Egress: spec.egress ?? [] }),
    },
  };
}

function chooseStages({ doNotTrack, preDNAT, applyOnForward }: HostPolicySpec): readonly Stage[] {
  if (doNotTrack) return ['untracked'];
  if (preDNAT) return ['preDnat'];
  return applyOnForward ? ['forward', 'normal'] : ['normal'];
}

/** Of a tier without one, as of the tier `default` (libcalico-go/lib/resources/tier.go). */
const defaultTierOrder = 1_000_000;

/**
 * Orders policies by tier: tiers by order, then name; policies by order, then name. A tier that does not exist comes
 * last, as with Felix.
 */
export function orderPolicies(policies: readonly Policy[], tiers: readonly Tier[]): readonly TierPolicies[] {
  const known = tiers.map(({ metadata, spec }) => ({
    name: metadata.name,
    order: spec.order ?? defaultTierOrder,
    defaultAction: spec.defaultAction ?? 'Deny',
    rank: 0,
  }));
  const names = new Set(known.map(({ name }) => name));
  const missing = new Set(policies.map(({ tier }) => tier).filter((tier) => !names.has(tier)));
  const all = [
    ...known,
    ...[...missing].map((name) => ({ name, order: Number.POSITIVE_INFINITY, defaultAction: 'Deny' as const, rank: 1 })),
  ];
  return all
    .toSorted((a, b) => a.rank - b.rank || compare(a.order, b.order) || compare(a.name, b.name))
    .map(({ name, defaultAction }) => ({
      name,
      defaultAction,
      policies: policies
        .filter(({ tier }) => tier === name)
        .toSorted((a, b) => compare(a.order, b.order) || compare(a.id, b.id)),
    }));
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** Selects the policies that apply to an endpoint at a stage, in a direction; tiers without any are left out. */
export function selectApplicable(
  tiers: readonly TierPolicies[],
  endpoint: PolicyEndpoint,
  stage: Stage,
  direction: Direction,
): readonly TierPolicies[] {
  return tiers
    .map((tier) => ({
      ...tier,
      policies: tier.policies.filter(
        (policy) => policy.stages.includes(stage) && policy.rules[direction] !== undefined && policy.selects(endpoint),
      ),
    }))
    .filter(({ policies }) => policies.length > 0);
}

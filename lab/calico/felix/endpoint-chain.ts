import type { Direction, FelixConfigurationSpec, Rule } from '../objects.ts';
import { nameDeniedSet } from './denied.ts';
import { addFailsafeChain } from './failsafe.ts';
import type { Policy, Stage, TierPolicies } from './policies.ts';
import { type AddressesOf, compileMatch } from './rule.ts';
import { mark, type Script } from './script.ts';

/** What the chains of all endpoints of a node share. */
export interface Context {
  readonly script: Script;
  readonly configuration: FelixConfigurationSpec;
  /** Resolves the selectors of a policy's rules. */
  addressesFor(policy: Policy): AddressesOf;
}

export interface EndpointChain {
  readonly name: string;
  readonly kind: 'host' | 'workload';
  readonly stage: Stage;
  readonly direction: Direction;
  readonly tiers: readonly TierPolicies[];
  /** Whether a profile of the endpoint allows what no policy decided. */
  readonly profileAllows: boolean;
}

/** The iptables backend refuses REJECT outside the filter table, so Felix could not program such a policy. */
export class UnprogrammableError extends Error {
  override name = 'UnprogrammableError';
}

/**
 * Adds the chain of an endpoint at one stage, in the order that Felix gives it: established flows, invalid packets,
 * failsafe ports, tiers, profiles. The chain returns with the accept mark when the packet was allowed.
 */
export function addEndpointChain(context: Context, endpoint: EndpointChain): string {
  const { script, configuration } = context;
  const { kind, stage, direction } = endpoint;
  const untracked = stage === 'untracked';
  return script.chain(endpoint.name, () => [
    ...(untracked ? [] : ['ct state established,related accept', `ct state invalid ${script.count('invalid')} drop`]),
    ...(kind === 'host' && stage !== 'forward'
      ? [`jump ${addFailsafeChain(script, configuration, direction === 'Ingress' ? 'in' : 'out', untracked)}`]
      : []),
    mark.clearAccept,
    ...endpoint.tiers.flatMap((tier) => compileTier(context, tier, stage, direction)),
    ...compileProfiles(context, endpoint),
  ]);
}

function compileTier(context: Context, tier: TierPolicies, stage: Stage, direction: Direction): string[] {
  const { script } = context;
  // In the earlier stages, what no policy matched goes on to the normal policies.
  const decides = stage === 'normal' || stage === 'forward';
  return [
    mark.clearPass,
    ...tier.policies.flatMap((policy) => [
      `${mark.notPassed} jump ${addPolicyChain(context, policy, stage, direction)}`,
      ...(stage === 'untracked' ? [`${mark.isAccepted} notrack`] : []),
      `${mark.isAccepted} return`,
    ]),
    ...(decides && tier.defaultAction === 'Deny'
      ? [`${mark.notPassed} ${script.count(`end-of-tier/${tier.name}`)} ${chooseDenial(context, stage)}`]
      : []),
  ];
}

function compileProfiles(
  { script, configuration }: Context,
  { kind, stage, tiers, profileAllows }: EndpointChain,
): string[] {
  if (stage === 'forward') return tiers.length === 0 ? [mark.accept, 'return'] : [];
  if (stage !== 'normal') return [];
  if (profileAllows) return [mark.accept, 'return'];
  return [`${script.count(`no-profile/${kind}`)} ${chooseDenial({ configuration }, stage)}`];
}

/** One chain per policy, direction and table, shared by the endpoints that it selects. */
function addPolicyChain(context: Context, policy: Policy, stage: Stage, direction: Direction): string {
  const place = stage === 'forward' || stage === 'normal' ? 'filter' : stage.toLowerCase();
  return context.script.chain(`${place}-${direction.toLowerCase()}-${policy.id}`, () =>
    (policy.rules[direction] ?? []).flatMap((rule, index) => {
      const match = compileMatch(rule, context.addressesFor(policy));
      return match === undefined
        ? []
        : compileActions(context, policy, { ...rule, index }, stage).map((action) => `${match} ${action}`.trim());
    }),
  );
}

function compileActions(
  context: Context,
  policy: Policy,
  { action, index }: Rule & { readonly index: number },
  stage: Stage,
): string[] {
  switch (action) {
    case 'Allow':
      return [`${mark.accept} return`];
    case 'Pass':
      return [`${mark.pass} return`];
    case 'Log':
      return ['log prefix "calico-packet: "'];
    case 'Deny':
      return [
        [
          context.script.count(policy.id),
          context.script.countSources(nameDeniedSet(policy, index)),
          chooseDenial(context, stage),
        ].join(' '),
      ];
  }
}

/** `drop`, unless the configuration asks for Reject. */
export function chooseDenial({ configuration }: Pick<Context, 'configuration'>, stage: Stage): string {
  if (configuration.iptablesFilterDenyAction !== 'Reject') return 'drop';
  if (stage === 'forward' || stage === 'normal') return 'reject';
  throw new UnprogrammableError(
    'iptablesFilterDenyAction is Reject, which the kernel refuses outside the filter table: ' +
      'this policy denies before DNAT or untracked',
  );
}

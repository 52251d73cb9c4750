import type { Direction } from '../objects.ts';
import { addEndpointChain, type Context, chooseDenial } from './endpoint-chain.ts';
import type { Inputs, Workload } from './inputs.ts';
import { type PolicyEndpoint, selectApplicable, type TierPolicies } from './policies.ts';
import { namespaceLabel } from './selector.ts';

/** A pod as policies see it. */
export const describeEndpoint = ({ namespace, labels }: Workload): PolicyEndpoint => ({
  namespace,
  labels: { ...labels, [namespaceLabel]: namespace, 'projectcalico.org/orchestrator': 'k8s' },
});

/**
 * Adds the chain that sends packets of the node's pods to each pod's own. Egress: by the interface they come from;
 * Ingress: by the one they leave by. Packets of an interface that no known pod has are dropped, as Felix does.
 */
export function addWorkloadDispatch(
  context: Context,
  { node, workloads }: Inputs,
  tiers: readonly TierPolicies[],
  direction: Direction,
): string {
  const [name, field] =
    direction === 'Egress' ? (['from-workload', 'iifname'] as const) : (['to-workload', 'oifname'] as const);
  return context.script.chain(name, () => [
    ...workloads
      .filter((workload) => workload.node === node)
      .map((workload) => {
        const chain = addEndpointChain(context, {
          name: `${name}-${workload.interfaceName}`,
          kind: 'workload',
          stage: 'normal',
          direction,
          tiers: selectApplicable(tiers, describeEndpoint(workload), 'normal', direction),
          profileAllows: true, // kns.<namespace> allows everything in both directions
        });
        return `${field} "${workload.interfaceName}" goto ${chain}`;
      }),
    `${context.script.count('unknown-workload-interface')} ${chooseDenial(context, 'normal')}`,
  ]);
}

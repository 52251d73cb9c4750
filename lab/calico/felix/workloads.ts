import type { Direction } from '../objects.ts';
import { type Context, denial, endpointChain } from './endpoint-chain.ts';
import type { Inputs, Workload } from './inputs.ts';
import { applicable, type Endpoint, type TierPolicies } from './policies.ts';
import { namespaceLabel } from './selector.ts';

/** A pod as policies see it. */
export const asEndpoint = ({ namespace, labels }: Workload): Endpoint => ({
  namespace,
  labels: { ...labels, [namespaceLabel]: namespace, 'projectcalico.org/orchestrator': 'k8s' },
});

/**
 * Chain that sends packets of the node's pods to each pod's own. Egress: by the interface they come from; Ingress: by the one they leave by.
 * Packets of an interface that no known pod has are dropped, as Felix does.
 */
export function workloadDispatch(
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
        const chain = endpointChain(context, {
          name: `${name}-${workload.interfaceName}`,
          kind: 'workload',
          stage: 'normal',
          direction,
          tiers: applicable(tiers, asEndpoint(workload), 'normal', direction),
          profileAllows: true, // kns.<namespace> allows everything in both directions
        });
        return `${field} "${workload.interfaceName}" goto ${chain}`;
      }),
    `${context.script.count('unknown-workload-interface')} ${denial(context, 'normal')}`,
  ]);
}

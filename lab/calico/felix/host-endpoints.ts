import type { Direction, HostEndpoint } from '../objects.ts';
import { addEndpointChain, type Context } from './endpoint-chain.ts';
import type { Inputs } from './inputs.ts';
import { type Stage, selectApplicable, type TierPolicies } from './policies.ts';

/** Host endpoints of a node by the interface that they protect; `*`: every interface without one of its own. */
export type ByInterface = ReadonlyMap<string, HostEndpoint>;

/** Of several for the same interface, Felix takes the alphabetically first. */
export function mapByInterface({ node, hostEndpoints, interfaces }: Inputs): ByInterface {
  const found = new Map<string, HostEndpoint>();
  for (const endpoint of hostEndpoints
    .filter(({ spec }) => spec.node === node)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { interfaceName, expectedIPs = [] } = endpoint.spec;
    const names = interfaceName
      ? [interfaceName]
      : interfaces
          .filter(({ addresses }) => addresses.some((address) => expectedIPs.includes(address)))
          .map(({ name }) => name);
    for (const name of names) if (!found.has(name)) found.set(name, endpoint);
  }
  return found;
}

/** Rules that send a packet to the chain of the host endpoint that it enters or leaves by. */
export function compileHostDispatch(
  context: Context,
  endpoints: ByInterface,
  tiers: readonly TierPolicies[],
  stage: Stage,
  direction: Direction,
): string[] {
  const rules: string[] = [];
  const named = [...endpoints].filter(([name]) => name !== '*');
  const wildcard = stage === 'untracked' ? undefined : endpoints.get('*'); // Calico ignores doNotTrack there
  const field = direction === 'Ingress' ? 'iifname' : 'oifname';
  for (const [name, endpoint] of named) {
    const verdict = compileVerdict(context, name, endpoint, tiers, stage, direction);
    if (verdict !== undefined) rules.push(`${field} "${name}" ${verdict}`);
  }
  const last = wildcard && compileVerdict(context, 'any-interface-at-all', wildcard, tiers, stage, direction);
  return last === undefined ? rules : [...rules, last];
}

const prefixes = { untracked: 'raw', preDnat: 'prednat', forward: 'forward', normal: 'normal' } as const;

/**
 * Undefined: the endpoint takes no part in this stage. An endpoint of its own keeps an interface from the wildcard, but
 * before DNAT only where a preDNAT policy selects it (felix/dataplane/linux/endpoint_mgr.go, updateHostEndpoints).
 */
function compileVerdict(
  context: Context,
  name: string,
  { metadata, spec }: HostEndpoint,
  tiers: readonly TierPolicies[],
  stage: Stage,
  direction: Direction,
): string | undefined {
  const applied = selectApplicable(tiers, { labels: metadata.labels ?? {} }, stage, direction);
  if (applied.length === 0 && (stage === 'untracked' || stage === 'preDnat')) return undefined;
  const side = direction === 'Ingress' ? 'from' : 'to';
  const chain = addEndpointChain(context, {
    name: `${side}-host-${prefixes[stage]}-${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`,
    kind: 'host',
    stage,
    direction,
    tiers: applied,
    profileAllows: spec.profiles?.includes('projectcalico-default-allow') ?? false,
  });
  return `goto ${chain}`;
}

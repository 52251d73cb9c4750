import type { GlobalNetworkPolicy, NetworkPolicy } from '../objects.ts';
import type { Context } from './endpoint-chain.ts';
import { compileHostDispatch, mapByInterface } from './host-endpoints.ts';
import type { Inputs } from './inputs.ts';
import { orderPolicies, type Policy, readGlobalPolicy, readNamespacedPolicy, type Stage } from './policies.ts';
import { type AddressesOf, compileMatch } from './rule.ts';
import { mark, Script } from './script.ts';
import { parseSelector } from './selector.ts';
import { addWorkloadDispatch, describeEndpoint } from './workloads.ts';

/**
 * Compiles the nftables script that enforces policy on one node, at the hooks where Calico's Felix puts its chains
 * (felix/rules/static.go): raw and mangle prerouting, filter input, forward and output, and mangle postrouting for what
 * the host sent to a DNATed address. One transaction replaces all of it. A policy that cannot be read is left out, as
 * Felix does; a comment in the script gives the reason. Throws UnprogrammableError.
 */
export function compile(inputs: Inputs): string {
  const script = new Script();
  const { configuration } = inputs;
  const context: Context = { script, configuration, addressesFor: (policy) => createAddressFinder(inputs, policy) };
  const tiers = orderPolicies(readPolicies(inputs, context), inputs.tiers);
  const endpoints = mapByInterface(inputs);
  const fromHost = (stage: Stage): string =>
    script.chain(`from-host-${stage}`, () => compileHostDispatch(context, endpoints, tiers, stage, 'Ingress'));
  const toHost = (stage: Stage): string =>
    script.chain(`to-host-${stage}`, () => compileHostDispatch(context, endpoints, tiers, stage, 'Egress'));
  const fromWorkload = addWorkloadDispatch(context, inputs, tiers, 'Egress');
  const toWorkload = addWorkloadDispatch(context, inputs, tiers, 'Ingress');
  const workload = `"${inputs.workloadInterfacePrefix}*"`;
  const accepted = `${mark.isAccepted} accept`;

  script.hook('raw-prerouting', 'prerouting', 'raw', [mark.clear, `jump ${fromHost('untracked')}`]);
  script.hook('raw-output', 'output', 'raw', [mark.clear, `jump ${toHost('untracked')}`]);
  script.hook('mangle-prerouting', 'prerouting', 'mangle', [
    'ct state established,related accept',
    accepted,
    `jump ${fromHost('preDnat')}`,
  ]);
  script.hook('filter-input', 'input', 'filter', [
    `iifname ${workload} goto ${addWorkloadToHost(context, fromWorkload)}`,
    accepted,
    mark.clear,
    `jump ${fromHost('normal')}`,
  ]);
  script.hook('filter-forward', 'forward', 'filter', [
    mark.clearPass,
    `${mark.notAccepted} jump ${fromHost('forward')}`,
    `iifname ${workload} jump ${fromWorkload}`,
    `oifname ${workload} jump ${toWorkload}`,
    `jump ${toHost('forward')}`,
    mark.accept, // shows mangle-postrouting that the packet is not the host's own
  ]);
  // A host always reaches its own pods. A DNATed packet leaves by another interface than the one seen here, so its
  // policy is applied after routing.
  script.hook('filter-output', 'output', 'filter', [
    accepted,
    `oifname ${workload} return`,
    mark.clear,
    'ct status and dnat != 0 return', // a test for 0 would not match the packets that are not tracked
    `jump ${toHost('normal')}`,
  ]);
  script.hook('mangle-postrouting', 'postrouting', 'mangle', [
    `${mark.isAccepted} return`,
    `oifname ${workload} return`,
    `ct status and dnat != 0 jump ${toHost('normal')}`,
  ]);
  return script.text();
}

/** What pods send to their own node: their egress policy, then the configured action. */
function addWorkloadToHost({ script, configuration }: Context, fromWorkload: string): string {
  const action = configuration.defaultEndpointToHostAction?.toLowerCase() ?? 'accept';
  const last = action === 'drop' ? `${script.count('workload-to-host')} drop` : action;
  return script.chain('workload-to-host', () => [`jump ${fromWorkload}`, last]);
}

function readPolicies(inputs: Inputs, context: Context): Policy[] {
  const read = <T extends GlobalNetworkPolicy | NetworkPolicy>(
    objects: readonly T[],
    kind: string,
    policyOf: (object: T) => Policy,
  ): Policy[] =>
    objects.flatMap((object) => {
      try {
        const policy = policyOf(object);
        for (const rule of Object.values(policy.rules).flat()) compileMatch(rule, context.addressesFor(policy));
        return [policy];
      } catch (error) {
        context.script.remark(
          `left out: ${kind} ${object.metadata.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
        return [];
      }
    });
  return [
    ...read(inputs.globalNetworkPolicies, 'GlobalNetworkPolicy', (object) =>
      readGlobalPolicy(object, inputs.namespaces),
    ),
    ...read(inputs.networkPolicies, 'NetworkPolicy', readNamespacedPolicy),
  ];
}

/**
 * Finds the addresses that a rule's selectors name: of pods and host endpoints; in a namespaced policy, of its own
 * namespace unless it selects others.
 */
function createAddressFinder({ workloads, hostEndpoints, namespaces }: Inputs, policy: Policy): AddressesOf {
  return ({ selector = '', namespaceSelector }) => {
    const selects = parseSelector(selector);
    const inNamespace = namespaceSelector === undefined ? undefined : parseSelector(namespaceSelector);
    const pods = workloads.filter(({ namespace }) =>
      inNamespace === undefined
        ? policy.namespace === undefined || namespace === policy.namespace
        : inNamespace(namespaces[namespace] ?? {}),
    );
    const hosts = policy.namespace === undefined && inNamespace === undefined ? hostEndpoints : [];
    return [
      ...pods.filter((pod) => selects(describeEndpoint(pod).labels)).map(({ address }) => address),
      ...hosts
        .filter(({ metadata }) => selects(metadata.labels ?? {}))
        .flatMap(({ spec }) => (spec.expectedIPs ?? []).filter((address) => !address.includes(':'))),
    ].toSorted();
  };
}

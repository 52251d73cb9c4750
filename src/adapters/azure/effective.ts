import type {
  EffectiveNetworkSecurityGroupListResult,
  EffectiveNetworkSecurityRule,
  EffectiveRouteListResult,
  EffectiveRoute as RawRoute,
} from '@azure/arm-network';
import type { Clients } from './clients.ts';
import type { EffectiveGroup, EffectiveRoute, EffectiveRule } from './effective-rules.ts';
import { nameOf, parseId } from './ids.ts';
import type { Operations, Poller } from './operation.ts';
import { formTitle } from './resource.ts';

/**
 * What Azure's fabric makes of everything that is configured for an interface. It answers only while a running VM has
 * the interface.
 */
export interface Effective {
  /** The groups of the interface and of its subnet; none: nothing is filtered. */
  securityGroups(interfaceId: string, signal: AbortSignal): Promise<readonly EffectiveGroup[]>;
  routes(interfaceId: string, signal: AbortSignal): Promise<readonly EffectiveRoute[]>;
}

type EffectiveClient = Awaited<ReturnType<Clients['network']>>;
type Answering<Result> = Poller & { readonly result: Result | undefined };
type Ask<Result> = (
  client: EffectiveClient,
  group: string,
  name: string,
  options: { abortSignal: AbortSignal },
) => Answering<Result>;

export function createEffective(clients: Clients, operations: Operations): Effective {
  /** A POST that is a long-running operation; it changes nothing, so it is asked again rather than resumed. */
  const ask = async <Result>(
    what: string,
    id: string,
    signal: AbortSignal,
    send: Ask<Result>,
  ): Promise<Result | undefined> => {
    const { subscriptionId, resourceGroup } = parseId(id);
    const client = await clients.network(subscriptionId);
    const sent: Answering<Result>[] = [];
    const start = (abortSignal: AbortSignal) => {
      const poller = send(client, resourceGroup, nameOf(id), { abortSignal });
      sent.push(poller);
      return { poller };
    };
    const restore = (): never => {
      throw new TypeError('a question is asked again, not resumed');
    };
    await operations.run(
      { verb: 'POST', id, title: `read ${what} of ${formTitle(id)}`, start, restore },
      { signal, save: () => {} },
    );
    return sent[0]?.result;
  };
  return {
    async securityGroups(id, signal) {
      const found = await ask<EffectiveNetworkSecurityGroupListResult>(
        'effective security rules',
        id,
        signal,
        (client, group, name, options) =>
          client.networkInterfaces.listEffectiveNetworkSecurityGroups(group, name, options),
      );
      return (found?.value ?? []).map(({ effectiveSecurityRules = [] }) => ({
        rules: effectiveSecurityRules.map(ruleOf),
      }));
    },
    async routes(id, signal) {
      const found = await ask<EffectiveRouteListResult>(
        'effective routes',
        id,
        signal,
        (client, group, name, options) => client.networkInterfaces.getEffectiveRouteTable(group, name, options),
      );
      return (found?.value ?? []).map(routeOf);
    },
  };
}

/**
 * Azure spells out a service tag in the expanded list, which is null or empty without one; other prefixes of the same
 * rule may stand in the plain list alone.
 */
const ruleOf = (raw: EffectiveNetworkSecurityRule): EffectiveRule => ({
  name: raw.name ?? '',
  priority: raw.priority ?? Number.POSITIVE_INFINITY,
  direction: raw.direction ?? '',
  access: raw.access ?? '',
  protocol: raw.protocol ?? 'All',
  sources: [...(raw.expandedSourceAddressPrefix ?? []), ...allOf(raw.sourceAddressPrefix, raw.sourceAddressPrefixes)],
  destinations: [
    ...(raw.expandedDestinationAddressPrefix ?? []),
    ...allOf(raw.destinationAddressPrefix, raw.destinationAddressPrefixes),
  ],
  sourcePorts: allOf(raw.sourcePortRange, raw.sourcePortRanges),
  destinationPorts: allOf(raw.destinationPortRange, raw.destinationPortRanges),
});

const routeOf = (raw: RawRoute): EffectiveRoute => ({
  prefixes: raw.addressPrefix ?? [],
  nextHop: raw.nextHopType ?? '',
  source: raw.source ?? '',
  active: raw.state === undefined || raw.state === 'Active',
});

/** ARM has a field for one value and one for many, and may fill both; neither means any. */
function allOf(one: string | null | undefined, many: readonly string[] | null | undefined): readonly string[] {
  const all = [...new Set([...(one == null || one === '' ? [] : [one]), ...(many ?? [])])];
  return all.length > 0 ? all : ['*'];
}

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Arm } from '../arm.ts';
import { armError } from '../errors.ts';
import { newEtag, parentIdOf, type Resource, sameId } from '../store.ts';
import type { InterfaceProperties } from './interfaces.ts';
import { applyNetwork, envelope, type ResourceType } from './type.ts';
import type { SubnetProperties } from './virtual-networks.ts';

export interface SecurityGroupProperties {
  provisioningState?: string;
  resourceGuid: string;
}

export const securityGroupType = 'Microsoft.Network/networkSecurityGroups';
export const ruleType = 'Microsoft.Network/networkSecurityGroups/securityRules';

const ruleProperties = z.looseObject({
  priority: z.int().min(100).max(4096),
  direction: z.enum(['Inbound', 'Outbound']),
  access: z.enum(['Allow', 'Deny']),
  protocol: z.enum(['Tcp', 'Udp', 'Icmp', '*']),
  sourceAddressPrefix: z.string().optional(),
  sourceAddressPrefixes: z.array(z.string()).optional(),
  sourcePortRange: z.string().optional(),
  sourcePortRanges: z.array(z.string()).optional(),
  destinationAddressPrefix: z.string().optional(),
  destinationAddressPrefixes: z.array(z.string()).optional(),
  destinationPortRange: z.string().optional(),
  destinationPortRanges: z.array(z.string()).optional(),
});
export type RuleProperties = z.output<typeof ruleProperties> & { provisioningState?: string };

const ruleBody = z.looseObject({ properties: ruleProperties });
const groupBody = z.looseObject({
  ...envelope,
  location: z.string(),
  properties: z.looseObject({ securityRules: z.array(ruleBody.extend({ name: z.string() })).optional() }).prefault({}),
});

export const securityGroups: ResourceType<SecurityGroupProperties, z.output<typeof groupBody>> = {
  type: securityGroupType,
  lasts: { create: 'securityGroup', remove: 'securityGroupDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id] }),
  write: {
    body: groupBody,
    accept({ arm, id, body }, existing) {
      const wanted = (body.properties.securityRules ?? []).map((rule) =>
        ruleResource(`${id}/securityRules/${rule.name}`, rule.properties),
      );
      for (const rule of wanted) refuseSamePriority(rule, wanted);
      for (const old of rulesOf(arm, id)) if (!wanted.some((rule) => sameId(rule.id, old.id))) arm.store.remove(old.id);
      for (const rule of wanted) arm.store.put(rule);
      return { resourceGuid: existing?.properties.resourceGuid ?? randomUUID() };
    },
    async realise(resource, arm) {
      for (const rule of rulesOf(arm, resource.id)) {
        rule.real = true;
        rule.properties.provisioningState = 'Succeeded';
      }
      await arm.effects.applyNetwork();
    },
  },
  removal: {
    refuse(resource, arm) {
      const [user] = usersOf(resource, arm).flat();
      if (user !== undefined)
        throw armError('InUseNetworkSecurityGroupCannotBeDeleted', { id: resource.id, other: user.id });
    },
    erase: applyNetwork,
  },
  view(resource, arm) {
    const [networkInterfaces, subnets] = usersOf(resource, arm);
    return {
      ...resource.properties,
      securityRules: rulesOf(arm, resource.id).map(({ id, name, type, etag, properties }) => ({
        id,
        name,
        type,
        etag,
        properties,
      })),
      ...(networkInterfaces.length > 0 && { networkInterfaces }),
      ...(subnets.length > 0 && { subnets }),
    };
  },
};

export const securityRules: ResourceType<RuleProperties, z.output<typeof ruleBody>> = {
  type: ruleType,
  lasts: { create: 'securityGroup', remove: 'securityGroupDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id, parentIdOf(id)] }),
  write: {
    body: ruleBody,
    accept({ arm, id, body }) {
      const rule = ruleResource(id, body.properties);
      refuseSamePriority(rule, rulesOf(arm, parentIdOf(id)));
      return rule.properties;
    },
    realise: applyNetwork,
  },
  removal: { erase: applyNetwork },
};

/** Rules of a group, by ascending priority. */
export function rulesOf(arm: Pick<Arm, 'store'>, groupId: string): Resource<RuleProperties>[] {
  return arm.store
    .childrenOf<RuleProperties>(groupId, ruleType)
    .sort((a, b) => a.properties.priority - b.properties.priority);
}

function ruleResource(id: string, properties: RuleProperties): Resource<RuleProperties> {
  const stored = { ...properties, provisioningState: 'Updating' };
  return {
    id,
    name: id.split('/').at(-1) ?? id,
    type: ruleType,
    group: id.split('/')[4] ?? '',
    etag: newEtag(),
    real: false,
    properties: stored,
  };
}

function refuseSamePriority(rule: Resource<RuleProperties>, all: readonly Resource<RuleProperties>[]): void {
  const { priority, direction } = rule.properties;
  const rival = all.find(
    (other) =>
      !sameId(other.id, rule.id) && other.properties.priority === priority && other.properties.direction === direction,
  );
  if (rival !== undefined) throw armError('SecurityRuleConflict', { id: rule.id, other: rival.name });
}

/** Interfaces and subnets that a group protects. */
function usersOf(group: Resource, arm: Arm): [{ id: string }[], { id: string }[]] {
  const protectedBy = (each: Resource<InterfaceProperties> | Resource<SubnetProperties>): boolean =>
    sameId(each.properties.networkSecurityGroup?.id, group.id);
  return [
    arm.store
      .ofType<InterfaceProperties>('Microsoft.Network/networkInterfaces')
      .filter(protectedBy)
      .map(({ id }) => ({ id })),
    arm.store
      .ofType<SubnetProperties>('Microsoft.Network/virtualNetworks/subnets')
      .filter(protectedBy)
      .map(({ id }) => ({ id })),
  ];
}

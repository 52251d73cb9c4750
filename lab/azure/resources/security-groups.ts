import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { createEtag, isSameId, type Resource, readParentId } from '../arm/store.ts';
import { defaultRules } from '../network/default-rules.ts';
import type { InterfaceProperties } from './interfaces.ts';
import type { SubnetProperties } from './subnets.ts';
import { applyNetwork, envelope, type ResourceType } from './type.ts';

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
        createRule(`${id}/securityRules/${rule.name}`, rule.properties),
      );
      for (const rule of wanted) refuseSamePriority(rule, wanted);
      for (const old of listRules(arm, id))
        if (!wanted.some((rule) => isSameId(rule.id, old.id))) arm.store.remove(old.id);
      for (const rule of wanted) arm.store.put(rule);
      return { resourceGuid: existing?.properties.resourceGuid ?? randomUUID() };
    },
    async realise(resource, arm) {
      for (const rule of listRules(arm, resource.id)) {
        rule.real = true;
        rule.properties.provisioningState = 'Succeeded';
      }
      await arm.dataPlane.applyNetwork();
    },
  },
  removal: {
    refuse(resource, arm) {
      const [user] = listUsers(resource, arm).flat();
      if (user !== undefined)
        throw createArmError('InUseNetworkSecurityGroupCannotBeDeleted', { id: resource.id, other: user.id });
    },
    erase: applyNetwork,
  },
  view(resource, arm) {
    const [networkInterfaces, subnets] = listUsers(resource, arm);
    return {
      ...resource.properties,
      securityRules: listRules(arm, resource.id).map(({ id, name, type, etag, properties }) => ({
        id,
        name,
        type,
        etag,
        properties,
      })),
      defaultSecurityRules: defaultRules.map(({ name, ...properties }) => ({
        id: `${resource.id}/defaultSecurityRules/${name}`,
        name,
        type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
        etag: resource.etag,
        properties: { provisioningState: 'Succeeded', ...properties },
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
  locks: (id) => ({ own: [id, readParentId(id)] }),
  write: {
    body: ruleBody,
    accept({ arm, id, body }) {
      const rule = createRule(id, body.properties);
      refuseSamePriority(rule, listRules(arm, readParentId(id)));
      return rule.properties;
    },
    realise: applyNetwork,
  },
  removal: { erase: applyNetwork },
};

/** Rules of a group, by ascending priority. */
export function listRules(arm: Pick<Arm, 'store'>, groupId: string): Resource<RuleProperties>[] {
  return arm.store
    .listChildren<RuleProperties>(groupId, ruleType)
    .sort((a, b) => a.properties.priority - b.properties.priority);
}

function createRule(id: string, properties: RuleProperties): Resource<RuleProperties> {
  const stored = { ...properties, provisioningState: 'Updating' };
  return {
    id,
    name: id.split('/').at(-1) ?? id,
    type: ruleType,
    group: id.split('/')[4] ?? '',
    etag: createEtag(),
    real: false,
    properties: stored,
  };
}

function refuseSamePriority(rule: Resource<RuleProperties>, all: readonly Resource<RuleProperties>[]): void {
  const { priority, direction } = rule.properties;
  const rival = all.find(
    (other) =>
      !isSameId(other.id, rule.id) &&
      other.properties.priority === priority &&
      other.properties.direction === direction,
  );
  if (rival !== undefined) throw createArmError('SecurityRuleConflict', { id: rule.id, other: rival.name });
}

/** Interfaces and subnets that a group protects. */
function listUsers(group: Resource, arm: Arm): [{ id: string }[], { id: string }[]] {
  const protectedBy = (each: Resource<InterfaceProperties> | Resource<SubnetProperties>): boolean =>
    isSameId(each.properties.networkSecurityGroup?.id, group.id);
  return [
    arm.store
      .listByType<InterfaceProperties>('Microsoft.Network/networkInterfaces')
      .filter(protectedBy)
      .map(({ id }) => ({ id })),
    arm.store
      .listByType<SubnetProperties>('Microsoft.Network/virtualNetworks/subnets')
      .filter(protectedBy)
      .map(({ id }) => ({ id })),
  ];
}

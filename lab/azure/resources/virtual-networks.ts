import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { createEtag, isSameId, normalizeId, type Resource, readParentId } from '../arm/store.ts';
import { contains, hasOverlap, parseCidr } from '../network/cidr.ts';
import type { InterfaceProperties } from './interfaces.ts';
import { disconnectRemotes, markOutOfSync, type PeeringProperties, peeringType, presentPeering } from './peerings.ts';
import { applyNetwork, envelope, type ResourceType, reference } from './type.ts';

export interface NetworkProperties {
  provisioningState?: string;
  resourceGuid: string;
  addressSpace: { addressPrefixes: string[] };
}

export interface SubnetProperties {
  provisioningState?: string;
  addressPrefix: string;
  networkSecurityGroup?: { id: string } | undefined;
  defaultOutboundAccess?: boolean | undefined;
}

export const networkType = 'Microsoft.Network/virtualNetworks';
export const subnetType = 'Microsoft.Network/virtualNetworks/subnets';

const subnetProperties = z
  .looseObject({
    addressPrefix: z.string().optional(),
    addressPrefixes: z.array(z.string()).optional(),
    networkSecurityGroup: reference.optional(),
    defaultOutboundAccess: z.boolean().optional(),
  })
  .refine((subnet) => subnet.addressPrefix !== undefined || subnet.addressPrefixes?.length === 1, {
    error: 'a subnet needs one addressPrefix',
  });
const subnetBody = z.looseObject({ properties: subnetProperties });
type SubnetBody = z.output<typeof subnetBody>;

const networkBody = z.looseObject({
  ...envelope,
  location: z.string(),
  properties: z.looseObject({
    addressSpace: z.looseObject({ addressPrefixes: z.array(z.string()).min(1) }),
    subnets: z.array(subnetBody.extend({ name: z.string() })).optional(),
  }),
});
type NetworkBody = z.output<typeof networkBody>;

export const virtualNetworks: ResourceType<NetworkProperties, NetworkBody> = {
  type: networkType,
  lasts: { create: 'network', remove: 'networkDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id] }),
  write: {
    body: networkBody,
    accept({ arm, id, body }, existing) {
      const prefixes = body.properties.addressSpace.addressPrefixes;
      const bad = prefixes.find((prefix) => parseCidr(prefix) === undefined);
      if (bad !== undefined)
        throw createArmError('InvalidRequestContent', {
          text: `address prefix '${bad}' is not a network in CIDR form`,
        });
      const wanted = (body.properties.subnets ?? []).map((subnet) =>
        acceptSubnet(arm, `${id}/subnets/${subnet.name}`, subnet, prefixes),
      );
      const siblings = wanted.flatMap((subnet, at) => wanted.slice(at + 1).map((other) => [subnet, other] as const));
      const clash = siblings.find(([a, b]) => hasOverlap([a.properties.addressPrefix], [b.properties.addressPrefix]));
      if (clash !== undefined)
        throw createArmError('NetcfgInvalidSubnet', { id: clash[0].id, text: `it overlaps subnet ${clash[1].name}` });
      // a PUT replaces: subnets that the body does not name are taken away
      const dropped = arm.store
        .listChildren<SubnetProperties>(id, subnetType)
        .filter((old) => !wanted.some((subnet) => isSameId(subnet.id, old.id)));
      for (const subnet of dropped) refuseSubnetInUse(subnet, arm);
      for (const subnet of dropped) arm.store.remove(subnet.id);
      for (const subnet of wanted) arm.store.put(subnet);
      if (existing !== undefined && String(existing.properties.addressSpace.addressPrefixes) !== String(prefixes))
        markOutOfSync(arm, id);
      return {
        resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        addressSpace: { addressPrefixes: prefixes },
      };
    },
    async realise(resource, arm) {
      for (const subnet of arm.store.listChildren(resource.id, subnetType)) {
        subnet.real = true;
        subnet.properties.provisioningState = 'Succeeded';
      }
      await arm.dataPlane.applyNetwork();
    },
  },
  removal: {
    refuse(resource, arm) {
      for (const subnet of arm.store.listChildren<SubnetProperties>(resource.id, subnetType))
        refuseSubnetInUse(subnet, arm);
    },
    async erase(resource, arm) {
      disconnectRemotes(arm, resource.id);
      await arm.dataPlane.applyNetwork();
    },
  },
  view: (resource, arm) => ({
    ...resource.properties,
    subnets: arm.store
      .listChildren<SubnetProperties>(resource.id, subnetType)
      .map((subnet) => presentChild(subnet, presentSubnet(subnet, arm))),
    virtualNetworkPeerings: arm.store
      .listChildren<PeeringProperties>(resource.id, peeringType)
      .map((peering) => presentChild(peering, presentPeering(peering, arm))),
    enableDdosProtection: false,
  }),
};

export const subnets: ResourceType<SubnetProperties, SubnetBody> = {
  type: subnetType,
  lasts: { create: 'network', remove: 'networkDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id, readParentId(id)] }),
  write: {
    body: subnetBody,
    links: (body) =>
      body.properties.networkSecurityGroup === undefined
        ? []
        : [
            {
              action: 'Microsoft.Network/networkSecurityGroups/join/action',
              id: body.properties.networkSecurityGroup.id,
            },
          ],
    accept({ arm, id, body }) {
      const network = arm.store.get<NetworkProperties>(readParentId(id));
      const subnet = acceptSubnet(arm, id, body, network?.properties.addressSpace.addressPrefixes ?? []);
      const other = arm.store
        .listChildren<SubnetProperties>(readParentId(id), subnetType)
        .find(
          (each) =>
            !isSameId(each.id, id) && hasOverlap([each.properties.addressPrefix], [subnet.properties.addressPrefix]),
        );
      if (other !== undefined)
        throw createArmError('NetcfgInvalidSubnet', { id, text: `it overlaps subnet ${other.name}` });
      return subnet.properties;
    },
    realise: applyNetwork,
  },
  removal: { refuse: refuseSubnetInUse, erase: applyNetwork },
  view: presentSubnet,
};

function acceptSubnet(arm: Arm, id: string, body: SubnetBody, spaces: readonly string[]): Resource<SubnetProperties> {
  const prefix = body.properties.addressPrefix ?? body.properties.addressPrefixes?.[0] ?? '';
  const block = parseCidr(prefix);
  if (block === undefined)
    throw createArmError('InvalidRequestContent', {
      text: `address prefix '${prefix}' of subnet ${id} is not a network in CIDR form`,
    });
  const inside = spaces.some((space) => {
    const outer = parseCidr(space);
    return outer !== undefined && contains(outer, block);
  });
  if (!inside)
    throw createArmError('NetcfgInvalidSubnet', { id, text: `${prefix} is not within ${spaces.join(', ')}` });
  const existing = arm.store.get<SubnetProperties>(id);
  if (existing !== undefined && existing.properties.addressPrefix !== prefix) refuseSubnetInUse(existing, arm);
  const { networkSecurityGroup, defaultOutboundAccess } = body.properties;
  if (networkSecurityGroup !== undefined && arm.store.get(networkSecurityGroup.id) === undefined)
    throw createArmError('InvalidResourceReference', { id, other: networkSecurityGroup.id });
  return {
    id,
    name: id.split('/').at(-1) ?? id,
    type: subnetType,
    group: id.split('/')[4] ?? '',
    etag: createEtag(),
    real: existing?.real ?? false,
    properties: { provisioningState: 'Updating', addressPrefix: prefix, networkSecurityGroup, defaultOutboundAccess },
  };
}

function presentSubnet(subnet: Resource<SubnetProperties>, arm: Arm): object {
  const users = listConfigurations(arm, subnet.id);
  return {
    ...subnet.properties,
    ...(users.length > 0 && { ipConfigurations: users.map((id) => ({ id })) }),
    delegations: [],
    privateEndpointNetworkPolicies: 'Disabled',
  };
}

function refuseSubnetInUse(subnet: Resource<SubnetProperties>, arm: Arm): void {
  const [user] = listConfigurations(arm, subnet.id);
  if (user !== undefined) throw createArmError('InUseSubnetCannotBeDeleted', { id: subnet.id, other: user });
}

/** Ids of the IP configurations that live in a subnet. */
function listConfigurations(arm: Arm, subnetId: string): string[] {
  return arm.store
    .listByType<InterfaceProperties>('Microsoft.Network/networkInterfaces')
    .flatMap((nic) => nic.properties.ipConfigurations)
    .filter((configuration) => normalizeId(configuration.properties.subnet.id) === normalizeId(subnetId))
    .map((configuration) => configuration.id);
}

const presentChild = (child: Resource, properties: object): object => ({
  id: child.id,
  name: child.name,
  type: child.type,
  etag: child.etag,
  properties,
});

import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { createEtag, isSameId, normalizeId, type Resource, readParentId } from '../arm/store.ts';
import { contains, hasOverlap, parseCidr } from '../network/cidr.ts';
import type { InterfaceProperties } from './interfaces.ts';
import { applyNetwork, type ResourceType, reference } from './type.ts';
import type { NetworkProperties } from './virtual-networks.ts';

export interface SubnetProperties {
  provisioningState?: string;
  addressPrefix: string;
  networkSecurityGroup?: { id: string } | undefined;
  defaultOutboundAccess?: boolean | undefined;
}

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
export const subnetBody = z.looseObject({ properties: subnetProperties });
type SubnetBody = z.output<typeof subnetBody>;

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

export function acceptSubnet(
  arm: Arm,
  id: string,
  body: SubnetBody,
  spaces: readonly string[],
): Resource<SubnetProperties> {
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

export function presentSubnet(subnet: Resource<SubnetProperties>, arm: Arm): object {
  const users = listConfigurations(arm, subnet.id);
  return {
    ...subnet.properties,
    ...(users.length > 0 && { ipConfigurations: users.map((id) => ({ id })) }),
    delegations: [],
    privateEndpointNetworkPolicies: 'Disabled',
  };
}

export function refuseSubnetInUse(subnet: Resource<SubnetProperties>, arm: Arm): void {
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

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { createArmError } from '../arm/errors.ts';
import { isSameId, type Resource } from '../arm/store.ts';
import { hasOverlap, parseCidr } from '../network/cidr.ts';
import { disconnectRemotes, markOutOfSync, type PeeringProperties, peeringType, presentPeering } from './peerings.ts';
import {
  acceptSubnet,
  presentSubnet,
  refuseSubnetInUse,
  type SubnetProperties,
  subnetBody,
  subnetType,
} from './subnets.ts';
import { envelope, type ResourceType } from './type.ts';

export interface NetworkProperties {
  provisioningState?: string;
  resourceGuid: string;
  addressSpace: { addressPrefixes: string[] };
}

export const networkType = 'Microsoft.Network/virtualNetworks';

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

const presentChild = (child: Resource, properties: object): object => ({
  id: child.id,
  name: child.name,
  type: child.type,
  etag: child.etag,
  properties,
});

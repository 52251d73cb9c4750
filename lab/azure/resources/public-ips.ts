import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { addresses } from '../../scope.ts';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { isSameId, type Resource } from '../arm/store.ts';
import { findFreeAddress, parseCidr } from '../network/cidr.ts';
import type { InterfaceProperties } from './interfaces.ts';
import { applyNetwork, envelope, type ResourceType } from './type.ts';

export interface PublicIpProperties {
  provisioningState?: string;
  resourceGuid: string;
  ipAddress: string;
  publicIPAllocationMethod: 'Static';
  publicIPAddressVersion: 'IPv4';
  idleTimeoutInMinutes: number;
}

export const publicIpType = 'Microsoft.Network/publicIPAddresses';
/** Addresses are handed out from .10 on. */
const firstHost = 10;

const body = z.looseObject({
  ...envelope,
  location: z.string(),
  properties: z
    .looseObject({
      publicIPAllocationMethod: z.string().default('Dynamic'),
      publicIPAddressVersion: z.literal('IPv4').default('IPv4'),
    })
    .prefault({}),
});

export const publicIps: ResourceType<PublicIpProperties, z.output<typeof body>> = {
  type: publicIpType,
  lasts: { create: 'publicIp', remove: 'publicIpDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id] }),
  write: {
    body,
    accept({ arm, body: { sku, properties } }, existing) {
      if (sku?.name !== 'Standard')
        throw createArmError('InvalidRequestContent', {
          text: 'the Basic SKU of public IP addresses was retired on 2025-09-30; send sku.name Standard',
        });
      if (properties.publicIPAllocationMethod !== 'Static')
        throw createArmError('InvalidRequestContent', { text: 'a Standard public IP address must be Static' });
      return {
        resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        ipAddress: existing?.properties.ipAddress ?? findFreePublicAddress(arm),
        publicIPAllocationMethod: 'Static',
        publicIPAddressVersion: 'IPv4',
        idleTimeoutInMinutes: 4,
      };
    },
    realise: applyNetwork,
  },
  removal: {
    refuse(resource, arm) {
      const user = findUser(resource, arm);
      if (user !== undefined) throw createArmError('PublicIPAddressCannotBeDeleted', { id: resource.id, other: user });
    },
    erase: applyNetwork,
  },
  view(resource, arm) {
    const user = findUser(resource, arm);
    return { ...resource.properties, ...(user && { ipConfiguration: { id: user } }) };
  },
};

function findFreePublicAddress(arm: Arm): string {
  const block = parseCidr(addresses.internet);
  const taken = new Set(
    arm.store.listByType<PublicIpProperties>(publicIpType).map((each) => each.properties.ipAddress),
  );
  taken.add('203.0.113.254'); // the lab's internet has it
  const free = block && findFreeAddress(block, taken, firstHost);
  if (free === undefined) throw createArmError('PublicIPCountLimitReached');
  return free;
}

/** Id of the IP configuration that has this address. */
function findUser(resource: Resource, arm: Arm): string | undefined {
  const nics = arm.store.listByType<InterfaceProperties>('Microsoft.Network/networkInterfaces');
  return nics
    .flatMap((nic) => nic.properties.ipConfigurations)
    .find((each) => isSameId(each.properties.publicIPAddress?.id, resource.id))?.id;
}

import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Arm, requireReferenced } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { isSameId, type Resource } from '../arm/store.ts';
import { findFreeAddress, hasAddress, parseCidr } from '../network/cidr.ts';
import { publicIpType } from './public-ips.ts';
import { securityGroupType } from './security-groups.ts';
import { type SubnetProperties, subnetType } from './subnets.ts';
import { applyNetwork, envelope, type Link, type ResourceType, reference } from './type.ts';

export interface IpConfiguration {
  id: string;
  name: string;
  properties: {
    provisioningState: string;
    privateIPAddress: string;
    privateIPAllocationMethod: 'Dynamic' | 'Static';
    privateIPAddressVersion: 'IPv4';
    primary: boolean;
    subnet: { id: string };
    publicIPAddress?: { id: string } | undefined;
  };
}

export interface InterfaceProperties {
  provisioningState?: string;
  resourceGuid: string;
  macAddress: string;
  ipConfigurations: IpConfiguration[];
  networkSecurityGroup?: { id: string } | undefined;
  /** Set by the VM that has it. */
  virtualMachine?: { id: string } | undefined;
  /** Epoch milliseconds until which a failed VM creation keeps it; not shown. */
  reservedUntil?: number | undefined;
}

export const interfaceType = 'Microsoft.Network/networkInterfaces';

const body = z.looseObject({
  ...envelope,
  location: z.string(),
  properties: z.looseObject({
    networkSecurityGroup: reference.optional(),
    ipConfigurations: z
      .array(
        z.looseObject({
          name: z.string(),
          properties: z.looseObject({
            subnet: reference,
            publicIPAddress: reference.optional(),
            privateIPAllocationMethod: z.enum(['Dynamic', 'Static']).default('Dynamic'),
            privateIPAddress: z.string().optional(),
            primary: z.boolean().optional(),
          }),
        }),
      )
      .min(1),
  }),
});
type Body = z.output<typeof body>;
type ConfigurationBody = Body['properties']['ipConfigurations'][number];

export const interfaces: ResourceType<InterfaceProperties, Body> = {
  type: interfaceType,
  lasts: { create: 'interface', remove: 'interfaceDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id] }),
  answers: { writesAtOnce: true, removal: 200 },
  write: {
    body,
    links: listLinks,
    accept({ arm, id, body: { properties } }, existing) {
      const group =
        properties.networkSecurityGroup &&
        requireReferenced(arm, id, properties.networkSecurityGroup.id, securityGroupType);
      const configurations = properties.ipConfigurations.map((configuration, at) =>
        acceptConfiguration(arm, id, configuration, at, existing),
      );
      return {
        resourceGuid: existing?.properties.resourceGuid ?? randomUUID(),
        macAddress:
          existing?.properties.macAddress ??
          `00-0D-3A-${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('-')}`,
        ipConfigurations: configurations,
        networkSecurityGroup: group && { id: group.id },
        virtualMachine: existing?.properties.virtualMachine,
        reservedUntil: existing?.properties.reservedUntil,
      };
    },
    realise: applyNetwork,
  },
  removal: { refuse: refuseInUse, erase: applyNetwork },
  view({ properties: { reservedUntil: _, ...shown } }) {
    return {
      ...shown,
      enableIPForwarding: false,
      enableAcceleratedNetworking: false,
      nicType: 'Standard',
      primary: shown.virtualMachine === undefined ? undefined : true,
    };
  },
};

function listLinks({ properties }: Body): Link[] {
  const join = (type: string, to: { id: string } | undefined): Link[] =>
    to === undefined ? [] : [{ action: `${type}/join/action`, id: to.id }];
  const perConfiguration = properties.ipConfigurations.flatMap((each) => [
    ...join(subnetType, each.properties.subnet),
    ...join(publicIpType, each.properties.publicIPAddress),
  ]);
  return [...join(securityGroupType, properties.networkSecurityGroup), ...perConfiguration];
}

function acceptConfiguration(
  arm: Arm,
  nicId: string,
  wanted: ConfigurationBody,
  at: number,
  existing: Resource<InterfaceProperties> | undefined,
): IpConfiguration {
  const subnet = requireReferenced<SubnetProperties>(arm, nicId, wanted.properties.subnet.id, subnetType);
  const id = `${nicId}/ipConfigurations/${wanted.name}`;
  const publicIp =
    wanted.properties.publicIPAddress &&
    requireReferenced(arm, nicId, wanted.properties.publicIPAddress.id, publicIpType);
  const others = arm.store
    .listByType<InterfaceProperties>(interfaceType)
    .flatMap((nic) => nic.properties.ipConfigurations)
    .filter((other) => !isSameId(other.id, id));
  const holder = publicIp && others.find((other) => isSameId(other.properties.publicIPAddress?.id, publicIp.id));
  if (publicIp !== undefined && holder !== undefined)
    throw createArmError('PublicIPAddressInUse', { id: nicId, other: publicIp.id, text: holder.id });
  const prior = existing?.properties.ipConfigurations.find(
    (each) => isSameId(each.id, id) && isSameId(each.properties.subnet.id, subnet.id),
  );
  const neighbours = others.filter((other) => isSameId(other.properties.subnet.id, subnet.id));
  return {
    id,
    name: wanted.name,
    properties: {
      provisioningState: 'Succeeded',
      privateIPAddress: chooseAddress(wanted, subnet, neighbours, prior?.properties.privateIPAddress),
      privateIPAllocationMethod: wanted.properties.privateIPAllocationMethod,
      privateIPAddressVersion: 'IPv4',
      primary: wanted.properties.primary ?? at === 0,
      subnet: { id: subnet.id },
      publicIPAddress: publicIp && { id: publicIp.id },
    },
  };
}

function chooseAddress(
  wanted: ConfigurationBody,
  subnet: Resource<SubnetProperties>,
  neighbours: readonly IpConfiguration[],
  prior: string | undefined,
): string {
  const block = parseCidr(subnet.properties.addressPrefix);
  const requested =
    wanted.properties.privateIPAllocationMethod === 'Static' ? wanted.properties.privateIPAddress : undefined;
  if (requested !== undefined) {
    if (block === undefined || !hasAddress(block, requested))
      throw createArmError('PrivateIPAddressNotInSubnet', { text: requested, other: subnet.id });
    const user = neighbours.find((each) => each.properties.privateIPAddress === requested);
    if (user !== undefined) throw createArmError('PrivateIPAddressInUse', { text: requested, other: user.id });
    return requested;
  }
  const free =
    prior ?? (block && findFreeAddress(block, new Set(neighbours.map((each) => each.properties.privateIPAddress))));
  if (free === undefined) throw createArmError('SubnetIsFull', { other: subnet.id });
  return free;
}

/** Refuses while a VM has the interface, or a failed creation still reserves it. */
export function refuseInUse(nic: Resource<InterfaceProperties>): void {
  const { virtualMachine, reservedUntil } = nic.properties;
  if (virtualMachine !== undefined) throw createArmError('NicInUse', { id: nic.id, other: virtualMachine.id });
  if (reservedUntil !== undefined && Date.now() < reservedUntil)
    throw createArmError('NicReservedForAnotherVm', { id: nic.id });
}

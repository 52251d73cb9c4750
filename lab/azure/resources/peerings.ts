import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { createEtag, isSameId, type Resource, readParentId } from '../arm/store.ts';
import { hasOverlap } from '../network/cidr.ts';
import { applyNetwork, type ResourceType, reference } from './type.ts';
import type { NetworkProperties } from './virtual-networks.ts';

export interface PeeringProperties {
  provisioningState?: string;
  resourceGuid: string;
  peeringState: 'Initiated' | 'Connected' | 'Disconnected';
  peeringSyncLevel: 'FullyInSync' | 'RemoteNotInSync' | 'LocalNotInSync' | 'LocalAndRemoteNotInSync';
  remoteVirtualNetwork: { id: string };
  allowVirtualNetworkAccess: boolean;
  allowForwardedTraffic: boolean;
  allowGatewayTransit: boolean;
  useRemoteGateways: boolean;
}

export const peeringType = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';

const flag = z.boolean().default(false);
const body = z.looseObject({
  properties: z.looseObject({
    remoteVirtualNetwork: reference,
    allowVirtualNetworkAccess: z.boolean().default(true),
    allowForwardedTraffic: flag,
    allowGatewayTransit: flag,
    useRemoteGateways: flag,
  }),
});
type Body = z.output<typeof body>;

/**
 * A peering has two sides, each a resource on its own VNet. The first is Initiated; with the second both are Connected;
 * when one goes, or its VNet, the other is Disconnected and refuses a new partner until it is deleted or written again.
 */
export const peerings: ResourceType<PeeringProperties, Body> = {
  type: peeringType,
  lasts: { create: 'peering', remove: 'peeringDelete' },
  whileWriting: 'Updating',
  locks(id, arm, request) {
    const remote =
      request?.properties.remoteVirtualNetwork.id ??
      arm.store.get<PeeringProperties>(id)?.properties.remoteVirtualNetwork.id;
    return { own: [id, readParentId(id)], referenced: remote === undefined ? [] : [remote] };
  },
  write: {
    body,
    links: (request) => [
      { action: 'Microsoft.Network/virtualNetworks/peer/action', id: request.properties.remoteVirtualNetwork.id },
    ],
    accept({ arm, id, body: { properties }, query }, existing) {
      const remote = arm.store.get<NetworkProperties>(properties.remoteVirtualNetwork.id);
      if (remote === undefined) throw createArmError('ResourceNotFound', { id: properties.remoteVirtualNetwork.id });
      const local = readParentId(id);
      if (existing !== undefined && !isSameId(existing.properties.remoteVirtualNetwork.id, remote.id))
        throw createArmError('PropertyChangeNotAllowed', { text: 'remoteVirtualNetwork' });
      const rival = listSides(arm, local).find(
        (side) => !isSameId(side.id, id) && isSameId(side.properties.remoteVirtualNetwork.id, remote.id),
      );
      if (rival !== undefined)
        throw createArmError('AnotherPeeringAlreadyReferencesRemoteVnet', { id, other: rival.id });
      refuseOverlap(arm, id, local, remote.id);
      const partner = findPartner(arm, local, remote.id);
      if (partner?.properties.peeringState === 'Disconnected')
        throw createArmError('RemotePeeringIsDisconnected', { id, other: partner.id });
      if (existing !== undefined && query['syncRemoteAddressSpace'] === 'true') bringIntoSync(existing, partner);
      return {
        resourceGuid: partner?.properties.resourceGuid ?? existing?.properties.resourceGuid ?? randomUUID(),
        peeringState: partner === undefined ? 'Initiated' : 'Connected',
        peeringSyncLevel:
          partner === undefined
            ? 'RemoteNotInSync'
            : partner.real && existing?.real
              ? existing.properties.peeringSyncLevel
              : 'FullyInSync',
        remoteVirtualNetwork: { id: remote.id },
        allowVirtualNetworkAccess: properties.allowVirtualNetworkAccess,
        allowForwardedTraffic: properties.allowForwardedTraffic,
        allowGatewayTransit: properties.allowGatewayTransit,
        useRemoteGateways: properties.useRemoteGateways,
      };
    },
    async realise(resource, arm) {
      const partner = findPartner(arm, readParentId(resource.id), resource.properties.remoteVirtualNetwork.id);
      if (partner !== undefined && partner.properties.peeringState === 'Initiated') {
        Object.assign(partner.properties, { peeringState: 'Connected', peeringSyncLevel: 'FullyInSync' });
        partner.etag = createEtag();
      }
      await arm.dataPlane.applyNetwork();
    },
  },
  removal: {
    async erase(resource, arm) {
      const partner = findPartner(arm, readParentId(resource.id), resource.properties.remoteVirtualNetwork.id);
      if (partner !== undefined) disconnect(partner);
      await applyNetwork(resource, arm);
    },
  },
  view: presentPeering,
};

export function presentPeering(peering: Resource<PeeringProperties>, arm: Arm): object {
  const remote = arm.store.get<NetworkProperties>(peering.properties.remoteVirtualNetwork.id);
  const space = remote && { addressPrefixes: remote.properties.addressSpace.addressPrefixes };
  return {
    ...peering.properties,
    ...(space && { remoteAddressSpace: space, remoteVirtualNetworkAddressSpace: space }),
    peerCompleteVnets: true,
    doNotVerifyRemoteGateways: false,
  };
}

/** The other side of a peering between two VNets. */
export function findPartner(
  arm: Pick<Arm, 'store'>,
  localId: string,
  remoteId: string,
): Resource<PeeringProperties> | undefined {
  return listSides(arm, remoteId).find((side) => isSameId(side.properties.remoteVirtualNetwork.id, localId));
}

/** Disconnects the peerings of other VNets with a VNet that is deleted. */
export function disconnectRemotes(arm: Arm, networkId: string): void {
  for (const side of arm.store.listByType<PeeringProperties>(peeringType))
    if (isSameId(side.properties.remoteVirtualNetwork.id, networkId)) disconnect(side);
}

/** Marks both sides of each peering, as a changed address space does. */
export function markOutOfSync(arm: Arm, networkId: string): void {
  for (const side of listSides(arm, networkId)) {
    side.properties.peeringSyncLevel = 'LocalNotInSync';
    const partner = findPartner(arm, networkId, side.properties.remoteVirtualNetwork.id);
    if (partner !== undefined) partner.properties.peeringSyncLevel = 'RemoteNotInSync';
  }
}

function bringIntoSync(side: Resource<PeeringProperties>, partner: Resource<PeeringProperties> | undefined): void {
  for (const each of [side, partner])
    if (each !== undefined && each.properties.peeringState === 'Connected')
      each.properties.peeringSyncLevel = 'FullyInSync';
}

function disconnect(side: Resource<PeeringProperties>): void {
  side.properties.peeringState = 'Disconnected';
  side.etag = createEtag();
}

const listSides = (arm: Pick<Arm, 'store'>, networkId: string): Resource<PeeringProperties>[] =>
  arm.store.listChildren<PeeringProperties>(networkId, peeringType);

function refuseOverlap(arm: Arm, id: string, localId: string, remoteId: string): void {
  const spaces = (network: string): string[] =>
    arm.store.get<NetworkProperties>(network)?.properties.addressSpace.addressPrefixes ?? [];
  if (hasOverlap(spaces(localId), spaces(remoteId)))
    throw createArmError('VnetAddressSpacesOverlap', { id, other: remoteId });
  for (const [one, other] of [
    [localId, remoteId],
    [remoteId, localId],
  ] as const) {
    const peered = listSides(arm, one).map((side) => side.properties.remoteVirtualNetwork.id);
    const clash = peered.find((network) => !isSameId(network, other) && hasOverlap(spaces(network), spaces(other)));
    if (clash !== undefined)
      throw createArmError('VnetAddressSpaceOverlapsWithAlreadyPeeredVnet', { id, other: clash });
  }
}

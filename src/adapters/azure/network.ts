import type {
  NetworkInterface,
  NetworkSecurityGroup,
  PublicIPAddress,
  VirtualNetwork,
  VirtualNetworkPeering,
} from '@azure/arm-network';
import type { Clients } from './clients.ts';
import type { ArmId } from './ids.ts';
import type { Operations, Poller } from './operation.ts';
import {
  type Calls,
  type Collection,
  createCollection,
  type Listed,
  listOf,
  type PagedList,
  type State,
  stateOf,
} from './resource.ts';

export interface VnetState extends State {
  readonly addressSpaces: readonly string[];
  readonly subnetIds: readonly string[];
  readonly peerings: readonly PeeringState[];
}

export interface PublicIpState extends State {
  /** Empty while Azure has not given one. */
  readonly address: string;
}

export interface InterfaceState extends State {
  /** Empty while Azure has not given one. */
  readonly privateAddress: string;
}

export interface PeeringState extends State {
  readonly remoteVnetId: string;
  /** `Initiated`, `Connected` or `Disconnected`. */
  readonly peeringState: string;
  /** `FullyInSync`, `RemoteNotInSync`, … */
  readonly syncLevel: string;
  /** Of the remote VNet now, and as the peering was synced last: while it is not in sync they differ. */
  readonly remoteAddressSpaces: readonly string[];
}

export interface Network {
  readonly networks: Collection<VirtualNetwork, VnetState> & Listed<VnetState>;
  readonly publicIps: Collection<PublicIPAddress, PublicIpState> & Listed<PublicIpState>;
  readonly securityGroups: Collection<NetworkSecurityGroup, State> & Listed<State>;
  readonly interfaces: Collection<NetworkInterface, InterfaceState> & Listed<InterfaceState>;
  /** Only ever the child resource: writing a whole VNet could drop what others keep in it. */
  readonly peerings: Collection<VirtualNetworkPeering, PeeringState>;
}

/** An operation group of arm-network whose resources are named by group and name. */
interface OperationGroup<Raw> {
  get(group: string, name: string): Promise<Raw>;
  createOrUpdate(group: string, name: string, body: Raw, options: { abortSignal: AbortSignal }): Poller;
  delete(group: string, name: string, options: { abortSignal: AbortSignal }): Poller;
  list(group: string): PagedList<Raw>;
}

type NetworkSdk = typeof import('@azure/arm-network');
type NetworkClient = Awaited<ReturnType<Clients['network']>>;

export function createNetwork(clients: Clients, operations: Operations): Network {
  const collection = <Raw extends object, S extends State>(
    type: string,
    pick: (client: NetworkClient) => OperationGroup<Raw>,
    read: (raw: Raw) => S,
  ) => ({
    ...createCollection<Raw, S>(async (subscriptionId) => {
      const client = await clients.network(subscriptionId);
      return callsOf(client, await import('@azure/arm-network'), pick(client), read);
    }, operations),
    list: listOf<Raw, S>(
      type,
      async ({ subscriptionId, resourceGroup }) => pick(await clients.network(subscriptionId)).list(resourceGroup),
      read,
    ),
  });
  return {
    networks: collection('virtualNetworks', (client) => client.virtualNetworks, networkState),
    publicIps: collection(
      'publicIPAddresses',
      (client) => client.publicIPAddresses,
      (raw) => ({ ...stateOf(raw), address: raw.ipAddress ?? '' }),
    ),
    securityGroups: collection('networkSecurityGroups', (client) => client.networkSecurityGroups, stateOf),
    interfaces: collection(
      'networkInterfaces',
      (client) => client.networkInterfaces,
      (raw) => ({ ...stateOf(raw), privateAddress: raw.ipConfigurations?.[0]?.privateIPAddress ?? '' }),
    ),
    peerings: createCollection<VirtualNetworkPeering, PeeringState>(async (subscriptionId) => {
      const client = await clients.network(subscriptionId);
      return peeringCalls(client, await import('@azure/arm-network'));
    }, operations),
  };
}

function callsOf<Raw, S extends State>(
  client: NetworkClient,
  sdk: NetworkSdk,
  group: OperationGroup<Raw>,
  read: (raw: Raw) => S,
): Calls<Raw, S> {
  return {
    get: async (at) => read(await group.get(at.resourceGroup, own(at))),
    put: (at, body, abortSignal) => ({
      poller: group.createOrUpdate(at.resourceGroup, own(at), body, { abortSignal }),
    }),
    remove: (at, abortSignal) => ({ poller: group.delete(at.resourceGroup, own(at), { abortSignal }) }),
    // The source operation only names itself in an error message; the SDK finds the call by the saved URL and method.
    restore: (serialized) => ({ poller: sdk.restorePoller(client, serialized, client.virtualNetworks.createOrUpdate) }),
  };
}

function peeringCalls(client: NetworkClient, sdk: NetworkSdk): Calls<VirtualNetworkPeering, PeeringState> {
  const peerings = client.virtualNetworkPeerings;
  return {
    get: async (at) => peeringState(await peerings.get(at.resourceGroup, outer(at), own(at))),
    put: (at, body, abortSignal) => ({
      poller: peerings.createOrUpdate(at.resourceGroup, outer(at), own(at), body, {
        abortSignal,
        syncRemoteAddressSpace: 'true',
      }),
    }),
    remove: (at, abortSignal) => ({ poller: peerings.delete(at.resourceGroup, outer(at), own(at), { abortSignal }) }),
    restore: (serialized) => ({ poller: sdk.restorePoller(client, serialized, peerings.createOrUpdate) }),
  };
}

const own = ({ names }: ArmId): string => names.at(-1) ?? '';
const outer = ({ names }: ArmId): string => names[0] ?? '';

const networkState = (raw: VirtualNetwork): VnetState => ({
  ...stateOf(raw),
  addressSpaces: raw.addressSpace?.addressPrefixes ?? [],
  subnetIds: (raw.subnets ?? []).flatMap(({ id }) => id ?? []),
  peerings: (raw.virtualNetworkPeerings ?? []).map(peeringState),
});

const peeringState = (raw: VirtualNetworkPeering): PeeringState => ({
  ...stateOf(raw),
  remoteVnetId: raw.remoteVirtualNetwork?.id ?? '',
  peeringState: raw.peeringState ?? '',
  syncLevel: raw.peeringSyncLevel ?? '',
  remoteAddressSpaces: [
    ...new Set(
      [raw.remoteVirtualNetworkAddressSpace, raw.remoteAddressSpace].flatMap((space) => space?.addressPrefixes ?? []),
    ),
  ],
});

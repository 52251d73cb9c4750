import { normalizeId, type Resource, type Store } from '../arm/store.ts';
import { type InterfaceProperties, interfaceType } from '../resources/interfaces.ts';
import { type SubnetProperties, subnetType } from '../resources/subnets.ts';
import { computeNetworkState } from './state.ts';

/** An interface of a running VM, with the address spaces that it sees. */
export interface Place {
  readonly nic: Resource<InterfaceProperties>;
  readonly subnet: Resource<SubnetProperties> | undefined;
  readonly own: readonly string[];
  readonly peered: readonly string[];
}

/** Where an interface of a running VM is; undefined: no such VM has it. */
export function findPlace(store: Store, nicId: string): Place | undefined {
  const state = computeNetworkState(store);
  const nic = store.get<InterfaceProperties>(nicId);
  const used = state.interfaces.find(({ id }) => id === normalizeId(nicId));
  const vnet = state.vnets.find(({ id }) => id === used?.vnetId);
  if (nic?.type !== interfaceType || vnet === undefined) return undefined;
  const [configuration] = nic.properties.ipConfigurations;
  const subnet = configuration && store.get<SubnetProperties>(configuration.properties.subnet.id);
  const peered = vnet.connectedTo.flatMap((far) => state.vnets.find(({ id }) => id === far)?.addressSpaces ?? []);
  return { nic, subnet: subnet?.type === subnetType ? subnet : undefined, own: vnet.addressSpaces, peered };
}

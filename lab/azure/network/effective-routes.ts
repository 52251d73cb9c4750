import type { Store } from '../arm/store.ts';
import { findPlace } from './place.ts';

/** Blocks that Azure sends nowhere unless a VNet or peering has a part of them. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/**
 * The system routes: the own VNet, peers as long as both sides are Connected, the internet, and nothing for private
 * blocks.
 */
export function listEffectiveRoutes(store: Store, nicId: string): object[] | undefined {
  const place = findPlace(store, nicId);
  if (place === undefined) return undefined;
  const { own, peered } = place;
  const route = (nextHopType: string, addressPrefix: readonly string[]) =>
    addressPrefix.map((prefix) => ({
      source: 'Default',
      state: 'Active',
      addressPrefix: [prefix],
      nextHopType,
      nextHopIpAddress: [],
    }));
  return [
    ...route('VnetLocal', own),
    ...route('VNetPeering', peered),
    ...route('Internet', ['0.0.0.0/0']),
    ...route(
      'None',
      privateBlocks.filter((block) => !own.includes(block) && !peered.includes(block)),
    ),
  ];
}

import type { DataPlaneQueue } from '../arm/arm.ts';
import type { Store } from '../arm/store.ts';
import type { DataPlane } from './data-plane.ts';
import { computeNetworkState } from './state.ts';

/** Effects one after the other; the network state is computed when its turn comes, so the last state wins. */
export function createDataPlaneQueue(effects: DataPlane, store: Store): DataPlaneQueue {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const mine = last.then(task);
    last = mine.catch(() => {}); // its own caller hears of the failure
    return mine;
  };
  return {
    applyNetwork: () => inTurn(() => effects.apply(computeNetworkState(store))),
    boot: (vm) => inTurn(() => effects.boot(vm)),
    destroy: (vmId) => inTurn(() => effects.destroy(vmId)),
  };
}

import type { DataPlaneQueue } from '../arm/arm.ts';
import type { Store } from '../arm/store.ts';
import type { DataPlane } from './data-plane.ts';
import { computeNetworkState } from './state.ts';

/**
 * Serialises the calls to the data plane. The network state is computed when its turn comes, so the last state wins.
 */
export function createDataPlaneQueue(effects: DataPlane, store: Store): DataPlaneQueue {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const mine = last.then(task);
    last = mine.catch(() => {}); // the caller of this task receives the failure
    return mine;
  };
  return {
    applyNetwork: () => inTurn(() => effects.apply(computeNetworkState(store))),
    boot: (vm) => inTurn(() => effects.boot(vm)),
    destroy: (vmId) => inTurn(() => effects.destroy(vmId)),
  };
}

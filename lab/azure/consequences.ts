import type { Consequences } from './arm.ts';
import type { Effects } from './effects.ts';
import { networkStateOf } from './network-state.ts';
import type { Store } from './store.ts';

/** Effects one after the other; the network state is computed when its turn comes, so the last state wins. */
export function consequences(effects: Effects, store: Store): Consequences {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const mine = last.then(task);
    last = mine.catch(() => {}); // its own caller hears of the failure
    return mine;
  };
  return {
    applyNetwork: () => inTurn(() => effects.apply(networkStateOf(store))),
    boot: (vm) => inTurn(() => effects.boot(vm)),
    destroy: (vmId) => inTurn(() => effects.destroy(vmId)),
  };
}

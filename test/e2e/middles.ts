/** How to meet a step in the middle of its work: what makes it slow, and what shows that it is under way. */
import type { Lab } from '../../lab/lab.ts';
import { cluster } from '../../lab/scope.ts';
import type { Process } from '../support/lab-state.ts';
import type { StepName } from '../support/steps.ts';

export interface Middle {
  /** Carried out while the step waits to be told to go on. */
  readonly slowDown?: (lab: Lab, vm: () => Promise<readonly Process[]>) => Promise<void> | void;
  /** Whether the step is at work. */
  readonly isReached: (lab: Lab, vm: () => Promise<readonly Process[]>) => Promise<boolean> | boolean;
}

interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: { readonly provisioningState?: string };
}

/** Azure's operation takes longer; the middle is its time between acceptance and end. */
function operation(type: string, group: string = cluster.resourceGroup): Middle {
  return {
    slowDown: ({ azure }) => azure.faults.add({ kind: 'slowPeering', method: 'PUT', type, group, delayMs: 1500 }),
    isReached: ({ azure }) =>
      (azure.inventory() as { readonly resources: readonly Resource[] }).resources.some(
        ({ id, type: found, properties }) =>
          found.toLowerCase() === type.toLowerCase() &&
          id.toLowerCase().includes(`/${group}/`.toLowerCase()) &&
          properties.provisioningState !== 'Succeeded',
      ),
  };
}

const peerings = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';

/** The other steps end within milliseconds: the worker holds them until they are cancelled. */
export const middles: Partial<Record<StepName, Middle>> = {
  createNetwork: operation('Microsoft.Network/virtualNetworks'),
  createPublicIp: operation('Microsoft.Network/publicIPAddresses'),
  createSecurityGroup: operation('Microsoft.Network/networkSecurityGroups'),
  createInterface: operation('Microsoft.Network/networkInterfaces'),
  createVm: operation('Microsoft.Compute/virtualMachines'),
  peerToCluster: operation(peerings),
  peerFromCluster: operation(peerings, cluster.nodeResourceGroup),
  /** A VM that hangs in its boot. */
  awaitSsh: { slowDown: async (_lab, vm) => freeze(vm), isReached: () => true },
  /** Of the three uses, those with a proof window of seconds. */
  probe: { isReached: async (_lab, vm) => (await vm()).some(({ command }) => command.startsWith('python3 -I -')) },
};

/** Stops all processes, those included that are started meanwhile. */
async function freeze(vm: () => Promise<readonly Process[]>): Promise<void> {
  const frozen = new Set<number>();
  for (;;) {
    const more = (await vm()).filter(({ pid }) => !frozen.has(pid));
    if (more.length === 0) break;
    for (const { pid } of more) {
      frozen.add(pid);
      try {
        process.kill(pid, 'SIGSTOP');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // a command of the boot that is over
      }
    }
  }
  if (frozen.size === 0) throw new Error('There is no process of the VM to freeze.');
}

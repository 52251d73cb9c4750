import type { Disk, VirtualMachine } from '@azure/arm-compute';
import { cutMessage } from '../../contract/brief.ts';
import type { Clients } from './clients.ts';
import { shortMessage } from './error.ts';
import type { ArmId } from './ids.ts';
import type { Lro, Operations } from './operation.ts';
import {
  type Calls,
  type Collection,
  createCollection,
  createParts,
  type Listed,
  listOf,
  type Owned,
  type Parts,
  refuseForeign,
  type State,
  stateOf,
} from './resource.ts';
import { isOfSize, tellRefusals } from './sizes.ts';

export interface VmState extends State {
  readonly size: string;
  /** Public keys of the admin user, one-line OpenSSH. */
  readonly publicKeys: readonly string[];
  /** Empty while there is no OS disk. */
  readonly osDiskId: string;
}

export interface VirtualMachines extends Omit<Collection<VirtualMachine, VmState>, 'ensure'>, Listed<VmState> {
  /**
   * Like `ensure` of a collection, with one body per size, tried in order where Azure has no capacity for one. `body`
   * may be asked more than once for a size.
   * A VM whose creation failed is deleted first: it stays as a Failed object that holds its interface.
   */
  ensure(
    id: string,
    sizes: readonly string[],
    body: (size: string) => VirtualMachine,
    lro: Lro,
    owned: Owned<State>,
  ): Promise<VmState>;
}

export interface Compute {
  readonly virtualMachines: VirtualMachines;
  readonly disks: Pick<Collection<Disk, State>, 'get' | 'remove'> & Listed<State>;
}

export function createCompute(clients: Clients, operations: Operations): Compute {
  const parts = createParts<VirtualMachine, VmState>(
    async (subscriptionId) => vmCalls(await clients.compute(subscriptionId), await import('@azure/arm-compute')),
    operations,
  );
  const disks = createCollection<Disk, State>(
    async (subscriptionId) => diskCalls(await clients.compute(subscriptionId), await import('@azure/arm-compute')),
    operations,
  );
  /** A VM that was not made: with its disk, whose name the next one needs. */
  const discard = async (id: string, lro: Lro, owned: Owned<State>): Promise<void> => {
    const failed = await parts.get(id);
    await parts.remove(id, lro, owned);
    if (failed !== undefined && failed.osDiskId !== '') await disks.remove(failed.osDiskId, lro, owned);
  };
  return {
    virtualMachines: {
      list: listOf(
        'virtualMachines',
        async ({ subscriptionId, resourceGroup }) =>
          (await clients.compute(subscriptionId)).virtualMachines.list(resourceGroup),
        vmState,
      ),
      get: parts.get,
      remove: parts.remove,
      async ensure(id, sizes, body, lro, owned) {
        const begun = operations.saved('PUT', id, lro);
        if (begun?.sent !== true) {
          const state = await observe(parts, id, lro, owned);
          if (state?.provisioningState === 'Succeeded') return state;
          if (state !== undefined) await discard(id, lro, owned);
        }
        const first = Math.max(0, begun === undefined ? 0 : sizes.indexOf(begun.variant));
        const left = sizes.slice(first);
        const refusals = sizes.slice(0, first).map((size) => ({ code: size, message: 'refused in an earlier try' }));
        for (const [n, size] of left.entries()) {
          const next = left[n + 1];
          try {
            await parts.write(id, body(size), lro, size);
            break;
          } catch (error) {
            if (!isOfSize(error)) throw error;
            if (next === undefined) throw tellRefusals(size, error, refusals);
            refusals.push({ code: size, message: cutMessage(`${error.code}: ${shortMessage(error)}`, 200) });
            await discard(id, lro, owned);
            // The interface stays reserved for the failed VM for a while: the try that comes after that must not begin
            // with this size again.
            operations.plan('PUT', id, next, lro);
          }
        }
        return parts.readBack(id);
      },
    },
    disks: {
      list: listOf(
        'disks',
        async ({ subscriptionId, resourceGroup }) =>
          (await clients.compute(subscriptionId)).disks.listByResourceGroup(resourceGroup),
        stateOf,
      ),
      get: disks.get,
      remove: disks.remove,
    },
  };
}

/** The VM once nothing is under way on it. */
async function observe(
  parts: Parts<VirtualMachine, VmState>,
  id: string,
  lro: Lro,
  owned: Owned<State>,
): Promise<VmState | undefined> {
  const seen = await parts.get(id);
  if (seen === undefined) return undefined;
  refuseForeign(id, seen, owned, 'create');
  return parts.settled(id, lro);
}

type ComputeSdk = typeof import('@azure/arm-compute');
type ComputeClient = Awaited<ReturnType<Clients['compute']>>;

function vmCalls(client: ComputeClient, sdk: ComputeSdk): Calls<VirtualMachine, VmState> {
  const vms = client.virtualMachines;
  return {
    get: async (at) => vmState(await vms.get(at.resourceGroup, own(at))),
    put: (at, body, abortSignal) => ({ poller: vms.createOrUpdate(at.resourceGroup, own(at), body, { abortSignal }) }),
    remove: (at, abortSignal) => ({ poller: vms.delete(at.resourceGroup, own(at), { abortSignal }) }),
    restore: (serialized) => ({ poller: sdk.restorePoller(client, serialized, vms.createOrUpdate) }),
  };
}

function diskCalls(client: ComputeClient, sdk: ComputeSdk): Calls<Disk, State> {
  const { disks } = client;
  return {
    get: async (at) => stateOf(await disks.get(at.resourceGroup, own(at))),
    put: (at, body, abortSignal) => ({
      poller: disks.createOrUpdate(at.resourceGroup, own(at), body, { abortSignal }),
    }),
    remove: (at, abortSignal) => ({ poller: disks.delete(at.resourceGroup, own(at), { abortSignal }) }),
    restore: (serialized) => ({ poller: sdk.restorePoller(client, serialized, disks.createOrUpdate) }),
  };
}

const own = ({ names }: ArmId): string => names.at(-1) ?? '';

const vmState = (raw: VirtualMachine): VmState => ({
  ...stateOf(raw),
  size: raw.hardwareProfile?.vmSize ?? '',
  publicKeys: (raw.osProfile?.linuxConfiguration?.ssh?.publicKeys ?? []).flatMap(
    ({ keyData }) => keyData?.trim() ?? [],
  ),
  osDiskId: raw.storageProfile?.osDisk?.managedDisk?.id ?? '',
});

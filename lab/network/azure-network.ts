import type { DataPlane, InterfaceState, NetworkState, VmBoot } from '../azure/network/data-plane.ts';
import { type Machine, startMachine } from '../machines/machine.ts';
import { runIn } from '../process/run.ts';
import { type LabScope, nameNetns } from '../scope.ts';
import { shortenName } from './links.ts';
import { createNamespace, deleteNamespaces } from './namespaces.ts';
import { PublicRoutes } from './public-routes.ts';
import { formatRuleset, type MachinePolicy } from './ruleset.ts';
import { createLinkAllocator } from './transit.ts';
import { clusterVnetId, createVnet, deleteVnet, peer, plugIn, unpeer, unplug, type Vnet } from './vnet.ts';

interface RunningMachine {
  readonly vnet: Vnet;
  readonly netns: string;
  readonly machine?: Machine;
}

/**
 * The data plane of the emulated Azure. A VNet has a namespace while a machine is in it; the cluster's VNet always has
 * one. Calls run one after the other.
 */
export class AzureNetwork implements DataPlane {
  readonly #scope: LabScope;
  readonly #bootDelayMs: number;
  readonly #vnets = new Map<string, Vnet>();
  readonly #machines = new Map<string, RunningMachine>();
  /** Links of peerings by the ids of both VNets, with the address spaces that they were made for. */
  readonly #peerings = new Map<string, { near: Vnet; far: Vnet; spaces: string }>();
  readonly #publicRoutes: PublicRoutes;
  readonly #nextAddresses = createLinkAllocator();
  #state: NetworkState = { vnets: [], interfaces: [] };
  #last: Promise<unknown> = Promise.resolve();

  constructor(scope: LabScope, clusterVnet: Vnet, bootDelayMs: number) {
    this.#scope = scope;
    this.#bootDelayMs = bootDelayMs;
    this.#publicRoutes = new PublicRoutes(scope);
    this.#vnets.set(clusterVnet.id, clusterVnet);
  }

  apply(state: NetworkState): Promise<void> {
    return this.#inTurn(async () => {
      this.#state = state;
      await this.#enforce();
    });
  }

  boot(vm: VmBoot): Promise<void> {
    return this.#inTurn(async () => {
      await this.#remove(vm.id.toLowerCase());
      try {
        await this.#bootInto(vm);
      } catch (error) {
        await this.#remove(vm.id.toLowerCase());
        throw error;
      }
    });
  }

  destroy(vmId: string): Promise<void> {
    return this.#inTurn(() => this.#remove(vmId.toLowerCase()));
  }

  /** Waits for the calls under way, then ends all machines. The fabric deletes the namespaces. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all([...this.#machines.values()].map(({ machine }) => machine?.stop()));
      this.#machines.clear();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {}); // its caller receives the failure; the next call runs all the same
    return turn;
  }

  async #bootInto(vm: VmBoot): Promise<void> {
    const [id, vnetId] = [vm.id.toLowerCase(), vm.vnetId.toLowerCase()];
    const vnet = this.#vnets.get(vnetId) ?? (await createVnet(this.#scope, vnetId, this.#nextAddresses()));
    this.#vnets.set(vnetId, vnet);
    const place = { vnet, netns: nameNetns(this.#scope, `vm-${shortenName(id, 8)}`) };
    this.#machines.set(id, place);
    await createNamespace(place.netns);
    await plugIn(vnet, id, place.netns, vm);
    await this.#enforce();
    this.#machines.set(id, {
      ...place,
      machine: await startMachine(this.#scope, vm, { netns: place.netns, bootDelayMs: this.#bootDelayMs }),
    });
  }

  async #remove(vmId: string): Promise<void> {
    const running = this.#machines.get(vmId);
    if (running === undefined) return;
    const { vnet, machine } = running;
    await machine?.stop();
    await unplug(vnet, vmId);
    await deleteNamespaces([running.netns]);
    this.#machines.delete(vmId);
    if (vnet.machines.size === 0 && vnet.id !== clusterVnetId) this.#vnets.delete(vnet.id);
    await this.#enforce();
    if (!this.#vnets.has(vnet.id)) await deleteVnet(this.#scope, vnet);
  }

  /**
   * Enforces the last state for the machines that exist. What is no longer allowed ends before anything new is allowed.
   */
  async #enforce(): Promise<void> {
    const wanted = this.#wantedPeerings();
    for (const [key, { near, far, spaces }] of this.#peerings) {
      if (wanted.get(key)?.spaces === spaces) continue;
      await unpeer(near, far);
      this.#peerings.delete(key);
    }
    await Promise.all(
      [...this.#vnets.values()].map((vnet) => runIn(vnet.netns, ['nft', '-f', '-'], this.#rules(vnet))),
    );
    await this.#publicRoutes.enforce(this.#wantedPublicAddresses());
    for (const [key, { near, far, spaces }] of wanted) {
      if (this.#peerings.has(key)) continue;
      // First, so that the next call removes it should it be laid halfway.
      this.#peerings.set(key, { near, far, spaces });
      await peer(
        near,
        far,
        { near: this.#spacesOf(near.id), far: this.#spacesOf(far.id) },
        this.#nextAddresses(),
      ).catch((error: unknown) => {
        this.#peerings.set(key, { near, far, spaces: 'failed' });
        throw error;
      });
    }
  }

  #wantedPeerings(): Map<string, { near: Vnet; far: Vnet; spaces: string }> {
    const pairs = [...this.#vnets.values()].flatMap((near) =>
      this.#connectedTo(near.id).map((id) => ({ near, far: this.#vnets.get(id) })),
    );
    const wanted = new Map<string, { near: Vnet; far: Vnet; spaces: string }>();
    for (const { near, far } of pairs) {
      if (far === undefined || near.id >= far.id) continue;
      wanted.set(`${near.id} ${far.id}`, {
        near,
        far,
        spaces: [...this.#spacesOf(near.id), '-', ...this.#spacesOf(far.id)].join(' '),
      });
    }
    return wanted;
  }

  #rules(vnet: Vnet): string {
    const spaces = [vnet.id, ...this.#connectedTo(vnet.id)].flatMap((id) => this.#spacesOf(id));
    const machines = [...vnet.machines].map(([vmId, { name, privateAddress }]): MachinePolicy => {
      const state = this.#interfaceOf(vmId);
      const publicAddress = state?.publicAddress === undefined ? {} : { publicAddress: state.publicAddress };
      return {
        link: name,
        privateAddress,
        ...publicAddress,
        rules: state === undefined ? 'unknown' : (state.rules ?? 'none'),
      };
    });
    return formatRuleset({ spaces, open: vnet.id === clusterVnetId ? ['nodes'] : [], machines });
  }

  #wantedPublicAddresses(): Map<string, Vnet> {
    const wanted = new Map<string, Vnet>();
    for (const { vmId, publicAddress } of this.#state.interfaces) {
      const vnet = this.#machines.get(vmId.toLowerCase())?.vnet;
      if (publicAddress !== undefined && vnet !== undefined) wanted.set(publicAddress, vnet);
    }
    return wanted;
  }

  /** Ids of the VNets that a VNet is connected to on both sides. */
  #connectedTo(vnetId: string): string[] {
    const far = (id: string) => this.#state.vnets.find((vnet) => vnet.id === id)?.connectedTo ?? [];
    return far(vnetId).filter((id) => far(id).includes(vnetId));
  }

  #spacesOf(vnetId: string): readonly string[] {
    return this.#state.vnets.find(({ id }) => id === vnetId)?.addressSpaces ?? [];
  }

  #interfaceOf(vmId: string): InterfaceState | undefined {
    return this.#state.interfaces.find((state) => state.vmId.toLowerCase() === vmId);
  }
}

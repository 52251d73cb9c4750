import type { LabScope } from '../scope.ts';
import { nameEdge } from './internet.ts';
import { runIp } from './links.ts';
import { locateEdgeEnd, type Vnet } from './vnet.ts';

/** The edge's routes to public addresses. */
export class PublicRoutes {
  readonly #scope: LabScope;
  /** Ids of the VNets by the public addresses that the edge sends to them. */
  readonly #routes = new Map<string, string>();

  constructor(scope: LabScope) {
    this.#scope = scope;
  }

  /** Makes the edge send these addresses, and no others, to their VNets. */
  async enforce(wanted: ReadonlyMap<string, Vnet>): Promise<void> {
    const edge = nameEdge(this.#scope);
    for (const [address, vnetId] of this.#routes) {
      if (wanted.get(address)?.id === vnetId) continue;
      await runIp(edge, `route delete ${address}/32`);
      this.#routes.delete(address);
    }
    for (const [address, vnet] of wanted) {
      if (this.#routes.has(address) || vnet.edge === undefined) continue;
      const { name } = locateEdgeEnd(this.#scope, vnet.id);
      await runIp(edge, `route add ${address}/32 via ${vnet.edge.near} dev ${name} onlink`);
      this.#routes.set(address, vnet.id);
    }
  }
}

/** What sources other than the prober say about the window of a proof: facts only. What cannot be read says why. */
import type { Missing } from './observation.ts';

export interface Witnesses {
  /** By node: packets that the node's own rules denied by the run's policy, read before and after the window. Null: no counter names the policy yet. */
  readonly deniedPackets: Readonly<Record<string, DeniedPackets | Missing>>;
  /** What Azure's effective security rules of the VM's interface say of each target, by target id. */
  readonly securityRules:
    | Readonly<Record<string, { readonly access: 'Allow' | 'Deny'; readonly rule: string }>>
    | Missing;
  /** Next hop type of the interface's effective route to each target, by target id; `None` where packets are dropped. */
  readonly routes: Readonly<Record<string, { readonly nextHop: string; readonly prefix: string }>> | Missing;
  /** Both sides of the peering, the VM's first; `id` is `<VNet>/<peering>`. */
  readonly peerings:
    | readonly { readonly id: string; readonly state: string; readonly provisioningState: string }[]
    | Missing;
}

export interface DeniedPackets {
  /** The metric or counter that was read, such as `calico_denied_packets`. */
  readonly source: string;
  readonly before: number | null;
  readonly after: number | null;
}

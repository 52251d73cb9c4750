/**
 * The data plane behind the emulated Azure: the emulator computes the whole desired state, and lab/network enforces it.
 */

/** The whole of Azure's network state at one moment. */
export interface NetworkState {
  readonly vnets: readonly VnetState[];
  readonly interfaces: readonly InterfaceState[];
}

export interface VnetState {
  /** Lower-case ARM id. */
  readonly id: string;
  readonly addressSpaces: readonly string[];
  readonly subnets: readonly { readonly id: string; readonly prefix: string }[];
  /**
   * Lower-case ids of the VNets with which packets may be exchanged: those whose peerings are Connected on both sides.
   */
  readonly connectedTo: readonly string[];
}

/** A network interface in use by a running VM. */
export interface InterfaceState {
  readonly id: string;
  readonly vmId: string;
  readonly vnetId: string;
  readonly subnetPrefix: string;
  readonly privateAddress: string;
  /** Absent: the VM cannot be reached from the internet. */
  readonly publicAddress?: string;
  /** Security group's rules, by ascending priority, Azure's default rules excluded; absent: no security group. */
  readonly rules?: readonly SecurityRule[];
}

export interface SecurityRule {
  readonly name: string;
  readonly priority: number;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  readonly protocol: 'Tcp' | 'Udp' | 'Icmp' | '*';
  /** CIDRs, `*`, `Internet` or `VirtualNetwork`. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  /** Ports and ranges such as `22` or `1000-2000`; `*`. */
  readonly destinationPorts: readonly string[];
}

/** A VM as cloud-init finds it. */
export interface VmBoot {
  readonly id: string;
  readonly computerName: string;
  readonly privateAddress: string;
  readonly subnetPrefix: string;
  readonly vnetId: string;
  readonly adminUser: string;
  /** OpenSSH one-line public keys for the admin user. */
  readonly authorizedKeys: readonly string[];
  /** Decoded customData: a `#cloud-config` document, or empty. */
  readonly cloudConfig: string;
}

/**
 * What the emulator asks of networks and machines; lab/network implements it. Each call resolves when its effect holds.
 */
export interface DataPlane {
  /** Enforces this state. Calls are serialised; the last state wins. */
  apply(state: NetworkState): Promise<void>;
  /** Makes the VM's machine and starts its boot; sshd answers some time later. */
  boot(vm: VmBoot): Promise<void>;
  /** Ends the machine and everything in it. Unknown ids are fine. */
  destroy(vmId: string): Promise<void>;
}

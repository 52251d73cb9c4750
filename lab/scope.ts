import type { Flavour } from './calico/flavours.ts';

/**
 * One lab's identity and place: everything that it makes carries its id, so that the next start can clean up after a
 * killed one.
 */
export interface LabScope {
  /** 4 to 6 lower-case letters and digits, unique on this machine. */
  readonly id: string;
  /** Folder for sockets, logs, certificates and data; removed at the end. */
  readonly directory: string;
  /** `<directory>/logs`. */
  readonly logs: string;
  /** Milliseconds that emulated Azure operations take, and other paces. */
  readonly pace: Pace;
  readonly calico: Flavour;
}

/**
 * `fast`: fractions of a second, for tests. `azure`: the typical real durations, scaled by `HEPFLOW_LAB_PACE_SCALE`
 * (default 0.1).
 */
export type Pace = 'fast' | 'azure';

/** Factor on the typical real durations: `HEPFLOW_LAB_PACE_SCALE`, default 0.1. Throws when it is no number above 0. */
export function readPaceScale(): number {
  const text = process.env['HEPFLOW_LAB_PACE_SCALE'] ?? '0.1';
  const scale = Number(text);
  if (!(scale > 0)) throw new Error(`HEPFLOW_LAB_PACE_SCALE must be a number above 0, not ${text}.`);
  return scale;
}

/** Name of a network namespace of this lab, as `ip netns` knows it. */
export const nameNetns = (scope: LabScope, name: string): string => `hepflow-${scope.id}-${name}`;

/** Addresses of the lab; the same in every lab, since each has its own namespaces. */
export const addresses = {
  /** The AKS VNet and its node subnet. */
  clusterVnet: '10.240.0.0/16',
  clusterGateway: '10.240.0.1',
  nodes: ['10.240.0.4', '10.240.0.35', '10.240.0.66'],
  podCidrs: ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24'],
  serviceCidr: '10.0.0.0/16',
  /** Public addresses are handed out from here, from .10 on; .1 is Azure's edge, .254 the internet. */
  internet: '203.0.113.0/24',
} as const;

/** Names of the lab's cluster. */
export const cluster = {
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  tenantId: '00000000-0000-4000-8000-0000000000aa',
  resourceGroup: 'hepflow-lab',
  name: 'lab',
  location: 'westeurope',
  nodeResourceGroup: 'MC_hepflow-lab_lab_westeurope',
  vnetName: 'aks-vnet-12345678',
  nodeNames: [
    'aks-nodepool1-31415926-vmss000000',
    'aks-nodepool1-31415926-vmss000001',
    'aks-nodepool1-31415926-vmss000002',
  ],
} as const;

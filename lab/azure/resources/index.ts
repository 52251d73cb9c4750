import { disks } from './disks.ts';
import { interfaces } from './interfaces.ts';
import { managedClusters } from './managed-clusters.ts';
import { peerings } from './peerings.ts';
import { publicIps } from './public-ips.ts';
import { securityGroups, securityRules } from './security-groups.ts';
import { subnets } from './subnets.ts';
import type { ResourceType } from './type.ts';
import { virtualMachines } from './virtual-machines.ts';
import { virtualNetworks } from './virtual-networks.ts';

/**
 * Every resource type that the stand-in serves; routes, actions of the role and lists follow from it. Parents before
 * their children.
 */
export const resourceTypes: readonly ResourceType[] = [
  virtualNetworks,
  subnets,
  peerings,
  publicIps,
  securityGroups,
  securityRules,
  interfaces,
  virtualMachines,
  disks,
  managedClusters,
];

/** Types whose resources carry tags and appear in the lists of `/resources`: those without a parent. */
export const isTracked = (type: string): boolean => type.split('/').length === 2;

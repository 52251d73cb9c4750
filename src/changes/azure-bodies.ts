/** Bodies of the network resources that a run creates, in the flattened form of Azure's JavaScript SDK. */
import type { RunRef, StepInput } from '../contract/steps.ts';
import { namesOf, tagsOf } from '../ownership/names.ts';

/** VNet with its one subnet, made in one request. */
export function networkBody(run: RunRef, { addressSpace, subnet }: StepInput<'createNetwork'>) {
  return {
    location: run.location,
    tags: tagsOf(run),
    addressSpace: { addressPrefixes: [addressSpace] },
    // No default outbound access: the VM's own public address is its way out. Explicit, because the default differs between API versions.
    subnets: [{ name: namesOf(run.runId).subnet, addressPrefix: subnet, defaultOutboundAccess: false }],
  };
}

/** The only kind left since Basic addresses were retired: closed inbound without a security rule. */
export function publicIpBody(run: RunRef) {
  return {
    location: run.location,
    tags: tagsOf(run),
    sku: { name: 'Standard' },
    publicIPAllocationMethod: 'Static',
    publicIPAddressVersion: 'IPv4',
  };
}

/** Security group with the workshop's rule. */
export function securityGroupBody(run: RunRef, { allowedSshSources }: StepInput<'createSecurityGroup'>) {
  return {
    location: run.location,
    tags: tagsOf(run),
    securityRules: [
      {
        name: 'AllowRuleSSH',
        priority: 1000,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
        ...sources(allowedSshSources),
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '22',
      },
    ],
  };
}

/** `*` and service tags may only stand alone, in the singular field; several CIDRs go into the plural one. */
function sources(allowed: readonly string[]): { sourceAddressPrefix: string } | { sourceAddressPrefixes: string[] } {
  const [first, second] = allowed;
  if (allowed.includes('*')) return { sourceAddressPrefix: '*' };
  return first !== undefined && second === undefined
    ? { sourceAddressPrefix: first }
    : { sourceAddressPrefixes: [...allowed] };
}

export function interfaceBody(run: RunRef, { subnetId, publicIpId, securityGroupId }: StepInput<'createInterface'>) {
  return {
    location: run.location,
    tags: tagsOf(run),
    networkSecurityGroup: { id: securityGroupId },
    ipConfigurations: [
      {
        name: 'primary',
        primary: true,
        privateIPAllocationMethod: 'Dynamic',
        privateIPAddressVersion: 'IPv4',
        subnet: { id: subnetId },
        publicIPAddress: { id: publicIpId },
      },
    ],
  };
}

/** One side of the peering; the same on both. Traffic between the two VNets and nothing else: no gateways, nothing forwarded. */
export function peeringBody(remoteVnetId: string) {
  return {
    remoteVirtualNetwork: { id: remoteVnetId },
    allowVirtualNetworkAccess: true,
    allowForwardedTraffic: false,
    allowGatewayTransit: false,
    useRemoteGateways: false,
  };
}

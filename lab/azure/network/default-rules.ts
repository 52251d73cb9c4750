const createDefaultRule = (
  name: string,
  direction: 'Inbound' | 'Outbound',
  priority: number,
  access: 'Allow' | 'Deny',
  from: string,
  to: string,
) =>
  ({
    name,
    direction,
    priority,
    access,
    protocol: '*',
    sourceAddressPrefix: from,
    sourcePortRange: '*',
    destinationAddressPrefix: to,
    destinationPortRange: '*',
  }) as const;

/** The rules that every security group has. */
export const defaultRules = [
  createDefaultRule('AllowVnetInBound', 'Inbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  createDefaultRule('AllowAzureLoadBalancerInBound', 'Inbound', 65_001, 'Allow', 'AzureLoadBalancer', '*'),
  createDefaultRule('DenyAllInBound', 'Inbound', 65_500, 'Deny', '*', '*'),
  createDefaultRule('AllowVnetOutBound', 'Outbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  createDefaultRule('AllowInternetOutBound', 'Outbound', 65_001, 'Allow', '*', 'Internet'),
  createDefaultRule('DenyAllOutBound', 'Outbound', 65_500, 'Deny', '*', '*'),
];

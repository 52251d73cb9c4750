/** Resources of the workshop's VM, as a template names them. */
import { cluster } from '../../lab/scope.ts';
import { resourceId } from './arm.ts';

export const names = {
  network: 'probe-vnet',
  publicIp: 'probe-ip',
  securityGroup: 'probe-nsg',
  interface: 'probe-nic',
  vm: 'probe',
} as const;

const networkProvider = 'Microsoft.Network';
const resource = (type: string, name: string, properties: object, rest: object = {}): object => ({
  type,
  apiVersion: '2025-01-01',
  name,
  location: cluster.location,
  dependsOn: [],
  properties,
  ...rest,
});

/** VNet, public address, security group, then interface, then VM; the order is in dependsOn alone, by id, by type and name, and by name. */
export function vmTemplate(publicKey: string): object[] {
  const subnet = `${resourceId(`${networkProvider}/virtualNetworks`, names.network)}/subnets/probe`;
  const rule = {
    priority: 1000,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    destinationPortRange: '22',
  };
  const address = {
    subnet: { id: subnet },
    publicIPAddress: { id: resourceId(`${networkProvider}/publicIPAddresses`, names.publicIp) },
  };
  const network = {
    networkSecurityGroup: { id: resourceId(`${networkProvider}/networkSecurityGroups`, names.securityGroup) },
  };
  return [
    resource('Microsoft.Compute/virtualMachines', names.vm, vmProperties(publicKey), {
      dependsOn: [`${networkProvider}/networkInterfaces/${names.interface}`],
    }),
    resource(
      `${networkProvider}/networkInterfaces`,
      names.interface,
      { ...network, ipConfigurations: [{ name: 'primary', properties: address }] },
      {
        dependsOn: [
          resourceId(`${networkProvider}/virtualNetworks`, names.network),
          names.publicIp,
          `${networkProvider}/networkSecurityGroups/${names.securityGroup}`,
        ],
      },
    ),
    resource(`${networkProvider}/virtualNetworks`, names.network, {
      addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
      subnets: [{ name: 'probe', properties: { addressPrefix: '192.168.1.0/24' } }],
    }),
    resource(
      `${networkProvider}/publicIPAddresses`,
      names.publicIp,
      { publicIPAllocationMethod: 'Static' },
      { sku: { name: 'Standard' } },
    ),
    resource(`${networkProvider}/networkSecurityGroups`, names.securityGroup, {
      securityRules: [{ name: 'AllowRuleSSH', properties: rule }],
    }),
  ];
}

/** As Azure CLI writes it: nulls for what is not given, and `fromImage` in small letters. */
const vmProperties = (publicKey: string): object => ({
  hardwareProfile: { vmSize: 'Standard_B2ts_v2' },
  storageProfile: {
    imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
    osDisk: {
      createOption: 'fromImage',
      name: null,
      caching: 'ReadWrite',
      deleteOption: 'Delete',
      managedDisk: { storageAccountType: null },
    },
  },
  osProfile: {
    computerName: names.vm,
    adminUsername: 'azureuser',
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: '/home/azureuser/.ssh/authorized_keys', keyData: publicKey }] },
    },
  },
  networkProfile: { networkInterfaces: [{ id: resourceId(`${networkProvider}/networkInterfaces`, names.interface) }] },
});

/** One side of a peering; the remote VNet may be in another group. */
export const peeringBetween = (network: string, remoteId: string): object =>
  resource(`${networkProvider}/virtualNetworks/virtualNetworkPeerings`, `${network}/probe`, {
    remoteVirtualNetwork: { id: remoteId },
    allowVirtualNetworkAccess: true,
  });

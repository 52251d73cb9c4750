import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient, type VirtualMachine } from '@azure/arm-compute';
import { ContainerServiceClient } from '@azure/arm-containerservice';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import type { DataPlane, NetworkState, VmBoot } from '../../../lab/azure/network/data-plane.ts';
import { type AzureLab, type AzureOptions, startAzure } from '../../../lab/azure/server.ts';
import { type Authority, createAuthority } from '../../../lab/certificates.ts';
import { cluster, type LabScope } from '../../../lab/scope.ts';

/** Effects that keep what they were told, in order. */
export interface Recorder extends DataPlane {
  readonly states: NetworkState[];
  readonly boots: VmBoot[];
  readonly destroyed: string[];
  /** `apply`, `boot`, `destroy` in order of arrival. */
  readonly calls: string[];
}

export function recorder(): Recorder {
  const [states, boots, destroyed, calls]: [NetworkState[], VmBoot[], string[], string[]] = [[], [], [], []];
  return {
    states,
    boots,
    destroyed,
    calls,
    apply: async (state) => {
      states.push(state);
      calls.push('apply');
    },
    boot: async (vm) => {
      boots.push(vm);
      calls.push('boot');
    },
    destroy: async (id) => {
      destroyed.push(id);
      calls.push('destroy');
    },
  };
}

export interface Bench {
  readonly lab: AzureLab;
  readonly authority: Authority;
  readonly effects: Recorder;
  readonly network: NetworkManagementClient;
  readonly compute: ComputeManagementClient;
  readonly aks: ContainerServiceClient;
  readonly resources: ResourceManagementClient;
  readonly authorization: AuthorizationManagementClient;
}

/** A stand-in Azure of its own with the genuine SDK clients; it ends with the test. */
export async function startBench(t: TestContext, options: Partial<AzureOptions> = {}): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-azure-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const scope: LabScope = { id: 'test1', directory, logs: join(directory, 'logs'), pace: 'fast', calico: 'oss' };
  const authority = await createAuthority(directory);
  const effects = recorder();
  const lab = await startAzure({
    scope,
    authority,
    dataPlane: effects,
    userKubeconfig: () => 'apiVersion: v1\nkind: Config\n',
    ...options,
  });
  t.after(() => lab.stop());
  return { lab, authority, effects, ...clientsOf(lab, authority) };
}

function clientsOf(lab: AzureLab, authority: Authority): Omit<Bench, 'lab' | 'authority' | 'effects'> {
  let token: Promise<string> | undefined;
  const credential = {
    getToken: async () => {
      token ??= tokenOf(lab, authority);
      return { token: await token, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const options = {
    endpoint: lab.endpoint,
    credentials: { scopes: [`${lab.endpoint}/.default`] },
    credentialScopes: [`${lab.endpoint}/.default`],
    tlsOptions: { ca: authority.caPem },
    retryOptions: { maxRetries: 0 },
  };
  const { subscriptionId } = lab.credentials;
  return {
    network: new NetworkManagementClient(credential, subscriptionId, options),
    compute: new ComputeManagementClient(credential, subscriptionId, options),
    aks: new ContainerServiceClient(credential, subscriptionId, options),
    resources: new ResourceManagementClient(credential, subscriptionId, options),
    authorization: new AuthorizationManagementClient(credential, subscriptionId, options),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** A plain HTTPS call, for what the SDK does not show. */
export function call(
  lab: AzureLab,
  authority: Authority,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${lab.endpoint}${path}`,
      { method, ca: authority.caPem, headers: options.headers ?? {} },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === '' ? undefined : JSON.parse(text),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** Asks the stand-in Entra for a token, with the lab's credentials unless others are given. */
export function askToken(
  lab: AzureLab,
  authority: Authority,
  changed: Record<string, string> = {},
  path = `/${lab.credentials.tenantId}/oauth2/v2.0/token`,
): Promise<Answer> {
  const form = {
    grant_type: 'client_credentials',
    client_id: lab.credentials.clientId,
    client_secret: lab.credentials.clientSecret,
    scope: `${lab.endpoint}/.default`,
    ...changed,
  };
  return call(lab, authority, 'POST', path, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
}

export async function tokenOf(lab: AzureLab, authority: Authority): Promise<string> {
  const answer = await askToken(lab, authority);
  return (answer.body as { access_token: string }).access_token;
}

export const group = cluster.resourceGroup;
export const nodeGroup = cluster.nodeResourceGroup;
export const poll = { updateIntervalInMs: 20 };
export const publicKey = `ssh-ed25519 ${Buffer.from('not a real key, but shaped like one').toString('base64')} probe`;
export const idOf = (type: string, name: string, inGroup: string = group): string =>
  `/subscriptions/${cluster.subscriptionId}/resourceGroups/${inGroup}/providers/${type}/${name}`;
export const clusterVnetId = idOf('Microsoft.Network/virtualNetworks', cluster.vnetName, nodeGroup);
export const tags = { 'hepflow-run': 'r1' };

/** VNet, public IP and security group of the workshop, then the interface. */
export async function createNetworkParts({ network }: Bench): Promise<void> {
  await Promise.all([createVnet(network), createPublicIp(network), createSecurityGroup(network)]);
  await createInterface(network);
}

export const createVnet = async (
  network: NetworkManagementClient,
  name = 'vnet',
  space = '192.168.0.0/16',
  subnet = '192.168.1.0/24',
): Promise<unknown> =>
  network.virtualNetworks.createOrUpdate(
    group,
    name,
    {
      location: cluster.location,
      tags,
      addressSpace: { addressPrefixes: [space] },
      subnets: [{ name: 'probe', addressPrefix: subnet, defaultOutboundAccess: false }],
    },
    poll,
  );

export const createPublicIp = async (network: NetworkManagementClient, name = 'ip'): Promise<unknown> =>
  network.publicIPAddresses.createOrUpdate(
    group,
    name,
    { location: cluster.location, tags, sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' },
    poll,
  );

export const createSecurityGroup = async (network: NetworkManagementClient, name = 'nsg'): Promise<unknown> =>
  network.networkSecurityGroups.createOrUpdate(
    group,
    name,
    {
      location: cluster.location,
      tags,
      securityRules: [
        {
          name: 'AllowRuleSSH',
          priority: 1000,
          direction: 'Inbound',
          access: 'Allow',
          protocol: 'Tcp',
          sourceAddressPrefix: '*',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '22',
        },
      ],
    },
    poll,
  );

export const createInterface = async (
  network: NetworkManagementClient,
  name = 'nic',
  ip: string | undefined = 'ip',
): Promise<unknown> =>
  network.networkInterfaces.createOrUpdate(
    group,
    name,
    {
      location: cluster.location,
      tags,
      networkSecurityGroup: { id: idOf('Microsoft.Network/networkSecurityGroups', 'nsg') },
      ipConfigurations: [
        {
          name: 'primary',
          subnet: { id: `${idOf('Microsoft.Network/virtualNetworks', 'vnet')}/subnets/probe` },
          ...(ip && { publicIPAddress: { id: idOf('Microsoft.Network/publicIPAddresses', ip) } }),
        },
      ],
    },
    poll,
  );

export function vmBody(changed: { customData?: string; deleteOption?: 'Delete' | 'Detach' } = {}): VirtualMachine {
  return {
    location: cluster.location,
    tags,
    hardwareProfile: { vmSize: 'Standard_B2ts_v2' },
    storageProfile: {
      imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
      osDisk: {
        name: 'osdisk',
        createOption: 'FromImage',
        deleteOption: changed.deleteOption ?? 'Delete',
        managedDisk: { storageAccountType: 'StandardSSD_LRS' },
      },
    },
    osProfile: {
      computerName: 'probe',
      adminUsername: 'azureuser',
      customData: Buffer.from(changed.customData ?? '#cloud-config\nusers: []\n').toString('base64'),
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: [{ path: '/home/azureuser/.ssh/authorized_keys', keyData: publicKey }] },
      },
    },
    networkProfile: {
      networkInterfaces: [
        { id: idOf('Microsoft.Network/networkInterfaces', 'nic'), primary: true, deleteOption: 'Detach' },
      ],
    },
  };
}

/** Both sides of the peering, one after the other. */
export async function peer({ network }: Bench, name = 'hepflow-r1'): Promise<void> {
  await peerFromVm(network, name);
  await peerFromCluster(network, name);
}

export const peerFromVm = async (
  network: NetworkManagementClient,
  name = 'hepflow-r1',
  vnet = 'vnet',
): Promise<unknown> =>
  network.virtualNetworkPeerings.createOrUpdate(
    group,
    vnet,
    name,
    { remoteVirtualNetwork: { id: clusterVnetId }, allowVirtualNetworkAccess: true },
    poll,
  );

export const peerFromCluster = async (
  network: NetworkManagementClient,
  name = 'hepflow-r1',
  vnet = 'vnet',
): Promise<unknown> =>
  network.virtualNetworkPeerings.createOrUpdate(
    nodeGroup,
    cluster.vnetName,
    name,
    { remoteVirtualNetwork: { id: idOf('Microsoft.Network/virtualNetworks', vnet) }, allowVirtualNetworkAccess: true },
    poll,
  );

/** `code` and `statusCode` of the error with which a call is refused. */
export async function refusal(attempt: PromiseLike<unknown>): Promise<{
  code: string | undefined;
  status: number | undefined;
  message: string;
  headers?: { get(name: string): string | undefined };
}> {
  try {
    await attempt;
  } catch (error) {
    const { code, statusCode, message, response } = error as {
      code?: string;
      statusCode?: number;
      message: string;
      response?: { headers: { get(name: string): string | undefined } };
    };
    return { code, status: statusCode, message, ...(response && { headers: response.headers }) };
  }
  throw new Error('the call was not refused');
}

/** Every item of a paged list. */
export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

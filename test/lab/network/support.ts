import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InterfaceState, NetworkState, SecurityRule, VmBoot } from '../../../lab/azure/network/data-plane.ts';
import { closeScope, openScope } from '../../../lab/leftovers.ts';
import { createFabric, type Fabric } from '../../../lab/network/fabric.ts';
import { shortenName } from '../../../lab/network/links.ts';
import { clusterVnetId } from '../../../lab/network/vnet.ts';
import { startChild } from '../../../lab/process/child.ts';
import { run, runIn } from '../../../lab/process/run.ts';
import { type LabScope, nameNetns } from '../../../lab/scope.ts';

export interface TestLab {
  readonly scope: LabScope;
  readonly fabric: Fabric;
}

/** A lab's network for one test, gone with it. */
export async function labFor(t: TestContext, bootDelayMs = 100): Promise<TestLab> {
  const scope = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(scope));
  const fabric = await createFabric(scope, { bootDelayMs });
  t.after(() => fabric.stop());
  return { scope, fabric };
}

export const vnetId = '/subscriptions/s/resourcegroups/g/providers/microsoft.network/virtualnetworks/probe';
export const publicAddress = '203.0.113.10';

/** The workshop's VM. */
export const vm: VmBoot = {
  id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/probe',
  computerName: 'probe-vm',
  privateAddress: '192.168.1.4',
  subnetPrefix: '192.168.1.0/24',
  vnetId,
  adminUser: 'azureuser',
  authorizedKeys: [],
  cloudConfig: '',
};

export const rule = (change: Partial<SecurityRule> = {}): SecurityRule => ({
  name: 'AllowRuleSSH',
  priority: 1000,
  direction: 'Inbound',
  access: 'Allow',
  protocol: 'Tcp',
  sources: ['*'],
  destinations: ['*'],
  destinationPorts: ['22'],
  ...change,
});

export const interfaceOf = (change: Partial<InterfaceState> = {}): InterfaceState => ({
  id: 'nic',
  vmId: vm.id.toLowerCase(),
  vnetId,
  subnetPrefix: vm.subnetPrefix,
  privateAddress: vm.privateAddress,
  publicAddress,
  rules: [rule()],
  ...change,
});

/** Azure's state with the VM's VNet and the cluster's, each connected to the other as given. */
export function azure({
  near = true,
  far = true,
  nics = [interfaceOf()],
}: {
  near?: boolean;
  far?: boolean;
  nics?: readonly InterfaceState[];
} = {}): NetworkState {
  return {
    vnets: [
      {
        id: vnetId,
        addressSpaces: ['192.168.0.0/16'],
        subnets: [{ id: 's', prefix: vm.subnetPrefix }],
        connectedTo: near ? [clusterVnetId] : [],
      },
      { id: clusterVnetId, addressSpaces: ['10.240.0.0/16'], subnets: [], connectedTo: far ? [vnetId] : [] },
    ],
    interfaces: nics,
  };
}

export const machineOf = (scope: LabScope, vmId = vm.id): string =>
  nameNetns(scope, `vm-${shortenName(vmId.toLowerCase(), 8)}`);

/** Serves TCP inside a namespace; every client is told the word and its own address. */
export async function serve(
  t: TestContext,
  scope: LabScope,
  namespace: string,
  port: number,
  word = 'hello',
): Promise<void> {
  const child = await startChild({
    name: `server-${port}`,
    command: ['socat', `TCP-LISTEN:${port},reuseaddr,fork`, `SYSTEM:echo ${word} $SOCAT_PEERADDR`],
    netns: namespace,
    logFile: `${scope.logs}/server-${port}.log`,
    ready: async () => (await runIn(namespace, ['ss', '-Hltn', `sport = :${port}`])) !== '',
  });
  t.after(() => child.stop(0));
}

/** How long to listen where silence is expected, and where an answer is, which a busy machine may delay. */
export const patience = { silence: 0.5, answer: 5 };

/** One new connection: what the far side said, or `refused`, `silent`, or the error's name. */
export async function dial(
  namespace: string,
  address: string,
  port: number,
  timeoutSeconds = patience.answer,
): Promise<string> {
  const program = `
import errno, socket, sys
try:
    with socket.create_connection(("${address}", ${port}), ${timeoutSeconds}) as s: print(s.recv(200).decode().strip() or "open")
except TimeoutError: print("silent")
except ConnectionRefusedError: print("refused")
except OSError as e: print(errno.errorcode.get(e.errno, e))`;
  return (await runIn(namespace, ['/usr/bin/python3', '-c', program])).trim();
}

/** A fresh ed25519 key pair: the private key's file, and both halves as text. */
export async function keyPair(
  scope: LabScope,
  name: string,
): Promise<{ file: string; private: string; public: string }> {
  const file = `${scope.directory}/${name}`;
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return { file, private: await readFile(file, 'utf8'), public: (await readFile(`${file}.pub`, 'utf8')).trim() };
}

/** Whether a process runs. One that has ended may keep its number until its parent takes note; that does not count. */
async function runs(pid: number): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) [^ZX]/.test(line);
}

/** Those of these processes that still run. */
export async function running(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(runs));
  return pids.filter((_, at) => states[at]);
}

/** Waits until something holds; the bound is far above what it takes. */
export async function until(what: string, holds: () => Promise<boolean>, boundMs = 10_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${boundMs} ms: ${what}.`);
    await sleep(20);
  }
}

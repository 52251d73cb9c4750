/** One node with the pods w0 and w1 and an external client X, as in Calico's felix/fv/pre_dnat_test.go. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '../../../lab/calico/felix/compile.ts';
import type { Inputs, Workload } from '../../../lab/calico/felix/inputs.ts';
import type { GlobalNetworkPolicy, HostEndpoint } from '../../../lab/calico/objects.ts';
import { closeScope, openScope } from '../../../lab/leftovers.ts';
import { link, runIp } from '../../../lab/network/links.ts';
import { createNamespace } from '../../../lab/network/namespaces.ts';
import { Pods } from '../../../lab/network/pods.ts';
import { startChild } from '../../../lab/process/child.ts';
import { runIn } from '../../../lab/process/run.ts';
import { type LabScope, nameNetns } from '../../../lab/scope.ts';
import { dial, patience, serve } from '../network/support.ts';

export const nodeName = 'node-0';
export const nodeAddress = '10.65.0.2';
export const clientAddress = '10.65.0.3';

/** What a connection showed: the far side's word, `refused` or `silent`. */
export type Seen = Record<'w0→32011' | 'w1→32010' | 'X→32010' | 'X→32011', string>;

export interface TestNode {
  readonly scope: LabScope;
  /** Namespaces. */
  readonly node: string;
  readonly client: string;
  readonly pods: readonly [string, string];
  readonly workloads: readonly [Workload, Workload];
  /** Compiles for this node and programs the result. */
  apply(change: Partial<Inputs>): Promise<void>;
  /** One new connection on each of the four ways, side by side. */
  look(expected: Seen): Promise<Seen>;
  /** One new connection from X to a port of the node. */
  fromClient(port: number, expected: string): Promise<string>;
}

/** Serves `w0` and `w1` on 8055 behind the node's ports 32010 and 32011 (and what a test serves on w0's 8056 behind 32012), which an nft table of the test translates as kube-proxy would. */
export async function openNode(t: Pick<TestContext, 'after'>): Promise<TestNode> {
  const scope = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(scope));
  const [node, client] = [nameNetns(scope, 'node-0'), nameNetns(scope, 'x')];
  await Promise.all([createNamespace(node, true), createNamespace(client)]);
  await link({ netns: node, name: 'eth0' }, { netns: client, name: 'eth0' });
  await runIp(node, `addr add ${nodeAddress}/24 dev eth0`, `route add default via ${clientAddress}`);
  await runIp(client, `addr add ${clientAddress}/24 dev eth0`);
  const nets = new Pods(scope);
  const at = { index: 0, name: nodeName, netns: node, address: nodeAddress, podCidr: '10.65.1.0/24' };
  const pod = async (name: string, address: string): Promise<{ netns: string; workload: Workload }> => {
    const { netns: namespace, interfaceName } = await nets.attach(at, name, address);
    await serve(t as TestContext, scope, namespace, 8055, name);
    return {
      netns: namespace,
      workload: { namespace: 'default', name, node: nodeName, labels: { name }, address, interfaceName },
    };
  };
  const w0 = await pod('w0', '10.65.1.10');
  const w1 = await pod('w1', '10.65.1.11');
  await runIn(node, ['nft', '-f', '-'], nat(w0.workload.address, w1.workload.address));
  return {
    scope,
    node,
    client,
    pods: [w0.netns, w1.netns],
    workloads: [w0.workload, w1.workload],
    apply: async (change) => {
      await runIn(node, ['nft', '-f', '-'], compile(inputs({ workloads: [w0.workload, w1.workload], ...change })));
    },
    look: (expected) => look(client, w0.netns, w1.netns, expected),
    fromClient: (port, expected) => connect(client, port, expected),
  };
}

const nat = (w0: string, w1: string): string => `
table ip test-nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${nodeAddress} tcp dport 32010 dnat to ${w0}:8055
    ip daddr ${nodeAddress} tcp dport 32011 dnat to ${w1}:8055
    ip daddr ${nodeAddress} tcp dport 32012 dnat to ${w0}:8056
  }
}`;

async function look(client: string, w0: string, w1: string, expected: Seen): Promise<Seen> {
  const ways = {
    'w0→32011': [w0, 32011],
    'w1→32010': [w1, 32010],
    'X→32010': [client, 32010],
    'X→32011': [client, 32011],
  } as const;
  const seen = (Object.keys(ways) as (keyof Seen)[]).map(
    async (way) => [way, await connect(ways[way][0], ways[way][1], expected[way])] as const,
  );
  return Object.fromEntries(await Promise.all(seen)) as Seen;
}

/** The far side's word without what follows it. Listens longer where an answer is expected, so that a busy machine does not look like a deny. */
const connect = async (namespace: string, port: number, expected: string): Promise<string> =>
  (await dial(namespace, nodeAddress, port, patienceFor(expected))).split(' ')[0] ?? '';

export const patienceFor = (expected: string): number => (expected === 'silent' ? patience.silence : patience.answer);

/** Inputs of a cluster with that node, nothing else, and tier `default`. */
export const inputs = (change: Partial<Inputs> = {}): Inputs => ({
  node: nodeName,
  interfaces: [{ name: 'eth0', addresses: [nodeAddress] }],
  hostEndpoints: [],
  globalNetworkPolicies: [],
  networkPolicies: [],
  tiers: [{ metadata: { name: 'default' }, spec: { order: 1_000_000, defaultAction: 'Deny' } }],
  workloads: [],
  namespaces: { default: {} },
  configuration: {},
  workloadInterfacePrefix: 'azv',
  ...change,
});

export const hostEndpoint = (
  interfaceName: string,
  change: Partial<HostEndpoint['spec']> = {},
  labels: Record<string, string> = {},
): HostEndpoint => ({
  metadata: { name: `host-${interfaceName === '*' ? 'all' : interfaceName}`, labels: { role: 'host', ...labels } },
  spec: { node: nodeName, interfaceName, ...change },
});

/** What an automatic host endpoint carries. */
export const defaultAllow = { profiles: ['projectcalico-default-allow'] } as const;

export const policy = (name: string, spec: GlobalNetworkPolicy['spec']): GlobalNetworkPolicy => ({
  metadata: { name },
  spec: { selector: "role == 'host'", types: ['Ingress'], ...spec },
});

export const preDnat = (
  name: string,
  order: number,
  rule: NonNullable<GlobalNetworkPolicy['spec']['ingress']>[number],
): GlobalNetworkPolicy =>
  policy(name, { order, preDNAT: true, applyOnForward: true, types: ['Ingress'], ingress: [rule] });

/** A preDNAT policy that lets in one TCP port. */
export const allow = (port: number): GlobalNetworkPolicy =>
  preDnat(`allow-${port}`, 10, { action: 'Allow', protocol: 'TCP', destination: { ports: [port] } });
export const denyAll = preDnat('deny-all', 20, { action: 'Deny' });

/** Serves TCP inside a namespace; whatever is said comes back. */
export async function serveEcho(t: TestContext, { scope }: TestNode, netns: string, port: number): Promise<void> {
  const child = await startChild({
    name: `echo-${port}`,
    command: ['socat', `TCP-LISTEN:${port},reuseaddr,fork`, 'PIPE'],
    netns,
    logFile: `${scope.logs}/echo-${port}.log`,
    ready: async () => (await runIn(netns, ['ss', '-Hltn', `sport = :${port}`])) !== '',
  });
  t.after(() => child.stop(0));
}

/** One connection from X that stays open: says a line, gives the answer; fails after 3 s of silence. */
export async function openTalk(
  t: TestContext,
  { client }: TestNode,
  port: number,
): Promise<(line: string) => Promise<string>> {
  const child = spawn('ip', ['netns', 'exec', client, 'socat', '-', `TCP:${nodeAddress}:${port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (line) => {
    child.stdin.write(`${line}\n`);
    const silence = sleep(3000, undefined, { ref: false }).then(() =>
      Promise.reject(new Error(`no answer to ${line}`)),
    );
    const { value } = await Promise.race([answers.next(), silence]);
    return String(value);
  };
}

/**
 * The world in which genuine Calico was asked: two nodes with a pod each, an external client in the nodes' subnet, and
 * three services, translated as kube-proxy would. What Calico does on the nodes is the stand-in's rules.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeScope, openScope } from '../../../../lab/leftovers.ts';
import { link, runIp } from '../../../../lab/network/links.ts';
import { createNamespace } from '../../../../lab/network/namespaces.ts';
import { Pods } from '../../../../lab/network/pods.ts';
import { runIn } from '../../../../lab/process/run.ts';
import { type LabScope, nameNetns } from '../../../../lab/scope.ts';

/** `X`: the external client. */
export type Place = 'X' | 'w0' | 'w1' | 'h0' | 'h1';
export type Outcomes = Readonly<Record<string, string>>;

export const nodes = {
  h0: { name: 'aks-nodepool1-31415926-vmss000000', address: '10.240.0.4', podCidr: '10.244.0.0/24' },
  h1: { name: 'aks-nodepool1-31415926-vmss000001', address: '10.240.0.35', podCidr: '10.244.1.0/24' },
} as const;
export const pods = {
  w0: { node: 'h0', address: '10.244.0.10' },
  w1: { node: 'h1', address: '10.244.1.10' },
} as const;
const client = '10.240.0.200';
const gateway = '10.240.0.1';
const services = {
  w0: { clusterIp: '10.0.77.1', nodePort: 32010, backend: `${pods.w0.address}:8080`, host: pods.w0.address },
  w1: { clusterIp: '10.0.77.2', nodePort: 32011, backend: `${pods.w1.address}:8080`, host: pods.w1.address },
  h1: { clusterIp: '10.0.77.9', nodePort: 32019, backend: `${nodes.h1.address}:8055`, host: nodes.h1.address },
} as const;
const served = {
  host: ['tcp/22', 'tcp/179', 'tcp/2379', 'tcp/8055', 'tcp/9091', 'udp/9999', 'ip/253', 'ip/254'],
  pod: ['tcp/8080'],
  X: [],
} as const;

export interface World {
  readonly scope: LabScope;
  readonly netns: Readonly<Record<Place, string>>;
  /** The host's side of a pod's link. */
  readonly interfaceOf: Readonly<Record<keyof typeof pods, string>>;
  /** A node's kernel forgets the connections that it knows. */
  forget(node: keyof typeof nodes): Promise<void>;
  /** Dials every probe, `SOURCE>TARGET`, by new connections; `expected` says how long to listen for each. */
  look(expected: Outcomes): Promise<Outcomes>;
}

export async function openWorld(t: Pick<TestContext, 'after'>): Promise<World> {
  const scope = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(scope));
  const netns = await buildSubnet(scope);
  const attached = new Pods(scope);
  const interfaceOf = { w0: '', w1: '' };
  for (const [name, { node, address }] of Object.entries(pods)) {
    const at = { index: 0, netns: netns[node], ...nodes[node] };
    const pod = await attached.attach(at, name, address);
    Object.assign(interfaceOf, { [name]: pod.interfaceName });
    Object.assign(netns, { [name]: pod.netns });
  }
  for (const node of ['h0', 'h1'] as const) await runIn(netns[node], ['nft', '-f', '-'], translate(node));
  const agents = Object.fromEntries(
    await Promise.all(
      Object.entries(netns).map(async ([place, namespace]) => [
        place,
        await startAgent(t, namespace, kindOf(place as Place)),
      ]),
    ),
  ) as Record<Place, Agent>;
  return {
    scope,
    netns,
    interfaceOf,
    forget: async (node) => {
      const failed = await agents[node].ask({ forget: true });
      if (Object.keys(failed).length > 0) throw new Error(`${node}: ${JSON.stringify(failed)}`);
    },
    look: (expected) => look(agents, expected),
  };
}

const kindOf = (place: Place): keyof typeof served => (place === 'X' ? 'X' : place.startsWith('h') ? 'host' : 'pod');

/** A bridge with both nodes and the client; namespaces of the pods follow. */
async function buildSubnet(scope: LabScope): Promise<Record<Place, string>> {
  const netns = { X: '', h0: '', h1: '', w0: '', w1: '' };
  const bridge = nameNetns(scope, 'switch');
  await createNamespace(bridge);
  await runIp(bridge, 'link add br0 type bridge', `addr add ${gateway}/16 dev br0`, 'link set br0 up');
  const routes = Object.values(nodes).map(({ podCidr, address }) => ({ podCidr, address }));
  for (const [place, address] of [
    ['h0', nodes.h0.address],
    ['h1', nodes.h1.address],
    ['X', client],
  ] as const) {
    const namespace = nameNetns(scope, place.toLowerCase());
    netns[place] = namespace;
    await createNamespace(namespace, place !== 'X');
    await link({ netns: bridge, name: `to-${place}` }, { netns: namespace, name: 'eth0' });
    await runIp(bridge, `link set to-${place} master br0`);
    await runIp(
      namespace,
      `addr add ${address}/16 dev eth0`,
      `route add default via ${gateway}`,
      ...routes
        .filter((route) => route.address !== address)
        .map((route) => `route add ${route.podCidr} via ${route.address}`),
      ...(place === 'X' ? [`route add 10.0.0.0/16 via ${nodes.h0.address}`] : []),
    );
  }
  return netns;
}

/** What kube-proxy writes for the services, with its masquerading; the rest of it has no part in these probes. */
function translate(node: keyof typeof nodes): string {
  const masquerade = 'meta mark set meta mark or 0x4000';
  const rules = Object.values(services).flatMap(({ clusterIp, nodePort, backend, host }) => [
    `ip daddr ${clusterIp} tcp dport 80 ip saddr != 10.244.0.0/16 ${masquerade}`,
    `ip daddr ${clusterIp} tcp dport 80 ip saddr ${host} ${masquerade}`,
    `ip daddr ${clusterIp} tcp dport 80 dnat to ${backend}`,
    `ip daddr ${nodes[node].address} tcp dport ${nodePort} ${masquerade}`,
    `ip daddr ${nodes[node].address} tcp dport ${nodePort} dnat to ${backend}`,
  ]);
  return `
table ip test-nat {
  chain services {
    ${rules.join('\n    ')}
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark and 0x4000 != 0 meta mark set meta mark xor 0x4000 masquerade fully-random
  }
}`;
}

/** Where a target is, such as `np0:w1` (a NodePort), `h0:u9999` (UDP), `svc:w0` or `h1:ip253`. */
function locate(target: string): readonly ['tcp' | 'udp' | 'ip', string, number] {
  const [place = '', what = ''] = target.split(':');
  const service = services[what as keyof typeof services];
  if (place === 'svc') return ['tcp', service.clusterIp, 80];
  if (place.startsWith('np')) return ['tcp', nodes[place === 'np0' ? 'h0' : 'h1'].address, service.nodePort];
  const address = {
    lo: '127.0.0.1',
    h0: nodes.h0.address,
    h1: nodes.h1.address,
    w0: pods.w0.address,
    w1: pods.w1.address,
  }[place];
  const [, kind, number] = /^(u|ip|)(\d+)$/.exec(what) ?? [];
  if (address === undefined || number === undefined) throw new Error(`the probe of ${target} is unknown`);
  return [kind === 'u' ? 'udp' : kind === 'ip' ? 'ip' : 'tcp', address, Number(number)];
}

const isRaw = (probe: string): boolean => probe.includes(':ip');

/**
 * All sources side by side. What the sender's own kernel refuses to a raw socket counts as silence, as in the data.
 * Probes of raw protocols follow one source after the other, since connection tracking knows
 * them by addresses alone: what h0 sent makes h1's packets answers.
 */
async function look(agents: Record<Place, Agent>, expected: Outcomes): Promise<Outcomes> {
  const dial = async (source: Place, isWanted: (probe: string) => boolean): Promise<Outcomes> => {
    const probes = Object.keys(expected).filter((probe) => probe.startsWith(`${source}>`) && isWanted(probe));
    if (probes.length === 0) return {};
    return agents[source].ask({
      targets: Object.fromEntries(probes.map((probe) => [probe, locate(probe.slice(probe.indexOf('>') + 1))])),
      open: probes.filter((probe) => expected[probe] === 'open'),
      silenceS: 0.3,
      answerS: 5,
    });
  };
  const places = Object.keys(agents) as Place[];
  const seen = await Promise.all(places.map((source) => dial(source, (probe) => !isRaw(probe))));
  for (const source of ['h0', 'h1'] as const) {
    const raw = Object.entries(await dial(source, isRaw));
    seen.push(Object.fromEntries(raw.map(([probe, word]) => [probe, word === 'EPERM' ? 'timeout' : word])));
  }
  return Object.assign({}, ...seen) as Outcomes;
}

interface Agent {
  ask(request: object): Promise<Outcomes>;
}

async function startAgent(t: Pick<TestContext, 'after'>, netns: string, kind: keyof typeof served): Promise<Agent> {
  const program = fileURLToPath(new URL('agent.py', import.meta.url));
  const child: ChildProcessWithoutNullStreams = spawn('ip', [
    ...['netns', 'exec', netns, '/usr/bin/python3', program, ...served[kind]],
  ]);
  child.stderr.pipe(process.stderr, { end: false });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async (): Promise<Outcomes> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`the agent in ${netns} has ended`);
    return JSON.parse(String(value)) as Outcomes;
  };
  await read();
  return {
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return read();
    },
  };
}

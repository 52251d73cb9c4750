/** How the world is broken. Each strike gives what mends it. */
import type { Distortion } from '../../lab/calico/felix/felix.ts';
import { flavours } from '../../lab/calico/flavours.ts';
import { revealMetadata } from '../../lab/calico/metadata.ts';
import type { GlobalNetworkPolicy, HostEndpoint } from '../../lab/calico/objects.ts';
import { cluster } from '../../lab/scope.ts';
import { runLabel } from '../../src/ownership/marks.ts';
import { killSessions } from '../chaos/strikes.ts';
import { groupId } from '../interop/arm.ts';
import {
  addRules,
  awaitProofEnd,
  type Ground,
  type Mend,
  nodePort,
  readPackets,
  vmSpace,
  waitUntil,
} from './ground.ts';

export type Strike = (ground: Ground) => Promise<Mend | undefined>;

/** All of them, one after the other. */
export const both =
  (...strikes: readonly Strike[]): Strike =>
  async (ground) => {
    const mends: (Mend | undefined)[] = [];
    for (const strike of strikes) mends.push(await strike(ground));
    return async () => {
      for (const mend of mends.toReversed()) await mend?.();
    };
  };

type Spec = GlobalNetworkPolicy['spec'];

/**
 * The dataplane enforces the run's policy otherwise than it was written: what the API server says stays right, so that
 * only packets can tell.
 */
export const enforces =
  (change: (spec: Spec) => Partial<Spec>): Strike =>
  async ({ lab }) => {
    const distort: Distortion = (policies) =>
      policies.map((policy) =>
        policy.metadata.labels?.[runLabel] === undefined
          ? policy
          : { ...policy, spec: { ...policy.spec, ...change(policy.spec) } },
      );
    await lab.calico.setFelixDistortion(distort);
    return () => lab.calico.setFelixDistortion((policies) => policies);
  };

/**
 * Felix's bug of v3.29 to v3.32 (felix/dataplane/linux/endpoint_mgr.go, updateHostEndpoints): somebody writes the
 * selector of a policy of his own anew so that it selects the same automatic host endpoints as before, and no policy of
 * these host endpoints is in force any more.
 */
export const strangersSelectorIsRewritten: Strike = async ({ lab }) => {
  const { api } = lab.cluster;
  const kind = '/apis/projectcalico.org/v3/globalnetworkpolicies';
  const [name, selector] = ['somebody-elses', 'has(host-end-point)'];
  await api.call('POST', kind, {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    metadata: { name },
    spec: {
      order: 900,
      selector,
      preDNAT: true,
      applyOnForward: true,
      types: ['Ingress'],
      ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [9] } }],
    },
  });
  await lab.calico.setFelixDistortion((policies) => {
    const theirs = policies.find(({ metadata }) => metadata.name === name);
    return theirs === undefined || theirs.spec.selector === selector ? policies : [];
  });
  await api.call('PATCH', `${kind}/${name}`, { spec: { selector: `${selector} && all()` } });
  return async () => {
    await api.call('DELETE', `${kind}/${name}`);
    await lab.calico.setFelixDistortion((policies) => policies);
  };
};

export const selects = (selector: string): Strike => enforces(() => ({ selector }));
export const selectsNobody = selects('has(nobody-has-this)');

/** The Deny of the run's policy, changed. */
export const denies = (
  change: (rule: NonNullable<Spec['ingress']>[number]) => NonNullable<Spec['ingress']>[number],
): Strike =>
  enforces(({ ingress = [] }) => ({ ingress: ingress.map((rule) => (rule.action === 'Deny' ? change(rule) : rule)) }));

/** Changes of policy and labels reach the nodes later. */
export const felixLate =
  (delayMs: number): Strike =>
  async ({ lab }) => {
    lab.calico.setFelixDelayMs(delayMs);
    return async () => lab.calico.setFelixDelayMs(0);
  };

/** New connections of the VM to the NodePort, as they come to a node. */
const newFromVm = `ip saddr ${vmSpace} tcp dport ${nodePort} ct state new`;

/** Node 1 refuses what the VM sends to the NodePort, where Calico would deny it. */
export const nodeRefuses =
  (how: 'tcp reset' | 'icmp type admin-prohibited'): Strike =>
  ({ nodes }) =>
    addRules(nodes[0].netns, [{ hook: 'prerouting priority -151', rules: [`${newFromVm} reject with ${how}`] }]);

/** Drops so many of a hundred packets between the VM and the nodes, either way. SSH comes by another way. */
export const drops =
  (percent: number): Strike =>
  ({ path }) => {
    const lose = percent === 100 ? 'drop' : `numgen random mod 100 < ${percent} drop`;
    return addRules(path, [
      { hook: 'forward priority -10', rules: [`ip saddr ${vmSpace} ${lose}`, `ip daddr ${vmSpace} ${lose}`] },
    ]);
  };

/** The service points at a port where no pod listens, while its endpoints stay ready: the pods' own kernels refuse. */
export const nobodyListens: Strike = async ({ lab }) => {
  const path = '/api/v1/namespaces/default/services/frontend-nodeport';
  const ports = (targetPort: number): object => ({
    spec: { ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort, nodePort }] },
  });
  await lab.cluster.api.call('PATCH', path, ports(8081));
  return () => lab.cluster.api.call('PATCH', path, ports(8080));
};

/** The pods' node, and their address. */
async function podOf({ lab }: Ground, node: string): Promise<string> {
  const { items } = await lab.cluster.api.read<{
    items: { spec: { nodeName?: string }; status: { podIP?: string } }[];
  }>('/api/v1/namespaces/default/pods');
  const address = items.find(({ spec }) => spec.nodeName === node)?.status.podIP;
  if (address === undefined) throw new Error(`No pod runs on ${node}.`);
  return address;
}

/** The backend on the first or second node answers its own kubelet and nobody else. */
export const backendDead =
  (index: 0 | 1): Strike =>
  async (ground) => {
    const { netns, name } = ground.nodes[index];
    return addRules(netns, [
      {
        hook: 'forward priority -1',
        rules: [`ip daddr ${await podOf(ground, name)} tcp dport 8080 reject with tcp reset`],
      },
    ]);
  };

/** The backend on the first or second node fails its readiness probe, so that the service leaves it out. */
export const backendUnready =
  (index: 0 | 1): Strike =>
  async (ground) => {
    const { netns, name } = ground.nodes[index];
    const address = await podOf(ground, name);
    const mend = await addRules(netns, [
      { hook: 'output priority -1', rules: [`ip daddr ${address} tcp dport 8080 reject with tcp reset`] },
    ]);
    await waitUntil('its endpoint is withdrawn', async () => !(await readyAddresses(ground)).includes(address));
    return async () => {
      await mend();
      await waitUntil(
        'its endpoint is back',
        async () => (await allReady(ground)) || (await readyAddresses(ground)).includes(address),
      );
    };
  };

interface Slices {
  readonly items: readonly {
    readonly endpoints:
      | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[]
      | null;
  }[];
}

async function readyAddresses({ lab }: Ground): Promise<string[]> {
  const path =
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dfrontend-nodeport';
  const { items } = await lab.cluster.api.read<Slices>(path);
  return items.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses),
  );
}

/** Of the deployment; the service may be gone. */
async function allReady({ lab }: Ground): Promise<boolean> {
  const { status } = await lab.cluster.api.read<{ status: { readyReplicas?: number } }>(
    '/apis/apps/v1/namespaces/default/deployments/frontend',
  );
  return status.readyReplicas === 2;
}

/** The label of node 1 stands on node 2 instead, and so on its host endpoint. */
export const labelOnWrongNode: Strike = async ({ lab, nodes }) => {
  const [right, wrong] = nodes.map(({ name }) => name) as [string, string];
  const label = (node: string, value: string | null): Promise<unknown> =>
    lab.cluster.api.call('PATCH', `/api/v1/nodes/${node}`, { metadata: { labels: { 'host-end-point': value } } });
  const labelled = async (): Promise<string[]> => {
    const { group, version } = flavours[lab.scope.calico].api;
    const path = `/apis/${group}/${version}/hostendpoints`;
    const { items } = await lab.cluster.api.read<{ items: readonly HostEndpoint[] }>(path);
    const isLabelled = ({ metadata }: HostEndpoint): boolean => metadata.labels?.['host-end-point'] === 'test';
    return items
      .map(revealMetadata)
      .filter(isLabelled)
      .map(({ spec }) => spec.node);
  };
  const move = async (from: string, to: string): Promise<void> => {
    await label(from, null);
    await label(to, 'test');
    await waitUntil('the host endpoints follow', async () => (await labelled()).join() === to);
  };
  await move(right, wrong);
  return () => move(wrong, right);
};

/** Somebody adds a rule to the VM's security group: nothing to node 1's NodePort gets out. */
export const securityGroupBlocks: Strike = async ({ lab, azure, nodes }) => {
  const { resources } = lab.azure.inventory() as {
    resources: { id: string; type: string; location: string; tags?: object; properties: object }[];
  };
  const group = resources.find(({ type }) => type === 'Microsoft.Network/networkSecurityGroups');
  if (group === undefined) throw new Error('There is no security group.');
  const own = resources
    .filter(({ id, type }) => type.endsWith('/securityRules') && id.startsWith(`${group.id}/`))
    .map(({ id, properties }) => ({ name: id.split('/').at(-1), properties }));
  const { location, tags } = group;
  const put = (rules: readonly object[]): Promise<void> =>
    write(lab, azure, 'PUT', group.id, { location, tags, properties: { securityRules: rules } });
  const properties = {
    priority: 200,
    direction: 'Outbound',
    access: 'Deny',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
  };
  await put([
    ...own,
    {
      name: blockingRule,
      properties: { ...properties, destinationAddressPrefix: nodes[0].address, destinationPortRange: `${nodePort}` },
    },
  ]);
  return () => put(own);
};
export const blockingRule = 'blocked-by-hand';

/** Somebody deletes the peering on the cluster's side. */
export const peeringBreaks: Strike = async ({ lab, azure }) => {
  const id = (lab.azure.inventory() as { resources: { id: string; type: string }[] }).resources.find(
    ({ id: each, type }) =>
      type.endsWith('/virtualNetworkPeerings') && each.startsWith(groupId(cluster.nodeResourceGroup)),
  )?.id;
  if (id === undefined) throw new Error('There is no peering on the side of the cluster.');
  await write(lab, azure, 'DELETE', id);
  return undefined; // undo finds nothing on this side, and that is fine
};

async function write(
  lab: Ground['lab'],
  azure: Ground['azure'],
  method: 'PUT' | 'DELETE',
  id: string,
  body?: object,
): Promise<void> {
  const { status, headers, body: answer } = await azure.call(method, id, body);
  if (status >= 300) throw new Error(`${method} ${id}: ${status} ${JSON.stringify(answer)}`);
  const operation = headers['azure-asyncoperation'] ?? headers['location'];
  if (typeof operation !== 'string') return;
  await waitUntil(`${method} of ${id.split('/').at(-1)} is over in lab ${lab.scope.id}`, async () => {
    const { status: asked, body: state } = await azure.call('GET', operation);
    return asked === 200 && (state as { status?: string } | undefined)?.status !== 'InProgress';
  });
}

/** The prober's SSH session is reset. */
export const sshdKilled: Strike = async ({ lab }) => {
  await killSessions(lab);
  return undefined;
};

/** The deny goes off until no proof connection waits any more, and on again. */
export const offInProof: Strike = async (ground) => {
  const on = await selectsNobody(ground);
  try {
    await awaitProofEnd(ground);
  } finally {
    await on?.();
  }
  return undefined;
};

/** What whoever watches is given at most to see. Who does not dial does not see. */
const watchMs = 2000;

/** So many more dials came by a counter of `addRules`, or nobody dials. */
async function dialled(netns: string, counter: 'sent' | 'passed'): Promise<void> {
  const deadline = Date.now() + watchMs;
  const enough = (await readPackets(netns, counter)) + 16;
  await waitUntil(
    `dials were ${counter}`,
    async () => Date.now() > deadline || (await readPackets(netns, counter)) >= enough,
  );
}

/** The deny goes off and on again, for as long as it takes the observer to see silence, a leak and silence again. */
export const flaps: Strike = async (ground) => {
  const { netns } = ground.nodes[0];
  const mend = await addRules(netns, [
    { hook: 'prerouting priority -151', rules: [`${newFromVm} counter name "sent"`] },
    { hook: 'prerouting priority -110', rules: [`${newFromVm} counter name "passed"`] },
  ]);
  try {
    await dialled(netns, 'sent');
    const on = await selectsNobody(ground);
    await dialled(netns, 'passed');
    await on?.();
    await dialled(netns, 'sent');
  } finally {
    await mend();
  }
  return undefined;
};

/** Somebody else on node 1 drops what the VM sends to the NodePort. */
const dropsOnFirstNode: Strike = ({ nodes }) =>
  addRules(nodes[0].netns, [{ hook: 'prerouting priority -151', rules: [`${newFromVm} counter name "sent" drop`] }]);

/** The same; goes on once the observer has seen it. */
export const droppedByAnother: Strike = async (ground) => {
  const mend = await dropsOnFirstNode(ground);
  await dialled(ground.nodes[0].netns, 'sent');
  return mend;
};

/** Somebody else drops on node 1 what the policy, which now selects node 2 only, denies there no more. */
export const anotherTakesOver: Strike = both(dropsOnFirstNode, (ground) =>
  selects(`host-end-point == "test" && kubernetes.io/hostname == "${ground.nodes[1].name}"`)(ground),
);

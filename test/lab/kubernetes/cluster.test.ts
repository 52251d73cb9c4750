import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { V1EndpointSliceList, V1Node, V1NodeList, V1Pod, V1PodList } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { listProcesses } from '../../../lab/network/namespaces.ts';
import { runIn } from '../../../lab/process/run.ts';
import { addresses, nameNetns, cluster as names } from '../../../lab/scope.ts';
import { eventually, openCluster, type TestCluster } from './support.ts';

const podsPath = '/api/v1/namespaces/default/pods';
const servicesPath = '/api/v1/namespaces/default/services';

const nodePortService = (name: string, nodePort: number): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { type: 'NodePort', selector: { app: 'frontend' }, ports: [{ port: 80, targetPort: 8080, nodePort }] },
});

describe('the lab cluster', () => {
  let lab: TestCluster;
  before(async () => {
    lab = await openCluster();
  });
  after(() => lab?.remove());

  const pods = async (): Promise<V1Pod[]> => (await lab.cluster.api.read<V1PodList>(podsPath)).items;
  const isReady = (pod: V1Pod): boolean =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const readyAddresses = async (service: string): Promise<string[]> => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=${service}`;
    const { items } = await lab.cluster.api.read<V1EndpointSliceList>(path);
    return items.flatMap(({ endpoints = [] }) =>
      endpoints.filter(({ conditions }) => conditions?.ready === true).flatMap((endpoint) => endpoint.addresses),
    );
  };
  /** From a machine in the cluster's VNet that is no node. */
  const ask = (url: string): Promise<string | undefined> =>
    runIn(nameNetns(lab.scope, 'vnet-cluster'), ['curl', '--silent', '--max-time', '2', url]).then(
      (text) => text,
      () => undefined,
    );

  test('its nodes are named, labelled and addressed as on AKS, and are ready', async () => {
    const { items } = await lab.cluster.api.read<V1NodeList>('/api/v1/nodes');
    const internalIp = ({ status }: V1Node): string | undefined =>
      status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    assert.deepEqual(
      items.map((node) => [node.metadata?.name, internalIp(node)]),
      names.nodeNames.map((name, index) => [name, addresses.nodes[index]]),
    );
    for (const { metadata, spec, status } of items) {
      assert.equal(metadata?.labels?.['kubernetes.io/os'], 'linux');
      assert.equal(metadata?.labels?.['kubernetes.azure.com/cluster'], names.nodeResourceGroup);
      assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      assert.equal(spec?.taints, undefined);
    }
  });

  test('frontend runs one ready pod on each of the first two nodes, with an address of that node', async () => {
    const placed = (await pods()).map((pod) => ({
      node: pod.spec?.nodeName,
      network: pod.status?.podIP?.replace(/\.\d+$/, '.0/24'),
      ready: isReady(pod),
    }));
    assert.deepEqual(
      placed.toSorted((a, b) => ((a.node ?? '') < (b.node ?? '') ? -1 : 1)),
      [0, 1].map((index) => ({ node: names.nodeNames[index], network: addresses.podCidrs[index], ready: true })),
    );
  });

  test('a NodePort answers on all three nodes with the name of the pod and its node, and connections reach pods of other nodes', async () => {
    await lab.cluster.api.call('POST', servicesPath, nodePortService('answers', 30080));
    const known = new Map((await pods()).map((pod) => [pod.metadata?.name, pod.spec?.nodeName]));
    const servedBy = new Map<string, Set<string>>();
    for (const node of lab.fabric.nodes) {
      const url = `http://${node.address}:30080/`;
      await eventually(`an answer of ${url}`, () => ask(url));
      const seen = new Set<string>();
      await eventually(`answers of both pods at ${url}`, async () => {
        const line = (await ask(url)) ?? '';
        const [, pod, at] = /^frontend pod=(\S+) node=(\S+)\n$/.exec(line) ?? [];
        assert.equal(known.get(pod), at, `an unexpected answer: ${line}`);
        seen.add(at ?? '');
        return seen.size === 2 ? seen : undefined;
      });
      servedBy.set(node.name, seen);
    }
    await lab.cluster.api.call('DELETE', `${servicesPath}/answers`);
    assert.deepEqual([...servedBy.keys()], [...names.nodeNames]);
    const url = `http://${addresses.nodes[0]}:30080/`;
    await eventually('the NodePort closing after its service', async () =>
      (await ask(url)) === undefined ? true : undefined,
    );
  });

  test('the control port 10250 of every node answers, and refuses', async () => {
    for (const address of addresses.nodes) {
      const status = await runIn(nameNetns(lab.scope, 'vnet-cluster'), [
        'curl',
        '-s',
        '-m',
        '2',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        `http://${address}:10250/pods`,
      ]);
      assert.equal(status, '401');
    }
  });

  test("the worker's user may do what the shipped ClusterRole lists and is refused the rest", async () => {
    const worker = lab.cluster.clientFor('hepflow-worker').makeApiClient(CoreV1Api);
    assert.equal((await worker.listNode()).items.length, 3);
    const forbidden = { code: 403 };
    await assert.rejects(worker.listSecretForAllNamespaces(), forbidden);
    await assert.rejects(worker.deleteNode({ name: names.nodeNames[0] }), forbidden);
    await assert.rejects(worker.createNamespace({ body: { metadata: { name: 'more' } } }), forbidden);
    assert.match(lab.cluster.userKubeconfig(), /"server": "https:\/\/127\.0\.0\.1:\d+"/);
  });

  test('a snapshot is the same before and after a service came and went, and at rest', async () => {
    const before = await lab.cluster.snapshot();
    await lab.cluster.api.call('POST', servicesPath, nodePortService('transient', 30081));
    await eventually('ready endpoints', async () =>
      (await readyAddresses('transient')).length === 2 ? true : undefined,
    );
    const during = Object.keys(await lab.cluster.snapshot()).filter((key) => !(key in before));
    await lab.cluster.api.call('DELETE', `${servicesPath}/transient`);
    const kinds = during.map((key) => key.split(' ')[1]).toSorted();
    assert.deepEqual(kinds, ['EndpointSlice', 'Endpoints', 'IPAddress', 'Service']);
    await eventually('the garbage collector', async () =>
      Object.keys(await lab.cluster.snapshot()).some((key) => during.includes(key)) ? undefined : true,
    );
    assert.deepEqual(await lab.cluster.snapshot(), before);
  });

  test('a snapshot tells a changed label', async () => {
    const path = `/api/v1/nodes/${names.nodeNames[0]}`;
    const before = await lab.cluster.snapshot();
    await lab.cluster.api.call('PATCH', path, { metadata: { labels: { 'host-end-point': 'test' } } });
    assert.notDeepEqual(await lab.cluster.snapshot(), before);
    await lab.cluster.api.call('PATCH', path, { metadata: { labels: { 'host-end-point': null } } });
    assert.deepEqual(await lab.cluster.snapshot(), before);
  });

  test('a pod whose process dies becomes unready and leaves the ready endpoints; deleted, it is replaced on its node', async () => {
    await lab.cluster.api.call('POST', servicesPath, nodePortService('mortal', 30082));
    await eventually('two ready endpoints', async () =>
      (await readyAddresses('mortal')).length === 2 ? true : undefined,
    );
    const [victim, other] = await pods();
    const name = victim?.metadata?.name ?? '';
    const inside = await listProcesses([nameNetns(lab.scope, `pod-${name}`)]);
    assert.equal(inside.length, 1);
    for (const pid of inside) process.kill(pid, 'SIGKILL');
    await eventually('the endpoint leaving', async () =>
      (await readyAddresses('mortal')).join() === other?.status?.podIP ? true : undefined,
    );
    const dead = await lab.cluster.api.read<V1Pod>(`${podsPath}/${name}`);
    assert.equal(isReady(dead), false);
    assert.equal(dead.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 137);

    await lab.cluster.api.call('DELETE', `${podsPath}/${name}`);
    const replacement = await eventually('a ready replacement', async () =>
      (await pods()).find((pod) => pod.metadata?.name !== other?.metadata?.name && isReady(pod)),
    );
    assert.equal(replacement.spec?.nodeName, victim?.spec?.nodeName);
    await eventually('two ready endpoints again', async () =>
      (await readyAddresses('mortal')).length === 2 ? true : undefined,
    );
    assert.deepEqual(
      (await runIn(nameNetns(lab.scope, `pod-${replacement.metadata?.name}`), ['hostname', '-I'])).trim(),
      replacement.status?.podIP,
    );
    await lab.cluster.api.call('DELETE', `${servicesPath}/mortal`);
  });

  test('a pod whose image the lab does not know says so, and can be deleted', async () => {
    const pod = { metadata: { name: 'stranger' }, spec: { containers: [{ name: 'main', image: 'nginx' }] } };
    await lab.cluster.api.call('POST', podsPath, pod);
    const waiting = await eventually('a reason', async () => {
      const { status } = await lab.cluster.api.read<V1Pod>(`${podsPath}/stranger`);
      return status?.containerStatuses?.[0]?.state?.waiting;
    });
    assert.deepEqual(waiting, {
      reason: 'ErrImagePull',
      message: 'The lab runs only hepflow-lab/frontend:1, not nginx.',
    });
    await lab.cluster.api.call('DELETE', `${podsPath}/stranger`);
    await eventually('its removal', async () => ((await pods()).length === 2 ? true : undefined));
  });
});

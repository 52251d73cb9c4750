import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { startKubeControllers } from '../../../lab/calico/kube-controllers.ts';
import type { HostEndpoint, KubeControllersConfiguration } from '../../../lab/calico/objects.ts';
import type { Api } from '../../../lab/kubernetes/api.ts';
import { apply, calicoObject, calicoPath, eventually, openCalico, type TestCalico } from './control-plane.ts';

let calico: TestCalico;
let api: Api;
let controllers: { stop(): Promise<void> };
before(async () => {
  calico = await openCalico();
  api = calico.controlPlane.api;
});
after(() => calico?.remove());

const start = async (): Promise<void> => {
  controllers = await startKubeControllers({ kubeConfig: calico.controlPlane.clientFor('calico'), onError: () => {} });
};
beforeEach(start);
afterEach(async () => {
  await setAutoCreate('Disabled');
  await eventually(names, (seen) => !seen.some((name) => name.endsWith('-auto-hep')));
  await controllers.stop();
  for (const { metadata } of (await api.read<{ items: HostEndpoint[] }>(calicoPath('hostendpoints'))).items)
    await api.call('DELETE', calicoPath('hostendpoints', metadata.name));
  for (const { metadata } of (await api.read<{ items: HostEndpoint[] }>('/api/v1/nodes')).items)
    await api.call('DELETE', `/api/v1/nodes/${metadata.name}`);
});

const setAutoCreate = (autoCreate: 'Enabled' | 'Disabled'): Promise<unknown> =>
  api.call('PATCH', calicoPath('kubecontrollersconfigurations', 'default'), {
    spec: { controllers: { node: { hostEndpoint: { autoCreate } } } },
  });

const configuration = (): Promise<KubeControllersConfiguration> =>
  api.read(calicoPath('kubecontrollersconfigurations', 'default'));
const running = async (): Promise<string | undefined> =>
  (await configuration()).status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate;
const names = async (): Promise<string[]> =>
  (await api.read<{ items: HostEndpoint[] }>(calicoPath('hostendpoints'))).items
    .map(({ metadata }) => metadata.name)
    .toSorted();
const read = (name: string): Promise<HostEndpoint | undefined> =>
  api.read<HostEndpoint>(calicoPath('hostendpoints', name)).catch(() => undefined);

async function createNode(
  name: string,
  labels: Record<string, string>,
  addresses: readonly { type: string; address: string }[],
): Promise<void> {
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  await setAddresses(name, addresses);
}
const setAddresses = (name: string, addresses: readonly { type: string; address: string }[]): Promise<unknown> =>
  api.call('PATCH', `/api/v1/nodes/${name}/status`, { status: { addresses } });
const internal = (address: string): { type: string; address: string } => ({ type: 'InternalIP', address });

const createdBy = { 'projectcalico.org/created-by': 'calico-kube-controllers' };

test('AH1: the automatic host endpoint follows its node: labels, InternalIPs, deletion', async () => {
  await createNode('node-0', { pool: 'a' }, [
    internal('10.240.0.4'),
    { type: 'ExternalIP', address: '20.1.2.3' },
    { type: 'Hostname', address: 'node-0' },
  ]);
  await setAutoCreate('Enabled');
  const made = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.spec.expectedIPs !== undefined,
  );
  assert.deepEqual(made?.spec, {
    node: 'node-0',
    interfaceName: '*',
    profiles: ['projectcalico-default-allow'],
    expectedIPs: ['10.240.0.4'],
  });
  assert.deepEqual(made?.metadata.labels, { pool: 'a', ...createdBy });

  await api.call('PATCH', '/api/v1/nodes/node-0', { metadata: { labels: { pool: null, 'host-end-point': 'test' } } });
  const relabelled = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.metadata.labels?.['host-end-point'] === 'test',
  );
  assert.deepEqual(relabelled?.metadata.labels, { 'host-end-point': 'test', ...createdBy });

  await setAddresses('node-0', [internal('10.240.0.5'), internal('10.240.0.6')]);
  await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.spec.expectedIPs?.join() === '10.240.0.5,10.240.0.6',
  );

  await api.call('DELETE', '/api/v1/nodes/node-0');
  await eventually(names, (seen) => seen.length === 0);
});

test('AH3: at its start a dangling automatic host endpoint is deleted, a user host endpoint kept, a missing one created', async () => {
  await setAutoCreate('Enabled');
  await eventually(running, (seen) => seen === 'Enabled');
  await controllers.stop();
  await createNode('node-0', {}, [internal('10.240.0.4')]);
  await apply(api, calicoObject('HostEndpoint', 'gone-auto-hep', { node: 'gone', interfaceName: '*' }, createdBy));
  await apply(api, calicoObject('HostEndpoint', 'mine', { node: 'gone', interfaceName: 'eth0' }));
  await start();
  assert.deepEqual(await names(), ['mine', 'node-0-auto-hep']);
});

test('AH4: disabling deletes the automatic host endpoints and leaves those of users', async () => {
  await createNode('node-0', {}, [internal('10.240.0.4')]);
  await createNode('node-1', {}, [internal('10.240.0.35')]);
  await apply(api, calicoObject('HostEndpoint', 'mine', { node: 'node-0', interfaceName: 'eth0' }));
  assert.equal(await running(), 'Disabled');
  await setAutoCreate('Enabled');
  await eventually(names, (seen) => seen.join() === 'mine,node-0-auto-hep,node-1-auto-hep');
  assert.equal(await running(), 'Enabled');
  await setAutoCreate('Disabled');
  await eventually(names, (seen) => seen.join() === 'mine');
  assert.equal(await running(), 'Disabled');
});

test('AH9: an automatic host endpoint that was edited or deleted by hand is restored', async () => {
  await createNode('node-0', { pool: 'a' }, [internal('10.240.0.4')]);
  await setAutoCreate('Enabled');
  const made = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.spec.expectedIPs !== undefined,
  );
  await api.call('PATCH', calicoPath('hostendpoints', 'node-0-auto-hep'), {
    metadata: { labels: { pool: 'b' } },
    spec: { interfaceName: 'eth9', profiles: [] },
  });
  const restored = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.spec.interfaceName === '*' && seen.metadata.labels?.['pool'] === 'a',
  );
  assert.deepEqual(restored?.spec, made?.spec);
  await api.call('DELETE', calicoPath('hostendpoints', 'node-0-auto-hep'));
  const again = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen !== undefined,
  );
  assert.notEqual(again?.metadata.uid, made?.metadata.uid);
  assert.deepEqual(again?.spec, made?.spec);
});

test('AH10: an InternalIP that is no address is left out', async () => {
  await createNode('node-0', {}, [internal('not-an-address'), internal('10.240.0.4')]);
  await setAutoCreate('Enabled');
  const made = await eventually(
    () => read('node-0-auto-hep'),
    (seen) => seen?.spec.expectedIPs !== undefined,
  );
  assert.deepEqual(made?.spec.expectedIPs, ['10.240.0.4']);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerCalicoNode, setAvailableCalicoNodes } from '../../../lab/calico/calico-node.ts';
import { startKubeControllers } from '../../../lab/calico/kube-controllers.ts';
import type { HostEndpoint, KubeControllersConfiguration } from '../../../lab/calico/objects.ts';
import { chooseTiming } from '../../../lab/calico/timing.ts';
import type { Api } from '../../../lab/kubernetes/api.ts';
import { calicoPath, eventually, openCalico } from './control-plane.ts';

const configurationPath = calicoPath('kubecontrollersconfigurations', 'default');
const hostEndpointPath = calicoPath('hostendpoints', 'node-0-auto-hep');

let api: Api;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  const calico = await openCalico();
  cleanUps.push(() => calico.remove());
  api = calico.controlPlane.api;
  await registerCalicoNode(api, 1);
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' } });
  const kubeConfig = calico.controlPlane.clientFor('calico');
  const controllers = await startKubeControllers({
    kubeConfig,
    timing: chooseTiming('calico', 'oss'),
    onError: () => {},
  });
  cleanUps.push(() => controllers.stop());
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const setAutoCreate = (autoCreate: 'Enabled' | 'Disabled'): Promise<unknown> =>
  api.call('PATCH', configurationPath, { spec: { controllers: { node: { hostEndpoint: { autoCreate } } } } });
const readRunning = async (): Promise<string | undefined> => {
  const { status } = await api.read<KubeControllersConfiguration>(configurationPath);
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate;
};
const readHostEndpoint = (): Promise<HostEndpoint | undefined> =>
  api.read<HostEndpoint>(hostEndpointPath).catch(() => undefined);
const awaitHostEndpoint = (satisfies: (seen: HostEndpoint | undefined) => boolean): Promise<unknown> =>
  eventually(readHostEndpoint, satisfies, 20_000);

/** Milliseconds from the request to what follows from it. */
async function measure(request: Promise<unknown>, follows: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await request;
  await follows();
  return performance.now() - startedAt;
}
/** Never earlier than Calico; later by what a busy machine adds. */
const assertTakes = (ms: number, atLeastMs: number): void =>
  assert.ok(ms >= atLeastMs && ms < atLeastMs + 3000, `${Math.round(ms)} ms, not ${atLeastMs} ms or a little more`);

test('with the timing of Calico v3.32 the configuration is accepted at once, and host endpoints exist after 5.45 s', async () => {
  const ms = await measure(setAutoCreate('Enabled'), async () => {
    await eventually(readRunning, (seen) => seen === 'Enabled', 3000);
    assert.equal(await readHostEndpoint(), undefined);
    await awaitHostEndpoint((seen) => seen !== undefined);
  });
  assertTakes(ms, 5450);
});

test('a label reaches the host endpoint after 1 s', async () => {
  const label = api.call('PATCH', '/api/v1/nodes/node-0', { metadata: { labels: { pool: 'a' } } });
  assertTakes(await measure(label, () => awaitHostEndpoint((seen) => seen?.metadata.labels?.['pool'] === 'a')), 1000);
});

test('host endpoints are held back while calico-node is not rolled out', async () => {
  await setAvailableCalicoNodes(api, 0, 1);
  await setAutoCreate('Disabled');
  await eventually(readRunning, (seen) => seen === 'Disabled', 3000);
  await sleep(6500); // longer than it takes when nothing holds them back
  assert.notEqual(await readHostEndpoint(), undefined);
  const ms = await measure(setAvailableCalicoNodes(api, 1, 1), () => awaitHostEndpoint((seen) => seen === undefined));
  assert.ok(ms < 8000, `${Math.round(ms)} ms`);
});

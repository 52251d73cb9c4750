/** As much of Calico as the steps talk to: custom resources in two flavours, and what calico-kube-controllers does about auto host endpoints. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, KubernetesObject } from '../../../lab/kubernetes/api.ts';

export const group = '/apis/projectcalico.org/v3';

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const kinds = {
  KubeControllersConfiguration: open,
  ClusterInformation: open,
  HostEndpoint: open,
  GlobalNetworkPolicy: open,
  Tier: open,
};

/** Cloud's FelixConfiguration knows flowLogsEnableHostEndpoint; open source's prunes it. */
export function calicoCrds(flavour: 'oss' | 'cloud'): object[] {
  const port = { type: 'object', properties: { protocol: { type: 'string' }, port: { type: 'integer' }, net: { type: 'string' } } };
  const properties = {
    iptablesFilterDenyAction: { type: 'string' },
    failsafeInboundHostPorts: { type: 'array', items: port },
    ...(flavour === 'cloud' ? { flowLogsEnableHostEndpoint: { type: 'boolean' } } : {}),
  };
  return Object.entries({ ...kinds, FelixConfiguration: { type: 'object', properties } }).map(([kind, spec]) => crd(kind, spec));
}

function crd(kind: string, spec: object): object {
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
  const openAPIV3Schema = { type: 'object', properties: { spec, status: open } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.projectcalico.org` },
    spec: {
      group: 'projectcalico.org',
      scope: 'Cluster',
      names: { plural, singular, kind },
      versions: [{ name: 'v3', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

export const calicoObject = (kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name },
  spec,
});

interface Items {
  readonly items: readonly KubernetesObject[];
}
interface Configuration extends KubernetesObject {
  readonly spec: { readonly controllers?: { readonly node?: { readonly hostEndpoint?: { readonly autoCreate?: string } } } };
  readonly status?: { readonly runningConfig?: object };
}

const createdByCalico = { 'projectcalico.org/created-by': 'calico-kube-controllers' };

/** Follows autoCreate and the nodes until stopped; `paused` makes it late. */
export function startKubeControllers(api: Api): { paused: boolean; stop(): Promise<void> } {
  const over = new AbortController();
  const control = { paused: false, stop: async () => (over.abort(), await running) };
  const follow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // The test may take any object away between two calls; the next round starts anew.
      if (!control.paused) await reconcile(api).catch(() => {});
      await sleep(20);
    }
  };
  const running = follow();
  return control;
}

async function reconcile(api: Api): Promise<void> {
  const path = `${group}/kubecontrollersconfigurations/default`;
  const { spec, status } = await api.call<Configuration>('GET', path);
  const autoCreate = spec.controllers?.node?.hostEndpoint?.autoCreate ?? 'Disabled';
  const running = JSON.stringify(status?.runningConfig);
  const wanted = { controllers: { node: { hostEndpoint: { autoCreate } } } };
  if (running !== JSON.stringify(wanted)) await api.call('PATCH', path, { status: { runningConfig: wanted } });
  const { items: nodes } = await api.call<Items>('GET', '/api/v1/nodes');
  const { items: endpoints } = await api.call<Items>('GET', `${group}/hostendpoints?labelSelector=projectcalico.org%2Fcreated-by%3Dcalico-kube-controllers`);
  for (const { metadata } of autoCreate === 'Enabled' ? [] : endpoints) await api.call('DELETE', `${group}/hostendpoints/${metadata.name}`);
  for (const node of autoCreate === 'Enabled' ? nodes : []) await ensureHostEndpoint(api, node, endpoints);
}

async function ensureHostEndpoint(api: Api, { metadata }: KubernetesObject, endpoints: readonly KubernetesObject[]): Promise<void> {
  const name = `${metadata.name}-auto-hep`;
  const labels = { ...(metadata['labels'] as object), ...createdByCalico };
  const existing = endpoints.find((endpoint) => endpoint.metadata.name === name);
  const body = { ...calicoObject('HostEndpoint', name, { node: metadata.name, interfaceName: '*' }), metadata: { name, labels } };
  if (existing === undefined) await api.call('POST', `${group}/hostendpoints`, body);
  else if (JSON.stringify(existing.metadata['labels']) !== JSON.stringify(sorted(labels))) {
    await api.call('PUT', `${group}/hostendpoints/${name}`, { ...body, metadata: { ...body.metadata, resourceVersion: existing.metadata['resourceVersion'] } });
  }
}

const sorted = (labels: Readonly<Record<string, string>>): object => Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

import { isDeepStrictEqual } from 'node:util';
import { ApiException, CoreV1Api, CustomObjectsApi, type KubeConfig, type V1Node } from '@kubernetes/client-node';
import { createAutoHostEndpoint, isAutomatic, nameAutoHostEndpoint } from './auto-host-endpoint.ts';
import { type CalicoApi, type Flavour, flavours } from './flavours.ts';
import { hideMetadata } from './metadata.ts';
import type { HostEndpoint, KubeControllersConfiguration, RunningConfig } from './objects.ts';
import { type Watched, watch, watchCalico } from './watch.ts';
import { WorkQueue } from './work-queue.ts';

export interface KubeControllersOptions {
  readonly kubeConfig: KubeConfig;
  /** Default `oss`. */
  readonly flavour?: Flavour;
  /** Default 5 minutes, as Calico's. */
  readonly resyncMs?: number;
  /** Called with failures; each key is retried. */
  onError(error: unknown): void;
}

/**
 * The stand-in for calico-kube-controllers, as far as automatic host endpoints go
 * (kube-controllers/pkg/controllers/node/hostendpoints.go): one for each Node while `autoCreate` is Enabled, with its
 * labels and addresses; changes of others are reverted; all are deleted when it is Disabled. Host endpoints of users
 * stay. Writes `status.runningConfig`. Resolves when all of that holds once.
 */
export async function startKubeControllers(options: KubeControllersOptions): Promise<{ stop(): Promise<void> }> {
  const { kubeConfig, onError } = options;
  const core = kubeConfig.makeApiClient(CoreV1Api);
  let controller: Controller | undefined;
  const { api } = flavours[options.flavour ?? 'oss'];
  const watching = { kubeConfig, api, onError, onChange: () => controller?.resync() };
  const [nodes, configurations, hostEndpoints] = await Promise.all([
    watch<V1Node>(watching, '/api/v1/nodes', () => core.listNode()),
    watchCalico<KubeControllersConfiguration>(watching, 'kubecontrollersconfigurations'),
    watchCalico<HostEndpoint>(watching, 'hostendpoints'),
  ]);
  const running = new Controller(options, { nodes, configurations, hostEndpoints });
  controller = running;
  running.resync();
  const timer = setInterval(() => running.resync(), options.resyncMs ?? 300_000);
  await running.queue.idle();
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all([nodes, configurations, hostEndpoints].map((watched) => watched.stop()));
      await running.queue.stop();
    },
  };
}

interface World {
  readonly nodes: Watched<V1Node>;
  readonly configurations: Watched<KubeControllersConfiguration>;
  readonly hostEndpoints: Watched<HostEndpoint>;
}

/** Key of the configuration in the queue; no host endpoint can have this name. */
const configurationKey = '/';

class Controller {
  readonly queue: WorkQueue;
  readonly #api: CustomObjectsApi;
  readonly #world: World;
  readonly #flavour: (typeof flavours)[Flavour];
  /** Where host endpoints are. */
  readonly #heps: CalicoApi & { readonly plural: string };

  constructor({ kubeConfig, flavour = 'oss', onError }: KubeControllersOptions, world: World) {
    this.#api = kubeConfig.makeApiClient(CustomObjectsApi);
    this.#world = world;
    this.#flavour = flavours[flavour];
    this.#heps = { ...this.#flavour.api, plural: 'hostendpoints' };
    this.queue = new WorkQueue(
      (key) => (key === configurationKey ? this.#reportConfiguration() : this.#reconcile(key)),
      onError,
    );
  }

  /** Queues everything; an object that is up to date costs no request. */
  resync(): void {
    const nodes = this.#world.nodes.list().map(({ metadata }) => nameAutoHostEndpoint(metadata?.name ?? ''));
    const automatic = this.#world.hostEndpoints
      .list()
      .filter(isAutomatic)
      .map(({ metadata }) => metadata.name);
    this.queue.add(configurationKey, ...nodes, ...automatic);
  }

  get #configuration(): KubeControllersConfiguration | undefined {
    return this.#world.configurations.get('default');
  }

  /** The running configuration proves that the configuration was accepted, not that the host endpoints exist. */
  async #reportConfiguration(): Promise<void> {
    const configuration = this.#configuration;
    if (configuration === undefined) return;
    const runningConfig = addDefaults(configuration.spec);
    if (isDeepStrictEqual(configuration.status?.runningConfig, runningConfig)) return;
    const status = { environmentVars: { DATASTORE_TYPE: 'kubernetes', ENABLED_CONTROLLERS: 'node' }, runningConfig };
    const written = { ...this.#heps, plural: 'kubecontrollersconfigurations', name: 'default' };
    if (this.#flavour.hasStatus)
      await this.#api.replaceClusterCustomObjectStatus({ ...written, body: { ...configuration, status } });
    else
      await this.#api.replaceClusterCustomObject({
        ...written,
        body: this.#store('KubeControllersConfiguration', { ...configuration, status }),
      });
  }

  /** Brings the host endpoint of this name in line with its node. */
  async #reconcile(name: string): Promise<void> {
    const enabled = this.#configuration?.spec.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';
    const node = this.#world.nodes.list().find(({ metadata }) => nameAutoHostEndpoint(metadata?.name ?? '') === name);
    const current = this.#world.hostEndpoints.get(name);
    if (enabled && node !== undefined) await this.#ensure(createAutoHostEndpoint(node), current);
    else if (current !== undefined && isAutomatic(current))
      await this.#api.deleteClusterCustomObject({ ...this.#heps, name }).catch(ignoreNotFound);
  }

  /** As this release writes it. */
  #store<T extends HostEndpoint | KubeControllersConfiguration>(kind: string, object: T): T {
    const { group, version } = this.#heps;
    const body = { ...object, apiVersion: `${group}/${version}`, kind };
    return this.#flavour.hidesMetadata ? hideMetadata(body) : body;
  }

  async #ensure(wanted: HostEndpoint, current: HostEndpoint | undefined): Promise<void> {
    if (current === undefined) {
      await this.#api.createClusterCustomObject({ ...this.#heps, body: this.#store('HostEndpoint', wanted) });
    } else if (
      !isDeepStrictEqual(current.spec, wanted.spec) ||
      !isDeepStrictEqual(current.metadata.labels, wanted.metadata.labels)
    ) {
      const metadata = { ...current.metadata, labels: wanted.metadata.labels ?? {} };
      const body = this.#store('HostEndpoint', { ...wanted, metadata });
      await this.#api.replaceClusterCustomObject({ ...this.#heps, name: wanted.metadata.name, body });
    }
  }
}

function addDefaults(spec: RunningConfig): RunningConfig {
  const { controllers = {} } = spec;
  const hostEndpoint = {
    autoCreate: 'Disabled',
    createDefaultHostEndpoint: 'Enabled',
    ...controllers.node?.hostEndpoint,
  } as const;
  return { ...spec, controllers: { ...controllers, node: { ...controllers.node, hostEndpoint } } };
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof ApiException && error.code === 404)) throw error;
}

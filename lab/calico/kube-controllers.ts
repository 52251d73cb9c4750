import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type V1Node,
} from '@kubernetes/client-node';
import { createAutoHostEndpoint, isAutomatic, nameAutoHostEndpoint } from './auto-host-endpoint.ts';
import { calicoNode } from './calico-node.ts';
import { type CalicoApi, type Flavour, flavours } from './flavours.ts';
import { hideMetadata } from './metadata.ts';
import type { HostEndpoint, KubeControllersConfiguration, RunningConfig } from './objects.ts';
import { noDelays, type Timing } from './timing.ts';
import { type Watched, watch, watchCalico } from './watch.ts';
import { WorkQueue } from './work-queue.ts';

export interface KubeControllersOptions {
  readonly kubeConfig: KubeConfig;
  /** Default `oss`. */
  readonly flavour?: Flavour;
  /** Default 5 minutes, as Calico's. */
  readonly resyncMs?: number;
  /** Default: no delays. */
  readonly timing?: Timing;
  /** Called with failures; each key is retried. */
  onError(error: unknown): void;
}

/**
 * The stand-in for calico-kube-controllers, as far as automatic host endpoints go
 * (kube-controllers/pkg/controllers/node/hostendpoints.go): one for each Node while `autoCreate` is Enabled, with its
 * labels and addresses; changes of others are reverted; all are deleted when it is Disabled. Host endpoints of users
 * stay. Writes `status.runningConfig`. A change of the configuration is followed by a new process, as Calico's exits
 * with 129. Resolves when all of that holds once.
 */
export async function startKubeControllers(options: KubeControllersOptions): Promise<{ stop(): Promise<void> }> {
  const { kubeConfig, onError } = options;
  const core = kubeConfig.makeApiClient(CoreV1Api);
  let controller: Controller | undefined;
  const { api } = flavours[options.flavour ?? 'oss'];
  const watching = { kubeConfig, api, onError, onChange: () => controller?.changed() };
  const [nodes, configurations, hostEndpoints] = await Promise.all([
    watch<V1Node>(watching, '/api/v1/nodes', () => core.listNode()),
    watchCalico<KubeControllersConfiguration>(watching, 'kubecontrollersconfigurations'),
    watchCalico<HostEndpoint>(watching, 'hostendpoints'),
  ]);
  const running = new Controller(options, { nodes, configurations, hostEndpoints });
  controller = running;
  running.resync();
  const timer = setInterval(() => running.changed(), options.resyncMs ?? 300_000);
  await running.queue.idle();
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all([nodes, configurations, hostEndpoints].map((watched) => watched.stop()));
      await running.stop();
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
  readonly #apps: AppsV1Api;
  readonly #world: World;
  readonly #flavour: (typeof flavours)[Flavour];
  /** Where host endpoints are. */
  readonly #heps: CalicoApi & { readonly plural: string };
  readonly #timing: Timing;
  readonly #onError: (error: unknown) => void;
  /** What the process that runs was started with. */
  #configuration: KubeControllersConfiguration['spec'] | undefined;
  #batch: NodeJS.Timeout | undefined;
  /** Between the end of a process and the work of the next one. */
  #starting: AbortController | undefined;

  constructor(options: KubeControllersOptions, world: World) {
    const { kubeConfig, flavour = 'oss', onError, timing = noDelays } = options;
    this.#api = kubeConfig.makeApiClient(CustomObjectsApi);
    this.#apps = kubeConfig.makeApiClient(AppsV1Api);
    this.#world = world;
    this.#timing = timing;
    this.#onError = onError;
    this.#configuration = world.configurations.get('default')?.spec;
    this.#flavour = flavours[flavour];
    this.#heps = { ...this.#flavour.api, plural: 'hostendpoints' };
    this.queue = new WorkQueue(
      (key) => (key === configurationKey ? this.#reportConfiguration() : this.#reconcile(key)),
      onError,
    );
  }

  async stop(): Promise<void> {
    clearTimeout(this.#batch);
    this.#starting?.abort();
    await this.queue.stop();
  }

  /** Called after every change of what is watched. */
  changed(): void {
    const spec = this.#world.configurations.get('default')?.spec;
    if (!isDeepStrictEqual(spec, this.#configuration)) {
      this.#configuration = spec;
      this.queue.add(configurationKey); // the process that ends writes it
      this.#restart().catch(this.#onError);
    } else if (this.#starting === undefined) {
      this.#batch ??= setTimeout(() => this.resync(), this.#timing.batchMs);
    }
  }

  async #restart(): Promise<void> {
    const { restartMs, holdMs } = this.#timing;
    clearTimeout(this.#batch);
    this.#starting?.abort();
    const starting = new AbortController();
    this.#starting = starting;
    const isOver = (): boolean => starting.signal.aborted;
    const pass = (ms: number): Promise<void> =>
      sleep(ms, undefined, { signal: starting.signal }).catch((error: unknown) => {
        if (!isOver()) throw error;
      });
    await pass(restartMs);
    if (holdMs > 0)
      do await pass(holdMs);
      while (!isOver() && !(await this.#isCalicoNodeRolledOut()));
    if (isOver()) return;
    this.#starting = undefined;
    this.resync();
  }

  async #isCalicoNodeRolledOut(): Promise<boolean> {
    try {
      const { metadata, status } = await this.#apps.readNamespacedDaemonSet(calicoNode);
      const wanted = status?.desiredNumberScheduled;
      return (
        status?.observedGeneration === metadata?.generation &&
        status?.updatedNumberScheduled === wanted &&
        status?.numberAvailable === wanted
      );
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }

  /** Queues everything; an object that is up to date costs no request. */
  resync(): void {
    this.#batch = undefined;
    const nodes = this.#world.nodes.list().map(({ metadata }) => nameAutoHostEndpoint(metadata?.name ?? ''));
    const automatic = this.#world.hostEndpoints
      .list()
      .filter(isAutomatic)
      .map(({ metadata }) => metadata.name);
    this.queue.add(configurationKey, ...nodes, ...automatic);
  }

  /** The running configuration proves that the configuration was accepted, not that the host endpoints exist. */
  async #reportConfiguration(): Promise<void> {
    const configuration = this.#world.configurations.get('default');
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
    const enabled = this.#configuration?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';
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

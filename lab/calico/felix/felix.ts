import type { KubeConfig } from '@kubernetes/client-node';
import { runIn } from '../../process/run.ts';
import { settleAll } from '../../settle-all.ts';
import type { CalicoApi } from '../flavours.ts';
import { compile } from './compile.ts';
import { type Datastore, type InterfaceOf, openDatastore } from './datastore.ts';
import type { Inputs, NodeInterface } from './inputs.ts';
import { type MetricsOptions, serveMetrics } from './metrics.ts';
import { NodeRules } from './node-rules.ts';

export interface FelixOptions {
  readonly kubeConfig: KubeConfig;
  /** Where Calico's objects are served. */
  readonly api: CalicoApi;
  readonly nodes: readonly { readonly name: string; readonly netns: string }[];
  readonly interfaceOf: InterfaceOf;
  /** See `setDelayMs`. */
  readonly delayMs: number;
  /** How long nothing is programmed after a change of the configuration that makes Felix start again. */
  readonly restartMs: number;
  /** Absent: no metrics are served. */
  readonly metrics?: MetricsOptions | undefined;
  /** Called with failures, which are retried, and with policies that cannot be programmed. */
  onError(error: unknown): void;
}

export interface Felix {
  /**
   * From now on every change reaches the nodes this many milliseconds later; what is still waiting for a longer delay
   * is programmed at once.
   */
  setDelayMs(delayMs: number): void;
  /**
   * From now on every node is programmed from what `distort` makes of the cluster, whatever the API server holds.
   * Resolves when all nodes are.
   */
  setDistortion(distort: Distortion): Promise<void>;
  /** What is programmed stays. */
  stop(): Promise<void>;
}

/** What a faulty Felix makes of what it reads. */
export type Distortion = (policies: Inputs['globalNetworkPolicies']) => Inputs['globalNetworkPolicies'];

/** `FELIX_INTERFACEPREFIX` on AKS. */
const workloadInterfacePrefix = 'azv';

/**
 * The stand-in for Felix on every node: programs policy whenever what it depends on changes. Resolves when all nodes
 * are programmed once.
 */
export async function startFelix(options: FelixOptions): Promise<Felix> {
  const { kubeConfig, api, onError } = options;
  let felix: Programmer | undefined;
  const watching = { kubeConfig, api, onError, onChange: () => felix?.changed() };
  const datastore = await openDatastore(watching, options.interfaceOf);
  try {
    const nodes = await Promise.all(
      options.nodes.map(async ({ name, netns }) => ({
        name,
        interfaces: await listInterfaces(netns),
        rules: new NodeRules(netns, onError),
        scheduled: '',
      })),
    );
    felix = new Programmer(nodes, datastore, options);
    await felix.program();
    if (options.metrics !== undefined) await felix.serve(options.nodes, options.metrics);
    felix.setDelayMs(options.delayMs);
    return felix;
  } catch (error) {
    await (felix ?? datastore).stop();
    throw error;
  }
}

interface NodeState {
  readonly name: string;
  readonly interfaces: readonly NodeInterface[];
  readonly rules: NodeRules;
  /** The script that was last compiled: applied, or waiting for its time. */
  scheduled: string;
}

class Programmer implements Felix {
  readonly #nodes: readonly NodeState[];
  readonly #datastore: Datastore;
  readonly #onError: (error: unknown) => void;
  readonly #restartMs: number;
  #startedWith: string;
  #downUntil = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #servers: (() => Promise<void>)[] = [];
  #delayMs = 0;
  #distort: Distortion = (policies) => policies;
  #noticed = false;

  constructor(
    nodes: readonly NodeState[],
    datastore: Datastore,
    { onError, restartMs }: Pick<FelixOptions, 'onError' | 'restartMs'>,
  ) {
    this.#nodes = nodes;
    this.#datastore = datastore;
    this.#onError = onError;
    this.#restartMs = restartMs;
    this.#startedWith = readStartConfiguration(datastore);
  }

  setDelayMs(delayMs: number): void {
    const shorter = delayMs < this.#delayMs;
    this.#delayMs = delayMs;
    if (!shorter) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    void this.program();
  }

  setDistortion(distort: Distortion): Promise<void> {
    this.#distort = distort;
    return this.program();
  }

  /** Schedules a compilation; changes that arrive together share one. */
  changed(): void {
    const startConfiguration = readStartConfiguration(this.#datastore);
    if (startConfiguration !== this.#startedWith) {
      this.#startedWith = startConfiguration;
      this.#downUntil = Date.now() + this.#restartMs;
    }
    if (this.#noticed) return;
    this.#noticed = true;
    this.#compileAfter(5);
  }

  #compileAfter(ms: number): void {
    this.#after(ms, () => {
      const downMs = this.#downUntil - Date.now();
      if (downMs > 0) return this.#compileAfter(downMs);
      this.#noticed = false;
      this.#schedule();
    });
  }

  async stop(): Promise<void> {
    await this.#datastore.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#nodes.map(({ rules }) => rules.stop()));
    await Promise.all(this.#servers.map((end) => end()));
  }

  /** Serves every node's metrics until the stop. */
  async serve(places: FelixOptions['nodes'], metrics: MetricsOptions): Promise<void> {
    await settleAll(
      places.map(async ({ name, netns }) => {
        const rules = this.#nodes.find((node) => node.name === name)?.rules;
        if (rules !== undefined)
          this.#servers.push(await serveMetrics({ name, netns, denied: () => rules.denied() }, metrics));
      }),
    );
  }

  /** Programs every node as the cluster is now. */
  async program(): Promise<void> {
    this.#noticed = false;
    await Promise.all(
      this.#nodes.map((node) => {
        this.#compile(node);
        return node.scheduled === '' ? undefined : node.rules.apply(node.scheduled);
      }),
    );
  }

  #schedule(): void {
    for (const node of this.#nodes) {
      if (!this.#compile(node)) continue;
      const script = node.scheduled;
      if (this.#delayMs === 0) void node.rules.apply(script);
      else this.#after(this.#delayMs, () => void node.rules.apply(script));
    }
  }

  /** Whether the node's script changed. One that cannot be programmed leaves the last one in place. */
  #compile(node: NodeState): boolean {
    try {
      const cluster = this.#datastore.read();
      const globalNetworkPolicies = this.#distort(cluster.globalNetworkPolicies);
      const script = compile({
        ...cluster,
        globalNetworkPolicies,
        node: node.name,
        interfaces: node.interfaces,
        workloadInterfacePrefix,
      });
      if (script === node.scheduled) return false;
      node.scheduled = script;
      return true;
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }

  #after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** The part of the configuration whose changes end Felix with 129: its rules stay, a new process reads everything. */
function readStartConfiguration(datastore: Datastore): string {
  const { configuration } = datastore.read();
  return JSON.stringify([
    configuration.failsafeInboundHostPorts,
    configuration.failsafeOutboundHostPorts,
    configuration.defaultEndpointToHostAction,
    configuration.iptablesFilterDenyAction,
  ]);
}

async function listInterfaces(netns: string): Promise<NodeInterface[]> {
  const links = JSON.parse(await runIn(netns, ['ip', '-j', '-4', 'address'])) as readonly {
    readonly ifname?: string;
    readonly addr_info?: readonly { readonly local: string }[];
  }[];
  return links.flatMap(({ ifname, addr_info = [] }) =>
    ifname === undefined ? [] : [{ name: ifname, addresses: addr_info.map(({ local }) => local) }],
  );
}

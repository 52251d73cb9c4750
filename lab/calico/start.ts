/**
 * The stand-in for Calico.
 *
 * - flavours.ts             releases and installations; metadata.ts: where they keep labels
 * - crds.ts, schemas/       the CustomResourceDefinitions; seed.ts: the objects of a fresh installation
 * - objects.ts              the types of those objects
 * - watch.ts                a kind's objects, kept up to date; work-queue.ts: keys with retries
 * - kube-controllers.ts     automatic host endpoints (auto-host-endpoint.ts); calico-node.ts: whom it waits for
 * - timing.ts               what Calico's own programs take
 * - felix/felix.ts          one programmer for all nodes: datastore.ts is read, compile.ts makes a script,
 *                           node-rules.ts applies it
 * - felix/policies.ts       policies by tier and order; selector.ts, rule.ts: their selectors and rules
 * - felix/endpoint-chain.ts the chain of an endpoint; host-endpoints.ts, workloads.ts, failsafe.ts use it
 * - felix/metrics.ts        what Prometheus reads; counters.ts, denied.ts: what nftables counted
 *
 * A life of a change: the API server reports it, the datastore holds it, every node's script is compiled again, and
 * each script that differs replaces the node's table in one transaction.
 */

import type { KubeConfig } from '@kubernetes/client-node';
import { nameInterface } from '../network/pods.ts';
import { type Distortion, startFelix } from './felix/felix.ts';
import type { MetricsOptions } from './felix/metrics.ts';
import { type Flavour, flavours } from './flavours.ts';
import { startKubeControllers } from './kube-controllers.ts';
import { noDelays, type Timing } from './timing.ts';

export interface CalicoOptions {
  /**
   * A user that may read nodes, pods, namespaces and all of Calico's objects, and write host endpoints and the
   * status of the configuration.
   */
  readonly kubeConfig: KubeConfig;
  /** Default `oss`. */
  readonly flavour?: Flavour;
  readonly nodes: readonly { readonly name: string; readonly netns: string }[];
  /** The node's end of a pod's link. Default: as the lab's network names it. */
  readonly interfaceOf?: (namespace: string, podName: string) => string;
  /** Fault "Felix late": milliseconds between a change and its effect on the packets. Default 0. */
  readonly felixDelayMs?: number;
  /** What Felix serves to Prometheus on each node. Default: nothing. */
  readonly metrics?: MetricsOptions;
  /** How long Calico's programs take. Default: no delays. */
  readonly timing?: Timing;
  /**
   * Called with failures, which are retried: a watch that ended, a conflicting write, a policy that cannot be
   * programmed.
   */
  readonly onError?: (error: unknown) => void;
}

/** The lab's stand-in for Calico: none of Calico's own programs run. */
export interface CalicoLab {
  /** The fault "Felix late", from now on; a shorter delay also ends the longer one of what is waiting. */
  setFelixDelayMs(delayMs: number): void;
  /**
   * The fault "Felix programs something else": nodes follow what `distort` makes of the policies that the API server
   * holds. Resolves when they do.
   */
  setFelixDistortion(distort: Distortion): Promise<void>;
  /** What is programmed on the nodes stays. */
  stop(): Promise<void>;
}

/**
 * Starts the stand-ins for kube-controllers and for Felix on each node, in this process. The CRDs must be served and
 * the seed objects must exist.
 */
export async function startCalico(options: CalicoOptions): Promise<CalicoLab> {
  const {
    kubeConfig,
    flavour = 'oss',
    nodes,
    interfaceOf = nameInterface,
    felixDelayMs = 0,
    metrics,
    timing = noDelays,
    onError = () => {},
  } = options;
  const parts = await Promise.allSettled([
    startKubeControllers({ kubeConfig, flavour, timing, onError }),
    startFelix({
      kubeConfig,
      api: flavours[flavour].api,
      nodes,
      interfaceOf,
      delayMs: felixDelayMs,
      restartMs: timing.felixRestartMs,
      metrics,
      onError,
    }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => (part.status === 'fulfilled' ? part.value.stop() : undefined)));
  };
  const [kubeControllers, felix] = parts;
  if (kubeControllers.status === 'fulfilled' && felix.status === 'fulfilled') {
    return {
      setFelixDelayMs: (delayMs) => felix.value.setDelayMs(delayMs),
      setFelixDistortion: (distort) => felix.value.setDistortion(distort),
      stop,
    };
  }
  await stop();
  throw new AggregateError(
    parts.flatMap((part) => (part.status === 'rejected' ? [part.reason] : [])),
    'the Calico stand-in did not start',
  );
}

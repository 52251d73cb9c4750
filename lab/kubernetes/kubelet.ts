import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeConfig, makeInformer, type V1Pod, type V1PodList } from '@kubernetes/client-node';
import type { Fabric } from '../network/fabric.ts';
import type { NodeNet } from '../network/nodes.ts';
import type { LabScope } from '../scope.ts';
import { type Api, ApiError } from './api.ts';
import type { NodeAgent } from './node-agents.ts';
import { readPodName, runPod } from './pod-life.ts';

export interface KubeletOptions {
  readonly scope: LabScope;
  readonly api: Api;
  readonly config: KubeConfig;
  readonly fabric: Fabric;
  /** One for each node. */
  readonly agents: readonly NodeAgent[];
  /** Script that an image stands for, by image name. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * A small stand-in for kube-scheduler and all nodes' kubelets: places pods, makes their networks, runs their only
 * container as a real process, probes it, reports its status and removes it. Container runtimes, volumes, restarts and
 * everything else of a kubelet are not emulated.
 */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #informer;
  readonly #lives = new Map<string, Life>();
  /**
   * Node index of every pod that was placed, by uid. A pod that is being deleted no longer counts, so that its
   * replacement finds its place free.
   */
  readonly #places = new Map<string, number>();
  #stopped = false;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#informer = makeInformer<V1Pod>(options.config, '/api/v1/pods', () =>
      options.api.read<V1PodList>('/api/v1/pods'),
    );
    this.#informer.on('add', (pod) => this.#seen(pod));
    this.#informer.on('update', (pod) => this.#seen(pod));
    this.#informer.on('delete', (pod) => this.#gone(pod));
    this.#informer.on('error', () => void this.#again());
  }

  start(): Promise<void> {
    return this.#informer.start();
  }

  /** Ends all pods' processes and networks; the pod objects stay. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#informer.stop();
    for (const life of this.#lives.values()) life.end.abort();
    await Promise.all([...this.#lives.values()].map(({ over }) => over));
  }

  async #again(): Promise<void> {
    await sleep(200);
    if (!this.#stopped) await this.#informer.start();
  }

  #seen(pod: V1Pod): void {
    if (this.#stopped) return;
    if (pod.metadata?.deletionTimestamp !== undefined) this.#remove(pod);
    else if (pod.spec?.nodeName === undefined) this.#schedule(pod);
    else if (!this.#lives.has(readUid(pod))) this.#run(pod);
  }

  #gone(pod: V1Pod): void {
    this.#places.delete(readUid(pod));
    this.#lives.get(readUid(pod))?.end.abort();
  }

  /** The node with the fewest pods, the first of equals: two replicas land on the first two nodes. */
  #schedule(pod: V1Pod): void {
    if (this.#places.has(readUid(pod))) return;
    const nodes = this.#options.fabric.nodes;
    const load = (node: NodeNet): number => [...this.#places.values()].filter((index) => index === node.index).length;
    const node = nodes.toSorted((a, b) => load(a) - load(b) || a.index - b.index)[0];
    if (node === undefined) return;
    this.#places.set(readUid(pod), node.index);
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: readPodName(pod) },
      target: { apiVersion: 'v1', kind: 'Node', name: node.name },
    };
    this.#options.api.call('POST', `${formatPath(pod)}/binding`, binding).catch((error: unknown) => {
      this.#places.delete(readUid(pod));
      this.#log(pod, 'could not be bound', error);
    });
  }

  #run(pod: V1Pod): void {
    const { scope, api, fabric, agents, images } = this.#options;
    const agent = agents.find(({ node }) => node.name === pod.spec?.nodeName);
    if (agent === undefined) return;
    const { node } = agent;
    this.#places.set(readUid(pod), node.index);
    const podIp = this.#freeAddress(node);
    const end = new AbortController();
    const over = runPod(pod, { scope, api, fabric, agent, podIp, images }, end.signal)
      .catch((error: unknown) => this.#log(pod, 'could not be run', error))
      .then(() => waitUntilAborted(end.signal)) // a pod that ended by itself keeps its object, and its place here
      .then(() => void this.#lives.delete(readUid(pod)));
    this.#lives.set(readUid(pod), { podIp, end, over });
  }

  /** Ends the pod's life, if it has one, then confirms the removal, as the API server expects of the kubelet. */
  #remove(pod: V1Pod): void {
    this.#places.delete(readUid(pod));
    const life = this.#lives.get(readUid(pod));
    if (life?.end.signal.aborted === true) return;
    life?.end.abort();
    const confirm = async (): Promise<void> => {
      await life?.over;
      await this.#options.api.call('DELETE', formatPath(pod), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: 0,
        preconditions: { uid: readUid(pod) },
      });
    };
    confirm().catch((error: unknown) => {
      if (!(error instanceof ApiError && [404, 409].includes(error.status)))
        this.#log(pod, 'could not be removed', error);
    });
  }

  #freeAddress(node: NodeNet): string {
    const taken = new Set([...this.#lives.values()].map(({ podIp }) => podIp));
    const network = node.podCidr.slice(0, node.podCidr.lastIndexOf('.'));
    for (let host = 10; host < 250; host++) if (!taken.has(`${network}.${host}`)) return `${network}.${host}`;
    throw new Error(`No address is free in ${node.podCidr}.`);
  }

  #log(pod: V1Pod, what: string, error: unknown): void {
    appendFileSync(
      join(this.#options.scope.logs, 'kubelet.log'),
      `${new Date().toISOString()} pod ${pod.metadata?.namespace}/${readPodName(pod)} ${what}: ${error}\n`,
    );
  }
}

interface Life {
  readonly podIp: string;
  readonly end: AbortController;
  /** Resolves when nothing is left of the pod on its node. */
  readonly over: Promise<void>;
}

const readUid = (pod: V1Pod): string => pod.metadata?.uid ?? '';
const formatPath = (pod: V1Pod): string => `/api/v1/namespaces/${pod.metadata?.namespace}/pods/${readPodName(pod)}`;

const waitUntilAborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/**
 * A real cluster with stand-ins for the kubelets.
 *
 * - control-plane.ts      etcd and kube-apiserver: servers.ts runs them, server-commands.ts has their flags,
 *                         custom-resources.ts waits for what they serve
 * - users.ts, audit.ts    tokens and kubeconfigs; what the worker's user created
 * - api.ts                the lab's own calls
 * - controller-manager.ts kube-controller-manager; kube-proxy.ts: kube-proxy on a node
 * - nodes.ts              the Node objects
 * - kubelet.ts            schedules and runs pods: pod-life.ts, pod-status.ts; node-agents.ts probes from the nodes
 * - workload.ts           the frontend deployment
 * - snapshot.ts           all objects, for comparison
 * - frontend.ts, node-agent.ts are programs of their own; program-file.ts finds them
 *
 * A life: control plane and node agents start; controllers, nodes and the deploy folder follow; the kubelet runs the
 * workload while every kube-proxy writes its rules. `stop` ends them in reverse order.
 */

import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Deployment } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Fabric } from '../network/fabric.ts';
import type { LabScope } from '../scope.ts';
import { settleAll } from '../settle-all.ts';
import type { Api, KubernetesObject } from './api.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { startControllerManager } from './controller-manager.ts';
import { createKubeProxyConfigMap, type ProxyMode, startKubeProxy } from './kube-proxy.ts';
import { Kubelet } from './kubelet.ts';
import { startNodeAgent } from './node-agents.ts';
import { registerNode } from './nodes.ts';
import { locateProgram } from './program-file.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import type { User } from './users.ts';
import { frontend, frontendImage } from './workload.ts';

export interface ClusterOptions extends ControlPlaneOptions {
  readonly fabric: Fabric;
  readonly programs: Readonly<Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-proxy', string>>;
  /** Of kube-proxy; default `nftables`. */
  readonly proxyMode?: ProxyMode;
  /** Folder of manifests for the worker's user, such as deploy/kubernetes; may be absent. */
  readonly deployFolder: string;
}

/** A real Kubernetes cluster, its kubelets excepted, with the workshop's deployment. */
export interface ClusterLab {
  /** `https://127.0.0.1:<port>`. */
  readonly apiServer: string;
  readonly adminKubeconfigFile: string;
  /** Text of the kubeconfig of the worker's user, who has only the rights that the deploy folder grants: a secret. */
  userKubeconfig(): string;
  clientFor(user: User): KubeConfig;
  /** The lab's own calls, as admin. */
  readonly api: Api;
  /** All objects without what differs between equal clusters: for comparison before and after. */
  snapshot(): Promise<Snapshot>;
  /** Faults: kills etcd or kube-apiserver, starts them again; what the worker created. See ControlPlane. */
  readonly kill: ControlPlane['kill'];
  readonly restart: ControlPlane['restart'];
  readonly creations: ControlPlane['creations'];
  stop(): Promise<void>;
}

/** Starts everything side by side; ready when both frontend pods are and every kube-proxy has written its rules. */
export async function startCluster(options: ClusterOptions): Promise<ClusterLab> {
  const stops: Stops = [];
  const stop = async (): Promise<void> => {
    const ended: PromiseSettledResult<void>[] = [];
    for (const one of stops.splice(0).toReversed()) ended.push(...(await Promise.allSettled([one()])));
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  };
  try {
    const plane = await startParts(options, stops);
    const { kubeconfigFor, ...parts } = plane;
    return {
      ...parts,
      userKubeconfig: () => kubeconfigFor('hepflow-worker'),
      snapshot: () => takeSnapshot(plane.api),
      stop,
    };
  } catch (error) {
    await stop().catch(() => {}); // the first failure is the one to report
    throw error;
  }
}

/** What has been started so far, in order; stopped last first, also when a later start fails. */
type Stops = (() => Promise<void>)[];

async function startParts(options: ClusterOptions, stops: Stops): Promise<ControlPlane> {
  const { scope, programs, fabric, deployFolder, proxyMode = 'nftables' } = options;
  const [plane, agents] = await settleAll([
    startControlPlane(options).then(rememberStop(stops)),
    settleAll(fabric.nodes.map((node) => startNodeAgent(scope, node).then(rememberStop(stops)))),
  ]);
  const { api } = plane;
  rememberStop(stops)(
    await startControllerManager(scope, programs['kube-controller-manager'], writeKubeconfig(scope, plane, 'kcm')),
  );
  await settleAll([
    fabric.relayToNodes(plane.port),
    applyFolder(api, deployFolder),
    api.apply(createKubeProxyConfigMap(proxyMode)),
    ...fabric.nodes.map((node) => registerNode(api, node)),
  ]);
  const kubelet = rememberStop(stops)(
    new Kubelet({
      scope,
      api,
      config: plane.clientFor('kubelet'),
      fabric,
      agents,
      images: { [frontendImage]: locateProgram('frontend') },
    }),
  );
  const proxy = {
    scope,
    mode: proxyMode,
    program: programs['kube-proxy'],
    kubeconfigFile: writeKubeconfig(scope, plane, 'kube-proxy'),
  };
  await settleAll([
    startWorkload(api, kubelet),
    settleAll(agents.map((agent) => startKubeProxy({ ...proxy, agent }).then(rememberStop(stops)))),
  ]);
  return plane;
}

async function startWorkload(api: Api, kubelet: Kubelet): Promise<void> {
  await kubelet.start();
  await api.apply(frontend);
  await waitUntilAvailable(api);
}

/** Remembers how to stop something that has just been started. */
const rememberStop =
  (stops: Stops) =>
  <T extends { stop(graceMs?: number): Promise<void> }>(started: T): T => {
    stops.push(() => started.stop(0));
    return started;
  };

function writeKubeconfig(scope: LabScope, plane: ControlPlane, user: User): string {
  const file = join(scope.directory, 'kubernetes', `${user}.kubeconfig`);
  writeFileSync(file, plane.kubeconfigFor(user), { mode: 0o600 });
  return file;
}

async function applyFolder(api: Api, folder: string): Promise<void> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.yaml'));
  for (const file of files.toSorted()) {
    for (const document of parseAllDocuments(await readFile(join(folder, file), 'utf8')))
      await api.apply(document.toJS() as KubernetesObject);
  }
}

async function waitUntilAvailable(api: Api): Promise<void> {
  const deadline = Date.now() + 60_000;
  const { name, namespace } = frontend.metadata;
  for (;;) {
    const { status } = await api.read<V1Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    if (status?.availableReplicas === frontend.spec.replicas) return;
    if (Date.now() > deadline)
      throw new Error(`The frontend deployment was not available within 60 s: ${JSON.stringify(status)}`);
    await sleep(30);
  }
}

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { Fabric } from '../network/fabric.ts';
import { type Child, startChild } from '../process/child.ts';
import type { LabScope } from '../scope.ts';
import { type Api, ApiError } from './api.ts';
import type { NodeAgent } from './node-agents.ts';
import { type Container, createPodStatus } from './pod-status.ts';

/** Where a pod runs. */
export interface PodPlace {
  readonly scope: LabScope;
  readonly api: Api;
  readonly fabric: Fabric;
  /** On the pod's node. */
  readonly agent: NodeAgent;
  readonly podIp: string;
  /** Script that an image stands for, by image name. */
  readonly images: Readonly<Record<string, string>>;
}

/** Before a pod is ready it is probed this often, whatever its period. */
const eagerProbeMs = 50;

/** Runs a pod from its network to its removal: ends when the signal is aborted, with nothing left of it. */
export async function runPod(pod: V1Pod, place: PodPlace, signal: AbortSignal): Promise<void> {
  const name = readPodName(pod);
  const image = pod.spec?.containers[0]?.image ?? '';
  const script = place.images[image];
  const report = createReporter(pod, place, signal);
  if (script === undefined) {
    const message = `The lab runs only ${Object.keys(place.images).join(', ')}, not ${image}.`;
    return report({ state: 'waiting', reason: 'ErrImagePull', message });
  }
  try {
    const net = await place.fabric.attachPod(place.agent.node, name, place.podIp, pod.metadata?.namespace);
    const server = await startProcess(pod, place, net.netns, script);
    try {
      await watchPod(pod, place, server, report, signal);
    } finally {
      await server.stop(0);
    }
  } finally {
    await place.fabric.detachPod(name);
  }
}

export const readPodName = (pod: V1Pod): string => pod.metadata?.name ?? '';

function startProcess(pod: V1Pod, { scope, agent }: PodPlace, netns: string, script: string): Promise<Child> {
  return startChild({
    name: `pod ${readPodName(pod)}`,
    command: [process.execPath, script],
    netns,
    env: { POD_NAME: readPodName(pod), NODE_NAME: agent.node.name },
    logFile: join(scope.logs, `pod-${readPodName(pod)}.log`),
  });
}

/** Probes until the signal is aborted; a dead process is reported at once and never again probed. */
async function watchPod(
  pod: V1Pod,
  place: PodPlace,
  server: Child,
  report: (container: Container) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = new Date().toISOString();
  const periodMs = (pod.spec?.containers[0]?.readinessProbe?.periodSeconds ?? 10) * 1000;
  const aborted = new Promise<'aborted'>((resolve) =>
    signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
  );
  const ended = server.ended.then(() => 'ended' as const);
  while (!signal.aborted) {
    const refusal = await checkReadiness(pod, place);
    if (signal.aborted) return;
    await report({ state: 'running', startedAt, ready: refusal === undefined, message: refusal ?? '' });
    const next = await Promise.race([
      aborted,
      ended,
      sleep(refusal === undefined ? periodMs : eagerProbeMs, 'probe' as const),
    ]);
    if (next !== 'ended') continue;
    const { code, signal: killedBy } = await server.ended;
    const finishedAt = new Date().toISOString();
    await report({ state: 'terminated', startedAt, finishedAt, exitCode: code ?? 137, signal: killedBy });
    await aborted;
  }
}

/** The container's readiness probe, really made from the pod's node; undefined when it passes or there is none. */
async function checkReadiness(pod: V1Pod, { agent, podIp }: PodPlace): Promise<string | undefined> {
  const probe = pod.spec?.containers[0]?.readinessProbe;
  if (probe?.httpGet === undefined) return undefined;
  const url = `http://${podIp}:${probe.httpGet.port}${probe.httpGet.path ?? '/'}`;
  const reason = await agent.probe(url, (probe.timeoutSeconds ?? 1) * 1000).catch((error: unknown) => String(error));
  return reason === undefined ? undefined : `Readiness probe failed: ${reason}`;
}

/** Writes the pod's status when it has changed, and retries until the API server accepts it. */
function createReporter(pod: V1Pod, place: PodPlace, signal: AbortSignal): (container: Container) => Promise<void> {
  const path = `/api/v1/namespaces/${pod.metadata?.namespace}/pods/${readPodName(pod)}/status`;
  let written = '';
  return async (container) => {
    const essence = JSON.stringify(
      container.state === 'running' ? { state: 'running', ready: container.ready } : container,
    );
    const status = createPodStatus(
      pod,
      { hostIp: place.agent.node.address, podIp: place.podIp },
      container,
      new Date().toISOString(),
    );
    while (essence !== written && !signal.aborted) {
      try {
        await place.api.call('PATCH', path, { status });
        written = essence;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return;
        await sleep(200);
      }
    }
  };
}

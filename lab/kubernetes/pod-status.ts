import type { V1Pod } from '@kubernetes/client-node';

/** What the kubelet stand-in knows of a pod's only container. */
export type Container =
  | { readonly state: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly state: 'running'; readonly startedAt: string; readonly ready: boolean; readonly message: string }
  | {
      readonly state: 'terminated';
      readonly startedAt: string;
      readonly finishedAt: string;
      readonly exitCode: number;
      readonly signal: string | null;
    };

/** The pod's status as a kubelet would write it. `since`: when the container entered its state, ISO 8601. */
export function createPodStatus(
  pod: V1Pod,
  addresses: { hostIp: string; podIp: string },
  container: Container,
  since: string,
): object {
  const ready = container.state === 'running' && container.ready;
  const startTime = pod.metadata?.creationTimestamp;
  const condition = (
    type: string,
    holds: boolean,
    lastTransitionTime: unknown,
    reason?: string,
    message?: string,
  ): object => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime,
    ...(reason === undefined ? {} : { reason, message }),
  });
  const unready = ready ? [] : (['ContainersNotReady', describeReason(container)] as const);
  return {
    phase: container.state === 'waiting' ? 'Pending' : 'Running',
    startTime,
    hostIP: addresses.hostIp,
    hostIPs: [{ ip: addresses.hostIp }],
    podIP: addresses.podIp,
    podIPs: [{ ip: addresses.podIp }],
    conditions: [
      condition('PodScheduled', true, startTime),
      condition('Initialized', true, startTime),
      condition('ContainersReady', ready, since, ...unready),
      condition('Ready', ready, since, ...unready),
    ],
    containerStatuses: [describeContainer(pod, container, ready)],
  };
}

function describeContainer(pod: V1Pod, container: Container, ready: boolean): object {
  const { name = '', image = '' } = pod.spec?.containers[0] ?? {};
  return {
    name,
    image,
    imageID: '',
    ready,
    started: container.state === 'running',
    restartCount: 0,
    state: { [container.state]: describeState(container) },
  };
}

function describeState(container: Container): object {
  if (container.state === 'waiting') return { reason: container.reason, message: container.message };
  if (container.state === 'running') return { startedAt: container.startedAt };
  const { exitCode, startedAt, finishedAt } = container;
  return { exitCode, startedAt, finishedAt, reason: exitCode === 0 ? 'Completed' : 'Error' };
}

function describeReason(container: Container): string {
  if (container.state !== 'terminated') return container.message;
  return `The process ended (${container.signal ?? `exit code ${container.exitCode}`}); the lab does not restart it.`;
}

/** Every fault that a run must survive, as data. */
import type { Fault as ArmFault } from '../../lab/azure/faults/schema.ts';
import { cluster } from '../../lab/scope.ts';
import type { StepName } from '../support/steps.ts';
import { listStepUses } from '../support/steps.ts';
import type { Moment } from '../support/worker-under-test/messages.ts';

export type Server = 'temporal' | 'kube-apiserver' | 'etcd';

/** What befalls a run, and when. */
export type Fault =
  | { readonly kind: 'nothing' }
  /** SIGKILL; a new worker is started at once, and gets the next moment. */
  | { readonly kind: 'killWorker'; readonly at: readonly Moment[] }
  /** SIGKILL of all of them, and a start of all of them on the same ports and data `downMs` later. */
  | { readonly kind: 'killServers'; readonly servers: readonly Server[]; readonly at: Moment; readonly downMs: number }
  /** The sshd processes of the session that the prober runs in are killed. */
  | { readonly kind: 'resetSsh'; readonly at: Moment }
  /** Every connection to Azure Resource Manager breaks for `downMs`. */
  | { readonly kind: 'armUnreachable'; readonly at: Moment; readonly downMs: number }
  /** Azure Resource Manager accepts the first such call, and breaks the connection before its answer. */
  | { readonly kind: 'armDrop'; readonly method: 'PUT' | 'DELETE'; readonly type: string; readonly group: string };

export interface Cell {
  /** Unique; what `--only` looks at. */
  readonly name: string;
  readonly fault: Fault;
  /** Whether the second node is labelled too; the run is 4 s shorter without. */
  readonly secondNode: boolean;
  /** What makes steps long enough to be met in the middle. */
  readonly slow: readonly ArmFault[];
}

const machines = 'Microsoft.Compute/virtualMachines';
const vnets = 'Microsoft.Network/virtualNetworks';
const peerings = `${vnets}/virtualNetworkPeerings`;
const { resourceGroup, nodeResourceGroup } = cluster;

const slowly = (type: string, group: string, method: 'PUT' | 'DELETE' = 'PUT', delayMs = 2000): ArmFault => ({
  kind: 'slowPeering',
  method,
  type,
  group,
  delayMs,
});
const slowVm = slowly(machines, resourceGroup);
const slowPeering = slowly(peerings, nodeResourceGroup);

const moment = (step: Moment['step'], at: Moment['at'], nth = 1): Moment => ({ step, at, nth });
const cell = (name: string, fault: Fault, more: Partial<Pick<Cell, 'secondNode' | 'slow'>> = {}): Cell => ({
  name,
  fault,
  secondNode: false,
  slow: [],
  ...more,
});

const killAt = (moments: readonly Moment[], more: Partial<Pick<Cell, 'secondNode' | 'slow'>> = {}): Cell =>
  cell(
    `worker killed ${moments.map(nameMoment).join(', and its successor ')}`,
    { kind: 'killWorker', at: moments },
    more,
  );

const nameMoment = ({ step, nth, at }: Moment): string =>
  `${typeof at === 'number' ? `at heartbeat ${at} of` : at} ${step}${nth > 1 ? ` no. ${nth}` : ''}`;

/** Uses from this one on come only with the second node. */
const ofSecondNode: Partial<Record<StepName, number>> = { labelNode: 2, probe: 3 };
/**
 * Heartbeats in each batch of undo: the rules, host endpoints and service, peerings, VM with its network and the hold
 * on the cluster. Each entry ends with one.
 */
const undoBatches: readonly (readonly number[])[] = [
  [1, 2],
  [1, 2, 3],
  [1, 2],
  [1, 2, 4, 8, 16],
];

const killedAroundSteps = (): Cell[] =>
  listStepUses().flatMap(({ step, nth }) =>
    (['before', 'after'] as const).map((at) =>
      killAt([moment(step, at, nth)], { secondNode: nth >= (ofSecondNode[step] ?? Number.POSITIVE_INFINITY) }),
    ),
  );

const killedAtHeartbeats = (): Cell[] => [
  ...[1, 2, 3, 5, 8, 13].map((nth) => killAt([moment('createVm', nth)], { slow: [slowVm] })),
  ...[1, 2, 4, 8].map((nth) => killAt([moment('peerFromCluster', nth)], { slow: [slowPeering] })),
  ...[1, 2].map((nth) => killAt([moment('awaitSsh', nth)])),
  ...[1, 3, 6].map((nth) => killAt([moment('probe', nth)])),
  ...[1, 3, 6, 12, 24].map((nth) => killAt([moment('probe', nth, 2)])),
];

const slowUndo = [slowly(machines, resourceGroup, 'DELETE', 1000)];
const killedInUndo = (): Cell[] =>
  undoBatches.flatMap((beats, index) =>
    (['before', ...beats, 'after'] as const).map((at) => killAt([moment('undo', at, index + 1)], { slow: slowUndo })),
  );

const killedTwice = (): Cell[] => [
  killAt([moment('createVm', 3), moment('createVm', 3)], { slow: [slowVm] }),
  killAt([moment('createVm', 'after'), moment('createVm', 'before')]),
  killAt([moment('applyPolicy', 'after'), moment('applyPolicy', 'after')]),
  killAt([moment('exposeNodePort', 'after'), moment('probe', 3)]),
  killAt([moment('peerFromCluster', 2), moment('undo', 2)], { slow: [slowPeering] }),
  killAt([moment('undo', 1), moment('undo', 'after')]),
];

const serverCell = (
  servers: readonly Server[],
  at: Moment,
  more: Partial<Pick<Cell, 'slow'>> = {},
  downMs = 2000,
): Cell =>
  cell(`${servers.join(' and ')} killed ${nameMoment(at)}`, { kind: 'killServers', servers, at, downMs }, more);

const serversKilled = (): Cell[] => [
  ...[
    moment('preflight', 'after'),
    moment('createVm', 5),
    moment('applyPolicy', 'after'),
    moment('probe', 6, 2),
    moment('undo', 2, 4),
  ].map((at) => serverCell(['temporal'], at, at.step === 'createVm' ? { slow: [slowVm] } : {})),
  ...[
    moment('preflight', 'before'),
    moment('exposeNodePort', 'before'),
    moment('applyPolicy', 'before'),
    moment('probe', 6, 2),
    moment('undo', 'before'),
  ].map((at) => serverCell(['kube-apiserver'], at)),
  ...[moment('enableAutoHostEndpoints', 'before'), moment('labelNode', 'before'), moment('undo', 'before')].map((at) =>
    serverCell(['etcd'], at),
  ),
  ...[moment('exposeNodePort', 'after'), moment('undo', 'before', 2)].map((at) =>
    serverCell(['kube-apiserver', 'etcd'], at),
  ),
];

/** In the phases that wait for silence: the others are over within a blink. */
const sshReset = (): Cell[] =>
  [moment('probe', 4, 2), moment('probe', 10, 2), moment('probe', 20, 2), moment('probe', 4, 3)].map((at) =>
    cell(`SSH reset ${nameMoment(at)}`, { kind: 'resetSsh', at }, { secondNode: at.nth === 3 }),
  );

/** Every type that a run PUTs, with its group. */
const written = [
  [vnets, resourceGroup],
  ['Microsoft.Network/publicIPAddresses', resourceGroup],
  ['Microsoft.Network/networkSecurityGroups', resourceGroup],
  ['Microsoft.Network/networkInterfaces', resourceGroup],
  [machines, resourceGroup],
  [peerings, resourceGroup],
  [peerings, nodeResourceGroup],
] as const;

const armCells = (): Cell[] => [
  ...(['PUT', 'DELETE'] as const).flatMap((method) =>
    written.map(([type, group]) =>
      cell(`ARM cut after it accepted the ${method} of ${type.split('/').at(-1)} in ${group}`, {
        kind: 'armDrop',
        method,
        type,
        group,
      }),
    ),
  ),
  cell('ARM unreachable for 3 s before createNetwork', {
    kind: 'armUnreachable',
    at: moment('createNetwork', 'before'),
    downMs: 3000,
  }),
  cell(
    'ARM unreachable for 3 s at heartbeat 5 of createVm',
    { kind: 'armUnreachable', at: moment('createVm', 5), downMs: 3000 },
    { slow: [slowVm] },
  ),
  cell('ARM unreachable for 3 s before undo no. 4', {
    kind: 'armUnreachable',
    at: moment('undo', 'before', 4),
    downMs: 3000,
  }),
];

const around = killedAroundSteps();
const before = ({ fault }: Cell): boolean => fault.kind === 'killWorker' && fault.at.every(({ at }) => at === 'before');

/** In the order of the table. */
const groups: readonly (readonly Cell[])[] = [
  [cell('nothing', { kind: 'nothing' }, { secondNode: true })],
  around.filter((each) => !before(each)),
  around.filter(before),
  killedAtHeartbeats(),
  killedInUndo(),
  killedTwice(),
  serversKilled(),
  sshReset(),
  armCells(),
];

/** All end with a PASS: no fault lasts longer than the steps' time limits, so none makes a proof impossible. */
export const matrix: readonly Cell[] = groups.flat();

/**
 * An order in which a pass that is cut short has seen equal shares of all groups; what dies before a step has done
 * anything comes last.
 */
export function spread(cells: readonly Cell[]): Cell[] {
  const places = groups.flatMap((group) =>
    group.map((each, index) => ({ cell: each, place: (index + 0.5) / group.length + (group.every(before) ? 1 : 0) })),
  );
  return places
    .filter(({ cell: each }) => cells.includes(each))
    .toSorted((a, b) => a.place - b.place)
    .map(({ cell: each }) => each);
}

/** The fixed part that CI runs: one of each kind, where a crash hurts most. */
export const inCi: readonly string[] = [
  'worker killed after createVm',
  'worker killed after applyPolicy',
  'worker killed at heartbeat 6 of probe no. 2',
  'worker killed after undo no. 4',
  'temporal killed at heartbeat 5 of createVm',
  'kube-apiserver and etcd killed after exposeNodePort',
  'SSH reset at heartbeat 4 of probe no. 2',
  `ARM cut after it accepted the PUT of virtualMachines in ${resourceGroup}`,
  'ARM unreachable for 3 s before undo no. 4',
];

/** What meets the steps that write Calico's objects. */
export const inCiOnAks: readonly string[] = ['worker killed after applyPolicy', 'worker killed after undo no. 4'];

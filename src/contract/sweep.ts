/** The sweeper: what it is asked for, what it finds, and what becomes of it. */
import type { UndoEntry } from './change.ts';
import type { RunIdentity, RunRef } from './run.ts';
import type { Call, Result } from './steps.ts';

/** What a user writes. */
export interface SweepSpec {
  readonly subscriptionId: string;
  /** Resource group of the managed cluster. */
  readonly resourceGroup: string;
  readonly cluster: string;
  /** Resource group of the runs' VMs. Default: the cluster's. */
  readonly vmResourceGroup?: string;
  /** Things of a run that began less than so long ago are kept, in milliseconds. Default 2 hours. */
  readonly olderThanMs?: number;
  /** Only show what would be removed. Default false. */
  readonly dryRun?: boolean;
}

/** The same with every default filled in. */
export type Sweep = Required<SweepSpec>;

/**
 * Something that carries hepflow's marks. Everything of one run tells the same owner and times, whichever of its things
 * knew them.
 */
export interface MarkedThing {
  /** For people: `VNet hepflow-0badcafe-vnet`. */
  readonly what: string;
  /** Azure: the ARM id. Kubernetes: `kind/namespace/name`. */
  readonly id: string;
  readonly runId: string;
  /** Workflow id; empty: nothing of the run tells it. */
  readonly owner: string;
  /** The first Temporal run of its chain; empty: nothing of the run tells it. */
  readonly firstExecutionRunId: string;
  /** ISO 8601; null: nothing of the run tells it. */
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly ownership: Ownership;
  /** What Temporal knows of the owner. `unknown`: it does not remember it, or there is no owner to ask for. */
  readonly runIs: 'alive' | 'over' | 'unknown';
  /** Why a living run does not go on, part of a sentence; absent: nothing is known of such a reason. */
  readonly trouble?: string;
  /** Resource group of the run's VM. */
  readonly resourceGroup: string;
  /** What takes it back; null: its mark does not tell how. */
  readonly undo: UndoEntry | null;
}

/**
 * Whose a thing's marks show it to be (W14). `proved`: they are signed with this worker's secret, for this very thing;
 * `copy`: for another one; `unproved`: not with this secret.
 */
export type Ownership = 'proved' | 'copy' | 'unproved';

export type Decision =
  | 'removed'
  | 'would be removed'
  | 'kept: its run lives'
  | 'kept: its run cannot go on'
  | 'kept: too young'
  | 'kept: its run may live'
  | 'kept: locked'
  | 'kept: a copy'
  | 'kept: not signed'
  | 'kept: changed by somebody else'
  | 'failed';

/** A row of the result. */
export interface Swept extends Pick<MarkedThing, 'what' | 'id' | 'runId' | 'owner' | 'createdAt' | 'expiresAt'> {
  readonly decision: Decision;
  /** One sentence. */
  readonly why: string;
  /** The command that removes it by hand; empty for what its run will remove. */
  readonly command: string;
}

/** Result of the workflow `sweepLeftovers`. */
export interface SweepResult {
  readonly dryRun: boolean;
  readonly found: readonly Swept[];
  /** How many things of runs that are over, or may be, are still there. */
  readonly left: number;
  /** What could not be looked at, a sentence each. */
  readonly warnings: readonly string[];
}

/** Whether somebody has to act, or a later sweep: a living run removes its own things, a copy is somebody else's. */
export const isLeft = ({ decision }: Pick<Swept, 'decision'>): boolean =>
  decision !== 'removed' && decision !== 'kept: its run lives' && decision !== 'kept: a copy';

export interface SweepFindings {
  readonly sweep: Sweep;
  /** The things of a run in the order in which the run itself would undo them. */
  readonly found: readonly MarkedThing[];
  readonly warnings: readonly string[];
}

/** The sweeper's own activity; it only reads. Fails with InvalidInput. */
export interface SweepActivities {
  findLeftovers: (call: Call<{ readonly spec: unknown }, RunIdentity>) => Promise<Result<SweepFindings>>;
}

/** A dead run as its undos are told. */
export function describeDeadRun(
  { runId, owner: workflowId, firstExecutionRunId, createdAt, expiresAt, resourceGroup }: MarkedThing,
  { subscriptionId, resourceGroup: clusterGroup, cluster: name }: Sweep,
): RunRef {
  const cluster = { subscriptionId, resourceGroup: clusterGroup, name };
  const identity = { runId, workflowId, firstExecutionRunId, startedAt: createdAt ?? '' };
  return { ...identity, subscriptionId, resourceGroup, location: '', cluster, expiresAt: expiresAt ?? '' };
}

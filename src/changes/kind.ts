/** What a kind of change consists of. A new kind costs its folder, its line in registry.ts, and its tests. */
import type { Azure } from '../adapters/azure/index.ts';
import type { Calico } from '../adapters/kubernetes/calico.ts';
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../adapters/kubernetes/resources.ts';
import type { Applied, FieldValue, PlannedChange, UndoEntry } from '../contract/change.ts';
import type { ClusterRef, RunRef } from '../contract/run.ts';
import type { Change } from '../contract/scenario.ts';
import type { Site } from '../contract/site.ts';
import type { Ownership, Sweep } from '../contract/sweep.ts';
import type { Signer } from '../ownership/signature.ts';
import type { StepActivity, Undone } from '../step/context.ts';
import type { KubernetesRight, Rights } from './rights.ts';

export interface ChangeKind<C extends Change = Change> {
  /**
   * Where it stands in the order in which a run makes things: what is found of a dead run is undone the highest first.
   */
  readonly rank: number;
  /** Reads what is there before the run, where undo will restore it (W3). Only reads. */
  readPrior?(change: C, cluster: Cluster, at: PlanContext): Promise<FieldValue>;
  /** Everything that is known before the change is made: body, undo entry, words. Pure. */
  plan(change: C, at: PlanContext, prior: FieldValue): Draft;
  /** By activity type: makes the change and sees it in effect. */
  readonly apply: Readonly<Record<string, StepActivity<object, Applied>>>;
  /** By the undo's name: takes it back, and proves it. */
  readonly undo: Readonly<Record<string, StepActivity<object, Undone>>>;
  readonly traces: Traces;
  readonly rights: Rights;
  /** Rights in the cluster that depend on what is changed, beside `rights`. */
  listRights?(change: C): readonly KubernetesRight[];
}

export interface PlanContext {
  readonly run: RunRef;
  readonly site: Site;
}

/** A planned change as its kind knows it; the planner adds its place in the run. */
export interface Draft
  extends Pick<PlannedChange, 'step' | 'subject' | 'input' | 'words' | 'limits'>,
    Partial<Pick<PlannedChange, 'policy'>> {
  readonly undo: UndoDraft;
}

export type UndoDraft = Omit<UndoEntry, 'change'>;

/** Helps TypeScript to the type of a kind's changes. */
export const defineKind = <C extends Change>(kind: ChangeKind<C>): ChangeKind<C> => kind;

/** How the sweeper recognises what runs left (W6). */
export interface Traces {
  /** What is in the cluster. */
  readonly inCluster?: (look: ClusterLook) => Promise<readonly Trace[]>;
  /**
   * Runs that a list shows to have left something in Azure. Lists lag behind, so `atPlace` is asked for every run seen
   * anywhere.
   */
  readonly listPlaces?: (search: AzureSearch) => Promise<readonly Place[]>;
  /** What one run left in Azure, by its ids. */
  readonly atPlace?: (place: Place, search: AzureSearch) => Promise<readonly Trace[]>;
}

/** Reads of a cluster in which a kind of object that may not be read, or is not served, is told and taken for empty. */
export interface ClusterLook {
  readonly cluster: Cluster;
  readonly calico: Calico;
  readonly ref: ClusterRef;
  readonly signer: Signer;
  /** Everything that carries the label of a run. */
  listLabelled<T extends KubernetesObject>(resource: Resource<T>): Promise<readonly T[]>;
  listAll<T extends KubernetesObject>(resource: Resource<T>): Promise<readonly T[]>;
  findOne<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): Promise<readonly T[]>;
}

export interface AzureSearch {
  readonly azure: Azure;
  readonly signer: Signer;
  readonly sweep: Sweep;
  /** The VNet of the cluster's nodes; undefined: it cannot be told. */
  readonly clusterVnetId: string | undefined;
}

/** A run, and the resource group in which its things would be. */
export interface Place {
  readonly runId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** A thing as it was seen, before what is known of its run is put together. */
export interface Trace {
  /** For people: `VNet hepflow-0badcafe-vnet`. */
  readonly what: string;
  /** Azure: the ARM id. Kubernetes: `kind/namespace/name`. */
  readonly id: string;
  readonly runId: string;
  /** Workflow id; empty: the thing does not tell it. */
  readonly owner: string;
  /** The first Temporal run of its chain; empty: the thing does not tell it. */
  readonly firstExecutionRunId: string;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  /** Whether its marks are a run's own (W14). */
  readonly ownership: Ownership;
  /** null: the thing is not in the resource group of the run's VM. */
  readonly resourceGroup: string | null;
  /**
   * It shows by itself that its run is over: a peering whose other VNet is gone. A run makes that VNet first and
   * deletes it last.
   */
  readonly orphan: boolean;
  /** Temporal namespace, known of a run that holds the cluster. */
  readonly namespace: string | null;
  /** What takes it back; null: its mark does not tell how. */
  readonly undo: UndoDraft | null;
}

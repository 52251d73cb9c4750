/** Marks of a run on what it creates (W6): written and read here, and nowhere else. */
import type { RunIdentity } from '../contract/run.ts';
import { lifetimeMs } from './names.ts';

/** Label on every Kubernetes object that a run creates; its value is the run id. */
export const runLabel = 'hepflow.io/run';
/** Annotation with the workflow id, which may be too long for a label. */
export const ownerAnnotation = 'hepflow.io/owner';
/** Azure tag with the run id. */
export const runTag = 'hepflow-run';

const tags = { owner: 'hepflow-owner', createdAt: 'created-at', expiresAt: 'expires-at' } as const;
const annotations = {
  owner: ownerAnnotation,
  createdAt: 'hepflow.io/created-at',
  expiresAt: 'hepflow.io/expires-at',
} as const;

/** Whose a thing is, as its marks tell. */
export interface RunMarks {
  readonly runId: string;
  /** Workflow id; empty: the marks do not tell. */
  readonly owner: string;
  /** ISO 8601; null: the marks do not tell. */
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
}

type Texts = Readonly<Record<string, string>>;

export const createTags = (run: RunIdentity): Record<string, string> => ({
  [runTag]: run.runId,
  ...createTimes(tags, run),
});

/** Labels and annotations of a created Kubernetes object. */
export const createObjectMarks = (
  run: RunIdentity,
): { labels: Record<string, string>; annotations: Record<string, string> } => ({
  labels: { [runLabel]: run.runId },
  annotations: createTimes(annotations, run),
});

type Keys = Readonly<Record<'owner' | 'createdAt' | 'expiresAt', string>>;

const createTimes = (keys: Keys, { workflowId, startedAt }: RunIdentity): Record<string, string> => ({
  [keys.owner]: workflowId,
  [keys.createdAt]: startedAt,
  [keys.expiresAt]: new Date(Date.parse(startedAt) + lifetimeMs).toISOString(),
});

/** Undefined: the tags name no run. */
export const readTags = (of: Texts): RunMarks | undefined => readMarks(of[runTag], tags, of);

/** Undefined: the labels name no run. */
export const readObjectMarks = (metadata: {
  readonly labels?: Texts;
  readonly annotations?: Texts;
}): RunMarks | undefined => readMarks(metadata.labels?.[runLabel], annotations, metadata.annotations ?? {});

function readMarks(runId: string | undefined, keys: Keys, of: Texts): RunMarks | undefined {
  if (runId === undefined || !isRunId(runId)) return undefined;
  return {
    ...{ runId, owner: of[keys.owner] ?? '' },
    ...{ createdAt: readTime(of[keys.createdAt]), expiresAt: readTime(of[keys.expiresAt]) },
  };
}

/** Anything else is no run id of ours, whatever it stands on. Older versions gave 8 digits. */
export const isRunId = (text: string): boolean => /^([0-9a-f]{8}){1,2}$/.test(text);

/** A time that can be compared; null for anything else. */
export const readTime = (text: string | undefined): string | null =>
  text !== undefined && !Number.isNaN(Date.parse(text)) ? text : null;

/** Whether a created Kubernetes object is the run's. */
export const isOwned = (object: { readonly metadata: { readonly labels?: Texts } }, runId: string): boolean =>
  object.metadata.labels?.[runLabel] === runId;

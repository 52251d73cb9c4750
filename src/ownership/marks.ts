/** Marks of a run on what it creates (W6, W14): written, read and proved here, and nowhere else. */
import type { ClusterRef, RunIdentity, RunRef } from '../contract/run.ts';
import type { Ownership } from '../contract/sweep.ts';
import type { SignedValue, Signer } from './signature.ts';

/** Label on every Kubernetes object that a run creates; its value is the run id. */
export const runLabel = 'hepflow.io/run';
/** Annotation with the workflow id, which may be too long for a label. */
export const ownerAnnotation = 'hepflow.io/owner';
/** Azure tag with the run id. */
export const runTag = 'hepflow-run';
export const signatureTag = 'hepflow-signature';
/** Azure's limit of a tag's value, in characters: the longest workflow id that a mark can hold. */
export const longestTag = 256;

/** All of them have hepflow's prefix: names such as `created-at` may be owned by a policy of the tenant. */
const tags = {
  owner: 'hepflow-owner',
  firstExecutionRunId: 'hepflow-execution',
  createdAt: 'hepflow-created-at',
  expiresAt: 'hepflow-expires-at',
  signature: signatureTag,
} as const;
const annotations = {
  owner: ownerAnnotation,
  firstExecutionRunId: 'hepflow.io/execution',
  createdAt: 'hepflow.io/created-at',
  expiresAt: 'hepflow.io/expires-at',
  signature: 'hepflow.io/signature',
} as const;

/** Whose a thing is, as its marks tell. */
export interface RunMarks {
  readonly runId: string;
  /** Workflow id; empty: the marks do not tell. */
  readonly owner: string;
  /** The first Temporal run of its chain; empty: the marks do not tell. */
  readonly firstExecutionRunId: string;
  /** ISO 8601; null: the marks do not tell. */
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
}

/** As they stand on a thing: whether they are true, only the signature shows. */
export interface ReadMarks extends RunMarks {
  /** Empty: there is none. */
  readonly signature: string;
}

/** A Kubernetes object, as its signature names it. */
export interface MarkedObject {
  /** `globalnetworkpolicies.projectcalico.org` */
  readonly kind: string;
  /** Empty: it is in none. */
  readonly namespace: string;
  readonly name: string;
}

/** Labels and annotations of a created object. */
export interface ObjectMarks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

type Texts = Readonly<Record<string, string>>;

/** Tags of the resource of that ARM id. */
export const createTags = (run: RunRef, id: string, signer: Signer): Record<string, string> => {
  const marks = describeMarks(run);
  return { [runTag]: run.runId, ...writeMarks(tags, marks, signer.sign(listResource(id, marks))) };
};

/** Marks of a created Kubernetes object. The signature names the object, so that a copy shows. */
export const createObjectMarks = (run: RunRef, object: MarkedObject, signer: Signer): ObjectMarks => {
  const marks = describeMarks(run);
  const path = formPath(object);
  const signature = `${path} ${signer.sign(listObject(run.cluster, path, marks))}`;
  return { labels: { [runLabel]: run.runId }, annotations: writeMarks(annotations, marks, signature) };
};

const describeMarks = ({ runId, workflowId, firstExecutionRunId, startedAt, expiresAt }: RunRef): RunMarks => ({
  ...{ runId, owner: workflowId, firstExecutionRunId, createdAt: startedAt, expiresAt },
});

type Keys = Readonly<Record<Exclude<keyof ReadMarks, 'runId'>, string>>;

const writeMarks = (keys: Keys, marks: RunMarks, signature: string): Record<string, string> => ({
  [keys.owner]: marks.owner,
  [keys.firstExecutionRunId]: marks.firstExecutionRunId,
  [keys.createdAt]: marks.createdAt ?? '',
  [keys.expiresAt]: marks.expiresAt ?? '',
  [keys.signature]: signature,
});

/** What a signature is over: which thing it is, and all that its marks tell. */
const listMarks = ({ runId, owner, firstExecutionRunId, createdAt, expiresAt }: RunMarks): SignedValue[] => [
  ...[runId, owner, firstExecutionRunId, createdAt, expiresAt],
];
const listResource = (id: string, marks: RunMarks): SignedValue[] => ['resource', id.toLowerCase(), listMarks(marks)];
const listObject = (cluster: ClusterRef, path: string, marks: RunMarks): SignedValue[] => [
  ...['object', listCluster(cluster), path, listMarks(marks)],
];

/** The same object of another cluster is another one. */
export const listCluster = ({ subscriptionId, resourceGroup, name }: ClusterRef): SignedValue =>
  [subscriptionId, resourceGroup, name].map((part) => part.toLowerCase());

const formPath = ({ kind, namespace, name }: MarkedObject): string => `${kind}/${namespace}/${name}`;

/** Undefined: the tags name no run. */
export const readTags = (of: Texts): ReadMarks | undefined => readMarks(of[runTag], tags, of);

/** Undefined: the labels name no run. */
export const readObjectMarks = (metadata: {
  readonly labels?: Texts;
  readonly annotations?: Texts;
}): ReadMarks | undefined => readMarks(metadata.labels?.[runLabel], annotations, metadata.annotations ?? {});

function readMarks(runId: string | undefined, keys: Keys, of: Texts): ReadMarks | undefined {
  if (runId === undefined || !isRunId(runId)) return undefined;
  return {
    ...{ runId, owner: of[keys.owner] ?? '', firstExecutionRunId: of[keys.firstExecutionRunId] ?? '' },
    ...{ createdAt: readTime(of[keys.createdAt]), expiresAt: readTime(of[keys.expiresAt]) },
    signature: of[keys.signature] ?? '',
  };
}

/** Of the resource of that ARM id. */
export const proveTags = (marks: ReadMarks, id: string, signer: Signer): Ownership =>
  signer.isSigned(listResource(id, marks), marks.signature) ? 'proved' : 'unproved';

export function proveObjectMarks(
  marks: ReadMarks,
  object: MarkedObject,
  cluster: ClusterRef,
  signer: Signer,
): Ownership {
  const [path = '', signature = ''] = marks.signature.split(' ');
  if (!signer.isSigned(listObject(cluster, path, marks), signature)) return 'unproved';
  return path === formPath(object) ? 'proved' : 'copy';
}

/** Whether marks name this run, and not only its id: two ids may be equal by chance. */
export const isNamedBy = (marks: RunMarks, run: RunIdentity): boolean =>
  marks.runId === run.runId && marks.owner === run.workflowId && marks.firstExecutionRunId === run.firstExecutionRunId;

/** Anything else is no run id of ours, whatever it stands on. Older versions gave 8 digits. */
export const isRunId = (text: string): boolean => /^([0-9a-f]{8}){1,2}$/.test(text);

/** A time that can be compared; null for anything else. */
export const readTime = (text: string | undefined): string | null =>
  text !== undefined && !Number.isNaN(Date.parse(text)) ? text : null;

/** Whether an object carries the label of that run: enough to look past it, not to change it. */
export const isLabelled = (object: { readonly metadata: { readonly labels?: Texts } }, runId: string): boolean =>
  object.metadata.labels?.[runLabel] === runId;

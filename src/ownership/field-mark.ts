/**
 * One field of an existing object, changed and restored (W3): who changed it and what it was is written beside it, in
 * the same request, so that a field and its mark never disagree because of a crash. Decisions only; the activities
 * carry them out.
 */
import type { FieldValue } from '../contract/change.ts';
import type { ClusterRef, RunRef } from '../contract/run.ts';
import { listCluster } from './marks.ts';
import type { SignedValue, Signer } from './signature.ts';

/** Annotation on every existing Kubernetes object that a run changes: JSON of a `FieldMark`. */
export const changedAnnotation = 'hepflow.io/changed';

/** Where the field is: keys from the object's root. */
export type FieldPath = readonly [string, ...string[]];

/** Mark on a changed object: who changed it, and what to restore. */
interface FieldMark {
  readonly run: string;
  readonly prior: FieldValue;
  /**
   * How many leading keys of the path were there before, when not all but the last were: undo removes what the run had
   * to create, and no more.
   */
  readonly existing?: number;
  /** The field, and what the run wrote there: with these a sweeper can restore it when the run is dead. */
  readonly path?: FieldPath;
  readonly wrote?: string | boolean;
  /** Workflow id, first run of its chain, start of the run, and until when it may be under way. */
  readonly owner?: string;
  readonly execution?: string;
  readonly at?: string;
  readonly expires?: string;
  /** Over all of this, and the object (W14). */
  readonly signature?: string;
}

interface Annotated {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

interface Marked extends Annotated {
  readonly metadata: Annotated['metadata'] & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** A label may be called `constructor`: only what the object itself has counts. */
const child = (at: unknown, key: string): unknown =>
  typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;

/** Value of the field; null: it is absent. */
export function readField(object: object, path: FieldPath): FieldValue {
  let at: unknown = object;
  for (const key of path) at = child(at, key);
  return typeof at === 'string' || typeof at === 'boolean' ? at : null;
}

/** The mark on an object; undefined: none that can be read. Whether it is true, only its signature shows. */
export function readFieldMark(object: Annotated): FieldMark | undefined {
  try {
    const mark: unknown = JSON.parse(object.metadata.annotations?.[changedAnnotation] ?? 'null');
    const [run, prior] = [child(mark, 'run'), child(mark, 'prior')];
    if (typeof run !== 'string' || !isFieldValue(prior)) return undefined;
    const [existing, path, wrote] = ['existing', 'path', 'wrote'].map((key) => child(mark, key));
    const texts = (['owner', 'execution', 'at', 'expires', 'signature'] as const).flatMap((key) => {
      const text = child(mark, key);
      return typeof text === 'string' ? [[key, text]] : [];
    });
    return {
      ...{ run, prior },
      ...(Number.isInteger(existing) && Number(existing) >= 0 && { existing: Number(existing) }),
      ...(isPath(path) && { path }),
      ...((typeof wrote === 'string' || typeof wrote === 'boolean') && { wrote }),
      ...Object.fromEntries(texts),
    };
  } catch {
    return undefined;
  }
}

const isFieldValue = (value: unknown): value is FieldValue =>
  value === null || typeof value === 'string' || typeof value === 'boolean';
const isPath = (value: unknown): value is FieldPath =>
  Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === 'string');

export interface FieldChange {
  readonly path: FieldPath;
  readonly wanted: string | boolean;
  /** As preflight read it. */
  readonly prior: FieldValue;
}

/** What signatures of marks are made and proved with. */
export interface MarkSeal {
  readonly cluster: ClusterRef;
  /** Kind of the objects: `nodes`. */
  readonly kind: string;
  readonly signer: Signer;
}

/** A run that changes a field. */
export interface Author extends MarkSeal {
  readonly run: RunRef;
}

/** Whether the mark stands where a worker with this secret wrote it, as it was written. */
export const isSignedMark = (object: Marked, mark: FieldMark, seal: MarkSeal): boolean =>
  mark.signature !== undefined && seal.signer.isSigned(listSigned(object, mark, seal), mark.signature);

const listSigned = ({ metadata }: Marked, mark: FieldMark, { cluster, kind }: MarkSeal): SignedValue[] => [
  ...['field', listCluster(cluster), kind, metadata.name, metadata.uid],
  ...[mark.path ?? null, mark.existing ?? null, mark.prior, mark.wrote ?? null],
  ...[mark.run, mark.owner ?? null, mark.execution ?? null, mark.at ?? null, mark.expires ?? null],
];

/** Whether the mark is the run's own, for this field (W14). */
const isOwnMark = (object: Marked, mark: FieldMark, { path }: Pick<FieldChange, 'path'>, by: Author): boolean =>
  mark.run === by.run.runId &&
  mark.owner === by.run.workflowId &&
  mark.execution === by.run.firstExecutionRunId &&
  JSON.stringify(mark.path) === JSON.stringify(path) &&
  isSignedMark(object, mark, by);

/** Whether the object carries the run's own mark for this field. */
export function hasOwnMark(object: Marked, change: Pick<FieldChange, 'path'>, by: Author): boolean {
  const mark = readFieldMark(object);
  return mark !== undefined && isOwnMark(object, mark, change, by);
}

/**
 * `change`: write it. `ours`: the run has written it already (W9). `already`: it was so before. `conflict`: somebody
 * else is changing it.
 */
export function decideChange(
  object: Marked,
  change: FieldChange,
  by: Author,
): 'change' | 'ours' | 'already' | 'conflict' {
  const { path, wanted, prior } = change;
  const mark = readFieldMark(object);
  const current = readField(object, path);
  if (mark !== undefined && !isOwnMark(object, mark, change, by)) return 'conflict';
  if (current === wanted && mark !== undefined) return 'ours';
  if (current !== prior) return 'conflict';
  return current === wanted ? 'already' : 'change';
}

/** Merge patch that writes the value and the mark, only onto the version that was read. */
export function createChangePatch(object: Marked, { path, wanted, prior }: FieldChange, by: Author): object {
  const existing = readFieldMark(object)?.existing ?? depthOf(object, path);
  const { runId, workflowId, firstExecutionRunId, startedAt, expiresAt } = by.run;
  const mark: FieldMark = {
    ...{ run: runId, prior, ...(existing < path.length - 1 && { existing }), path, wrote: wanted },
    ...{ owner: workflowId, execution: firstExecutionRunId, at: startedAt, expires: expiresAt },
  };
  const signature = by.signer.sign(listSigned(object, mark, by));
  const annotated = {
    metadata: {
      resourceVersion: object.metadata.resourceVersion,
      annotations: { [changedAnnotation]: JSON.stringify({ ...mark, signature }) },
    },
  };
  return merged(annotated, nested(path, wanted));
}

/**
 * `restore`: put the prior value back. `unmark`: it is back already, only the mark is left. `nothing`: not changed by
 * this run. `conflict`: leave it alone.
 */
export function decideRestore(
  object: Marked,
  change: FieldChange,
  by: Author,
): 'restore' | 'unmark' | 'nothing' | 'conflict' {
  const { path, wanted, prior } = change;
  const current = readField(object, path);
  if (hasOwnMark(object, change, by)) return current === wanted ? 'restore' : current === prior ? 'unmark' : 'conflict';
  if (readFieldMark(object)?.run === by.run.runId) return 'conflict'; // not as the run wrote it
  // Field and mark are written in one request: without the mark, only a value that looks like the run's is in doubt.
  return current === wanted && prior !== wanted ? 'conflict' : 'nothing';
}

/**
 * Merge patch that puts the prior value back, only onto the version that was read. The mark stays: it goes last, when
 * the effects are gone too.
 */
export function createRestorePatch(object: Marked, { path, wanted, prior }: FieldChange): object {
  const existing = readFieldMark(object)?.existing;
  const cut =
    prior === null && existing !== undefined && holdsOnly(object, path, existing, wanted)
      ? path.slice(0, existing + 1)
      : path;
  return merged({ metadata: { resourceVersion: object.metadata.resourceVersion } }, nested(cut, prior));
}

/** Merge patch that takes the mark off. Onto any version: nobody else writes a mark while the run's is there. */
export const unmarkPatch = { metadata: { annotations: { [changedAnnotation]: null } } } as const;

/** Number of leading keys of the path under which something is. */
function depthOf(object: object, path: FieldPath): number {
  let at: unknown = object;
  let depth = 0;
  for (const key of path) {
    at = child(at, key);
    if (at === undefined || at === null) break;
    depth += 1;
  }
  return depth;
}

/** Whether what the run had to create, from that depth on, still holds nothing but the run's value. */
function holdsOnly(object: object, path: FieldPath, existing: number, wanted: string | boolean): boolean {
  let at: unknown = object;
  for (const [index, key] of path.entries()) {
    if (typeof at !== 'object' || at === null) return false;
    if (index > existing && Object.keys(at).length !== 1) return false;
    at = child(at, key);
  }
  return at === wanted;
}

const nested = (path: readonly string[], value: FieldValue): object =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;

function merged(a: object, b: object): object {
  const both = Object.entries(b).map(([key, value]) => {
    const other = (a as Record<string, unknown>)[key];
    return [key, isObject(other) && isObject(value) ? merged(other, value) : value];
  });
  return { ...a, ...Object.fromEntries(both) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * One field of an existing object, changed and restored (W3): who changed it and what it was is written beside it, in
 * the same request,
 * so that a field and its mark never disagree because of a crash. Decisions only; the activities carry them out.
 */
import type { FieldValue } from '../contract/change.ts';
import type { RunIdentity } from '../contract/run.ts';

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
  /** Workflow id and start of the run. */
  readonly owner?: string;
  readonly at?: string;
}

interface Marked {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
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

/** The mark on an object; undefined: none that can be read. */
export function readFieldMark(object: Marked): FieldMark | undefined {
  try {
    const mark: unknown = JSON.parse(object.metadata.annotations?.[changedAnnotation] ?? 'null');
    if (
      typeof mark !== 'object' ||
      mark === null ||
      !('run' in mark) ||
      typeof mark.run !== 'string' ||
      !('prior' in mark)
    )
      return undefined;
    const { existing, ...sound } = mark as FieldMark;
    return Number.isInteger(existing) && Number(existing) >= 0 ? { ...sound, existing: Number(existing) } : sound;
  } catch {
    return undefined;
  }
}

export interface FieldChange {
  readonly path: FieldPath;
  readonly wanted: string | boolean;
  /** As preflight read it. */
  readonly prior: FieldValue;
  readonly runId: string;
}

/**
 * `change`: write it. `ours`: the run has written it already (W9). `already`: it was so before. `conflict`: somebody
 * else is changing it.
 */
export function decideChange(
  object: Marked,
  { path, wanted, prior, runId }: FieldChange,
): 'change' | 'ours' | 'already' | 'conflict' {
  const mark = readFieldMark(object);
  const current = readField(object, path);
  if (mark !== undefined && mark.run !== runId) return 'conflict';
  if (current === wanted && mark !== undefined) return 'ours';
  if (current !== prior) return 'conflict';
  return current === wanted ? 'already' : 'change';
}

/**
 * Merge patch that writes the value and the mark, only onto the version that was read. `by` is the run, as the mark
 * tells a sweeper.
 */
export function createChangePatch(
  object: Marked,
  { path, wanted, prior, runId }: FieldChange,
  by?: Pick<RunIdentity, 'workflowId' | 'startedAt'>,
): object {
  const existing = readFieldMark(object)?.existing ?? depthOf(object, path);
  const told = by === undefined ? {} : { path, wrote: wanted, owner: by.workflowId, at: by.startedAt };
  const mark: FieldMark = { run: runId, prior, ...(existing < path.length - 1 ? { existing } : {}), ...told };
  const annotated = {
    metadata: {
      resourceVersion: object.metadata.resourceVersion,
      annotations: { [changedAnnotation]: JSON.stringify(mark) },
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
  { path, wanted, prior, runId }: FieldChange,
): 'restore' | 'unmark' | 'nothing' | 'conflict' {
  const current = readField(object, path);
  const mark = readFieldMark(object);
  if (mark?.run === runId) return current === wanted ? 'restore' : current === prior ? 'unmark' : 'conflict';
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

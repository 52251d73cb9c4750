/**
 * Changing one field of an existing object and putting it back (W3, W9): the decisions are in ownership/field-mark.ts.
 */
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../adapters/kubernetes/resources.ts';
import type { FieldValue } from '../contract/change.ts';
import { HepflowError } from '../contract/failures.ts';
import type { Interval } from '../contract/observation.ts';
import {
  type Author,
  createChangePatch,
  createRestorePatch,
  decideChange,
  decideRestore,
  type FieldChange,
  hasOwnMark,
  isSignedMark,
  readField,
  readFieldMark,
  unmarkPatch,
} from '../ownership/field-mark.ts';
import { isRunId, readTime } from '../ownership/marks.ts';
import type { StepContext, Tools, Undone } from '../step/context.ts';
import { measureInterval } from '../step/timed.ts';
import { unmarked } from './azure-resource.ts';
import { nameKind } from './cluster-object.ts';
import type { ClusterLook, Trace, UndoDraft } from './kind.ts';

export interface ChangedField<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly name: string;
  /** For people: the field and its object. */
  readonly what: string;
  readonly change: FieldChange;
}

const createAuthor = (
  resource: Resource<KubernetesObject>,
  { signer }: Pick<Tools, 'signer'>,
  { run }: Pick<StepContext, 'run'>,
): Author => ({ run, signer, cluster: run.cluster, kind: nameKind(resource) });

/**
 * Writes the wanted value and the run's mark onto the version that was read. `changed`: the run wrote it, now or
 * before; `written`: when, if now.
 * Fails with ChangedMeanwhile.
 */
export async function changeField<T extends KubernetesObject>(
  cluster: Cluster,
  field: ChangedField<T>,
  tools: Pick<Tools, 'signer'>,
  context: Pick<StepContext, 'run'>,
): Promise<{ readonly changed: boolean; readonly written?: Interval }> {
  const { resource, name, what, change } = field;
  const author = createAuthor(resource, tools, context);
  const object = await cluster.get(resource, name);
  switch (decideChange(object, change, author)) {
    case 'already':
      return { changed: false };
    case 'ours':
      return { changed: true };
    case 'change': {
      const written = await measureInterval(() =>
        cluster.patchMerge(resource, name, createChangePatch(object, change, author)),
      );
      return { changed: true, written: written.interval };
    }
    case 'conflict': {
      const other = readFieldMark(object)?.run;
      const who = other === undefined || other === context.run.runId ? '' : `, and run ${other} has changed it`;
      throw new HepflowError(
        'ChangedMeanwhile',
        `${what} was ${describeValue(change.prior)} before the run and is ` +
          `${describeValue(readField(object, change.path))} now${who}.`,
      );
    }
  }
}

/**
 * Puts the prior value back if the object still holds what the run wrote. The mark is taken off last, after
 * `waitForEffect`: an undo that dies while it waits
 * finds the mark and waits again.
 */
export async function restoreField<T extends KubernetesObject>(
  cluster: Cluster,
  field: ChangedField<T>,
  tools: Pick<Tools, 'signer'>,
  context: Pick<StepContext, 'run'>,
  waitForEffect: () => Promise<void> = async () => {},
): Promise<Undone> {
  const { resource, name, what, change } = field;
  const object = await cluster.find(resource, name);
  if (object === undefined) return { outcome: 'nothing', detail: `${what}: the object does not exist any more.` };
  const current = describeValue(readField(object, change.path));
  switch (decideRestore(object, change, createAuthor(resource, tools, context))) {
    case 'nothing':
      return { outcome: 'nothing', detail: `${what} is ${current}; this run did not change it.` };
    case 'conflict':
      return {
        outcome: 'conflict',
        detail:
          `${what} is ${current}, this run wrote ${describeValue(change.wanted)} (before it: ` +
          `${describeValue(change.prior)}); left alone.`,
      };
    case 'restore':
      await cluster.patchMerge(resource, name, createRestorePatch(object, change));
      break;
    case 'unmark':
  }
  await waitForEffect();
  await removeMark(cluster, field, tools, context);
  return { outcome: 'done', detail: `${what} is ${describeValue(change.prior)} again.` };
}

/** Takes the run's mark off an object whose value is as it was. */
export async function removeMark<T extends KubernetesObject>(
  cluster: Cluster,
  { resource, name, change }: ChangedField<T>,
  tools: Pick<Tools, 'signer'>,
  context: Pick<StepContext, 'run'>,
): Promise<void> {
  const object = await cluster.find(resource, name);
  if (object !== undefined && hasOwnMark(object, change, createAuthor(resource, tools, context)))
    await cluster.patchMerge(resource, name, unmarkPatch);
}

const describeValue = (value: FieldValue): string => (value === null ? 'absent' : String(value));

/**
 * An existing object that a run changed, by its mark. `kind` is for people; `undo`: null when the mark does not tell
 * what was there before.
 */
export function traceField(
  object: KubernetesObject,
  resource: Resource<KubernetesObject>,
  kind: string,
  undo: UndoDraft | null,
  { ref: cluster, signer }: Pick<ClusterLook, 'ref' | 'signer'>,
): Trace[] {
  const mark = readFieldMark(object);
  if (mark === undefined || !isRunId(mark.run)) return [];
  const { run: runId, owner = '', execution: firstExecutionRunId = '', at, expires } = mark;
  const { name } = object.metadata;
  const isSigned = isSignedMark(object, mark, { cluster, signer, kind: nameKind(resource) });
  return [
    {
      ...{ ...unmarked, runId, owner, firstExecutionRunId, createdAt: readTime(at), expiresAt: readTime(expires) },
      ...{ what: `${mark.path?.at(-1) ?? 'a change'} of ${kind} ${name}`, id: `${kind}//${name}` },
      ...{ ownership: isSigned ? 'proved' : 'unproved', undo },
    },
  ];
}

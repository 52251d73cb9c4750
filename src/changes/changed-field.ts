/**
 * Changing one field of an existing object and putting it back (W3, W9): the decisions are in ownership/field-mark.ts.
 */
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../adapters/kubernetes/resources.ts';
import type { FieldValue } from '../contract/change.ts';
import { HepflowError } from '../contract/failures.ts';
import type { Interval } from '../contract/observation.ts';
import type { RunIdentity } from '../contract/run.ts';
import {
  createChangePatch,
  createRestorePatch,
  decideChange,
  decideRestore,
  type FieldChange,
  readField,
  readFieldMark,
  unmarkPatch,
} from '../ownership/field-mark.ts';
import { isRunId, readTime } from '../ownership/marks.ts';
import { lifetimeMs } from '../ownership/names.ts';
import type { Undone } from '../step/context.ts';
import { measureInterval } from '../step/timed.ts';
import { unmarked } from './azure-resource.ts';
import type { Trace, UndoDraft } from './kind.ts';

export interface ChangedField<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly name: string;
  /** For people: the field and its object. */
  readonly what: string;
  readonly change: FieldChange;
}

/**
 * Writes the wanted value and the run's mark onto the version that was read. `changed`: the run wrote it, now or
 * before; `written`: when, if now.
 * Fails with ChangedMeanwhile.
 */
export async function changeField<T extends KubernetesObject>(
  cluster: Cluster,
  field: ChangedField<T>,
  run: Pick<RunIdentity, 'workflowId' | 'startedAt'>,
): Promise<{ readonly changed: boolean; readonly written?: Interval }> {
  const { resource, name, what, change } = field;
  const object = await cluster.get(resource, name);
  switch (decideChange(object, change)) {
    case 'already':
      return { changed: false };
    case 'ours':
      return { changed: true };
    case 'change': {
      const written = await measureInterval(() =>
        cluster.patchMerge(resource, name, createChangePatch(object, change, run)),
      );
      return { changed: true, written: written.interval };
    }
    case 'conflict': {
      const other = readFieldMark(object)?.run;
      const who = other === undefined || other === change.runId ? '' : `, and run ${other} has changed it`;
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
  waitForEffect: () => Promise<void> = async () => {},
): Promise<Undone> {
  const { resource, name, what, change } = field;
  const object = await cluster.find(resource, name);
  if (object === undefined) return { outcome: 'nothing', detail: `${what}: the object does not exist any more.` };
  const current = describeValue(readField(object, change.path));
  switch (decideRestore(object, change)) {
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
  await removeMark(cluster, field);
  return { outcome: 'done', detail: `${what} is ${describeValue(change.prior)} again.` };
}

/** Takes the run's mark off an object whose value is as it was. */
export async function removeMark<T extends KubernetesObject>(
  cluster: Cluster,
  { resource, name, change }: ChangedField<T>,
): Promise<void> {
  const object = await cluster.find(resource, name);
  if (object !== undefined && readFieldMark(object)?.run === change.runId)
    await cluster.patchMerge(resource, name, unmarkPatch);
}

const describeValue = (value: FieldValue): string => (value === null ? 'absent' : String(value));

/**
 * An existing object that a run changed, by its mark. `undo`: null when the mark does not tell what was there before.
 */
export function traceField(object: KubernetesObject, kind: string, undo: UndoDraft | null): Trace[] {
  const mark = readFieldMark(object);
  if (mark === undefined || !isRunId(mark.run)) return [];
  const createdAt = readTime(mark.at);
  const expiresAt = createdAt === null ? null : new Date(Date.parse(createdAt) + lifetimeMs).toISOString();
  const { name } = object.metadata;
  const what = `${mark.path?.at(-1) ?? 'a change'} of ${kind} ${name}`;
  const marks = { runId: mark.run, owner: mark.owner ?? '', createdAt, expiresAt };
  return [{ ...unmarked, ...marks, what, id: `${kind}//${name}`, undo }];
}

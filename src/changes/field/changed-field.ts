/** Changing one field of an existing object and putting it back (W3, W9): the decisions are in manifests/kubernetes-marks.ts. */
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Interval } from '../../contract/observation.ts';
import type { RunRef } from '../../contract/steps.ts';
import {
  type Change,
  changePatch,
  decideChange,
  decideRestore,
  type FieldValue,
  markOf,
  restorePatch,
  unmarkPatch,
  valueAt,
} from '../../ownership/field-mark.ts';
import { timed } from '../../step/timed.ts';

export interface ChangedField<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly name: string;
  /** For people: the field and its object. */
  readonly what: string;
  readonly change: Change;
}

/**
 * Writes the wanted value and the run's mark onto the version that was read. `changed`: the run wrote it, now or before; `written`: when, if now.
 * Fails with ChangedMeanwhile.
 */
export async function changeField<T extends KubernetesObject>(
  cluster: Cluster,
  field: ChangedField<T>,
  run: Pick<RunRef, 'workflowId' | 'startedAt'>,
): Promise<{ readonly changed: boolean; readonly written?: Interval }> {
  const { resource, name, what, change } = field;
  const object = await cluster.get(resource, name);
  switch (decideChange(object, change)) {
    case 'already':
      return { changed: false };
    case 'ours':
      return { changed: true };
    case 'change': {
      const written = await timed(() => cluster.patchMerge(resource, name, changePatch(object, change, run)));
      return { changed: true, written: written.interval };
    }
    case 'conflict': {
      const other = markOf(object)?.run;
      const who = other === undefined || other === change.runId ? '' : `, and run ${other} has changed it`;
      throw new HepflowError(
        'ChangedMeanwhile',
        `${what} was ${shown(change.prior)} before the run and is ${shown(valueAt(object, change.path))} now${who}.`,
      );
    }
  }
}

/**
 * Puts the prior value back if the object still holds what the run wrote. The mark is taken off last, after `settled`: an undo that dies while it waits
 * finds the mark and waits again.
 */
export async function restoreField<T extends KubernetesObject>(
  cluster: Cluster,
  field: ChangedField<T>,
  settled: () => Promise<void> = async () => {},
): Promise<{ readonly outcome: 'done' | 'nothing' | 'conflict'; readonly detail: string }> {
  const { resource, name, what, change } = field;
  const object = await cluster.find(resource, name);
  if (object === undefined) return { outcome: 'nothing', detail: `${what}: the object does not exist any more.` };
  const current = shown(valueAt(object, change.path));
  switch (decideRestore(object, change)) {
    case 'nothing':
      return { outcome: 'nothing', detail: `${what} is ${current}; this run did not change it.` };
    case 'conflict':
      return {
        outcome: 'conflict',
        detail: `${what} is ${current}, this run wrote ${shown(change.wanted)} (before it: ${shown(change.prior)}); left alone.`,
      };
    case 'restore':
      await cluster.patchMerge(resource, name, restorePatch(object, change));
      break;
    case 'unmark':
  }
  await settled();
  await unmark(cluster, field);
  return { outcome: 'done', detail: `${what} is ${shown(change.prior)} again.` };
}

/** Takes the run's mark off an object whose value is as it was. */
export async function unmark<T extends KubernetesObject>(
  cluster: Cluster,
  { resource, name, change }: ChangedField<T>,
): Promise<void> {
  const object = await cluster.find(resource, name);
  if (object !== undefined && markOf(object)?.run === change.runId)
    await cluster.patchMerge(resource, name, unmarkPatch);
}

const shown = (value: FieldValue): string => (value === null ? 'absent' : String(value));

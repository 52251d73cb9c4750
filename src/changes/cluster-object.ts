/** What kinds of objects in the cluster share: a delete that is proved, and traces by label. */
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Resource } from '../adapters/kubernetes/resources.ts';
import { ownerAnnotation, readObjectMarks, runLabel } from '../ownership/marks.ts';
import type { StepContext, Undone } from '../step/context.ts';
import { untilGone } from '../step/until-gone.ts';
import { unmarked } from './azure-resource.ts';
import type { Trace, UndoDraft } from './kind.ts';

/**
 * Deletes exactly what was read and looks until it, and not a successor of its name, is gone. A delete under way
 * already is only waited for.
 */
export async function deleteObject<T extends KubernetesObject>(
  cluster: Cluster,
  context: StepContext,
  resource: Resource<T>,
  object: T,
): Promise<void> {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp === undefined) await cluster.delete(resource, object);
  const isGone = async (): Promise<boolean> => (await cluster.find(resource, name, namespace))?.metadata.uid !== uid;
  await untilGone(context, `${resource.plural} ${name}`, isGone);
}

/**
 * Left alone (W6). Somebody else's object of that name is no business of the run; the run's own, from which somebody
 * took the label, is told.
 */
export function leaveAlone(what: string, objects: readonly KubernetesObject[], { run }: StepContext): Undone {
  const bereft = objects.find(({ metadata }) => metadata.annotations?.[ownerAnnotation] === run.workflowId);
  if (bereft === undefined)
    return { outcome: 'nothing', detail: `${what} does not belong to run ${run.runId}; left alone.` };
  const label = bereft.metadata.labels?.[runLabel] ?? 'absent';
  const detail = `Label ${runLabel} of ${what} is ${label}, this run wrote ${run.runId}; left alone.`;
  return { outcome: 'conflict', detail };
}

/** An object that a run created. */
export function traceObject({ metadata }: KubernetesObject, what: string, id: string, undo: UndoDraft): Trace[] {
  const marks = readObjectMarks(metadata);
  return marks === undefined ? [] : [{ ...unmarked, ...marks, what, id, undo }];
}

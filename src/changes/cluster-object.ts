/** What kinds of objects in the cluster share: who owns one, a delete that is proved, and traces by label. */
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { KubernetesObject, Metadata, Resource } from '../adapters/kubernetes/resources.ts';
import {
  isNamedBy,
  type MarkedObject,
  ownerAnnotation,
  proveObjectMarks,
  readObjectMarks,
  runLabel,
} from '../ownership/marks.ts';
import type { StepContext, Tools, Undone } from '../step/context.ts';
import { untilGone } from '../step/until-gone.ts';
import { unmarked } from './azure-resource.ts';
import type { ClusterLook, Trace } from './kind.ts';

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

/** A kind as signatures name it. */
export const nameKind = ({ group, plural }: Resource<KubernetesObject>): string =>
  group === '' ? plural : `${plural}.${group}`;

/** An object as its signature names it. */
export const describeObject = (
  resource: Resource<KubernetesObject>,
  { namespace = '', name }: Pick<Metadata, 'namespace' | 'name'>,
): MarkedObject => ({ kind: nameKind(resource), namespace, name });

/** Whether an object carries the run's own marks, signed for this object (W6, W14). */
export function isOwned(
  { metadata }: KubernetesObject,
  object: MarkedObject,
  { signer }: Pick<Tools, 'signer'>,
  { run }: Pick<StepContext, 'run'>,
): boolean {
  const marks = readObjectMarks(metadata);
  const isNamed = marks !== undefined && isNamedBy(marks, run);
  return isNamed && proveObjectMarks(marks, object, run.cluster, signer) === 'proved';
}

/**
 * Left alone (W6). Somebody else's object of that name is no business of the run; the run's own, whose marks somebody
 * took or changed, is told.
 */
export function leaveAlone(what: string, objects: readonly KubernetesObject[], { run }: StepContext): Undone {
  const bereft = objects.find(
    ({ metadata: { labels, annotations } }) =>
      labels?.[runLabel] === run.runId || annotations?.[ownerAnnotation] === run.workflowId,
  );
  if (bereft === undefined)
    return { outcome: 'nothing', detail: `${what} does not belong to run ${run.runId}; left alone.` };
  const label = bereft.metadata.labels?.[runLabel] ?? 'absent';
  const why =
    label === run.runId
      ? `The marks of ${what} are not what this run wrote with this worker's secret`
      : `Label ${runLabel} of ${what} is ${label}, this run wrote ${run.runId}`;
  return { outcome: 'conflict', detail: `${why}; left alone.` };
}

/** An object that a run created. `what` is for people. */
export function traceObject(
  { metadata }: KubernetesObject,
  { what, id, undo }: Pick<Trace, 'what' | 'id' | 'undo'>,
  object: MarkedObject,
  { ref, signer }: Pick<ClusterLook, 'ref' | 'signer'>,
): Trace[] {
  const marks = readObjectMarks(metadata);
  if (marks === undefined) return [];
  const { signature: _, ...told } = marks;
  return [{ ...unmarked, ...told, what, id, undo, ownership: proveObjectMarks(marks, object, ref, signer) }];
}

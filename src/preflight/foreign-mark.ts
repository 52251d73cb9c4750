import type { KubernetesObject } from '../adapters/kubernetes/resources.ts';
import type { Diagnosis, Topic } from '../contract/diagnosis.ts';
import { changedAnnotation, readFieldMark } from '../ownership/field-mark.ts';
import { tellProblem } from './look.ts';

/**
 * Two runs that change one object would each restore what the other wrote; so would a run after one that left its
 * change behind.
 */
export function findForeignMark(
  topic: Topic,
  object: KubernetesObject | undefined,
  what: string,
  runId: string,
): readonly Diagnosis[] {
  const mark = object === undefined ? undefined : readFieldMark(object);
  if (mark === undefined || mark.run === runId) return [];
  const remedy =
    'Wait for that run to end; if it is over: hepflow sweep. By hand, restore the value ' +
    `${JSON.stringify(mark.prior)} and remove the annotation ${changedAnnotation}.`;
  return [
    tellProblem(topic, 'ChangedMeanwhile', '', `${what} is changed by run ${mark.run} and not restored yet.`, remedy),
  ];
}

/** Existing objects that bear the mark of a change (W3, W6). */
import type { KubernetesObject, Resource } from '../../adapters/kubernetes/resources.ts';
import { readFieldMark } from '../../ownership/field-mark.ts';
import { traceField } from '../changed-field.ts';
import type { ClusterLook, Trace } from '../kind.ts';
import { planUndo } from './plan.ts';

export function traceAutoCreate(
  object: KubernetesObject,
  resource: Resource<KubernetesObject>,
  look: ClusterLook,
): Trace[] {
  const prior = readFieldMark(object)?.prior;
  const calico = look.calico.api;
  const undo = typeof prior === 'boolean' ? null : planUndo('autoHostEndpoints', { calico, prior: prior ?? null });
  return traceField(object, resource, 'KubeControllersConfiguration', undo, look);
}

export function traceFlowLogs(
  object: KubernetesObject,
  resource: Resource<KubernetesObject>,
  look: ClusterLook,
): Trace[] {
  const prior = readFieldMark(object)?.prior;
  const calico = look.calico.api;
  const undo = typeof prior === 'string' ? null : planUndo('flowLogs', { calico, prior: prior ?? null });
  return traceField(object, resource, 'FelixConfiguration', undo, look);
}

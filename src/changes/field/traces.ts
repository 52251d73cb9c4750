/** Existing objects that bear the mark of a change (W3, W6). */
import type { KubernetesObject } from '../../adapters/kubernetes/resources.ts';
import type { CalicoApi } from '../../contract/report.ts';
import { readFieldMark } from '../../ownership/field-mark.ts';
import { traceField } from '../changed-field.ts';
import type { Trace } from '../kind.ts';
import { planUndo } from './plan.ts';

export function traceAutoCreate(object: KubernetesObject, calico: CalicoApi): Trace[] {
  const prior = readFieldMark(object)?.prior;
  const undo = typeof prior === 'boolean' ? null : planUndo('autoHostEndpoints', { calico, prior: prior ?? null });
  return traceField(object, 'KubeControllersConfiguration', undo);
}

export function traceFlowLogs(object: KubernetesObject, calico: CalicoApi): Trace[] {
  const prior = readFieldMark(object)?.prior;
  const undo = typeof prior === 'string' ? null : planUndo('flowLogs', { calico, prior: prior ?? null });
  return traceField(object, 'FelixConfiguration', undo);
}

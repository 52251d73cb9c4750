import { type KubernetesObject, nodes } from '../../adapters/kubernetes/resources.ts';
import { isFreeLabelKey, isLabelValue } from '../../contract/label.ts';
import { readFieldMark } from '../../ownership/field-mark.ts';
import { traceField } from '../changed-field.ts';
import type { ClusterLook, Trace, UndoDraft } from '../kind.ts';
import { planUndo } from './plan.ts';

/** A node that bears the mark of a change (W3, W6). */
export const traceLabel = (node: KubernetesObject, look: ClusterLook): Trace[] =>
  traceField(node, nodes, 'Node', readUndo(node), look);

/**
 * Null: the mark does not tell which label it was, or what was there before; or it names a label that no run spec could
 * name, so that no run changed it.
 */
function readUndo(node: KubernetesObject): UndoDraft | null {
  const { path, wrote, prior } = readFieldMark(node) ?? {};
  const [root, field, key, ...deeper] = path ?? [];
  if (root !== 'metadata' || field !== 'labels' || key === undefined || deeper.length > 0) return null;
  if (!isFreeLabelKey(key) || typeof wrote !== 'string' || !isLabelValue(wrote)) return null;
  if (typeof prior === 'boolean' || (typeof prior === 'string' && !isLabelValue(prior))) return null;
  return planUndo({ node: node.metadata.name, key, written: wrote, prior: prior ?? null });
}

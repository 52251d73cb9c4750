import type { KubernetesObject } from '../../adapters/kubernetes/resources.ts';
import { readFieldMark } from '../../ownership/field-mark.ts';
import { traceField } from '../changed-field.ts';
import type { Trace, UndoDraft } from '../kind.ts';
import { planUndo } from './plan.ts';

/** A node that bears the mark of a change (W3, W6). */
export const traceLabel = (node: KubernetesObject): Trace[] => traceField(node, 'Node', readUndo(node));

/** Null: the mark does not tell which label it was, or what was there before. */
function readUndo(node: KubernetesObject): UndoDraft | null {
  const { path, wrote, prior } = readFieldMark(node) ?? {};
  const [root, field, key] = path ?? [];
  const isLabel = root === 'metadata' && field === 'labels' && key !== undefined && /^[a-zA-Z0-9]/.test(key);
  if (!isLabel || typeof wrote !== 'string' || typeof prior === 'boolean') return null;
  return planUndo({ node: node.metadata.name, key, written: wrote, prior: prior ?? null });
}

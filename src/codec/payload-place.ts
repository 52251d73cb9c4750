/** Where a payload belongs: Temporal namespace and workflow id, as far as its writer knew them. */
import type { SerializationContext } from '@temporalio/common';

export type PayloadPlace =
  | readonly []
  | readonly [namespace: string]
  | readonly [namespace: string, workflowId: string];

/** Activities belong to the workflow that called them. */
export function placeOf(context: SerializationContext | undefined): PayloadPlace {
  if (context === undefined) return [];
  const { namespace, workflowId } = context;
  return workflowId === undefined ? [namespace] : [namespace, workflowId];
}

/** The place that was written; undefined: it is none that is known here. */
export function readPlace(text: string): PayloadPlace | undefined {
  try {
    const place: unknown = JSON.parse(text);
    const isPlace = Array.isArray(place) && place.length <= 2 && place.every((part) => typeof part === 'string');
    return isPlace ? (place as unknown as PayloadPlace) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it may be read here. Who has no place, such as a codec server, only shows it. */
export function isHere(place: PayloadPlace | undefined, context: SerializationContext | undefined): boolean {
  if (place === undefined) return false;
  const [namespace, workflowId] = place;
  const [hereNamespace, hereId] = placeOf(context);
  if (namespace === undefined || hereNamespace === undefined) return true;
  if (namespace !== hereNamespace) return false;
  return workflowId === undefined || hereId === undefined || isRunOf(hereId, workflowId);
}

/** Temporal appends the time to the workflow id that a schedule names, and with it to nothing else. */
const isRunOf = (workflowId: string, written: string): boolean =>
  workflowId === written ||
  (workflowId.startsWith(written) && /^-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(workflowId.slice(written.length)));

/**
 * Labels and annotations that Calico keeps as JSON in an annotation of an object of its storage
 * (libcalico-go/lib/backend/k8s/resources/resources.go): what calico-kube-controllers writes has them there and nowhere
 * else, those of others included. What is written past Calico has them where Kubernetes looks.
 */
import type { KubernetesObject } from './resources.ts';

const keptIn = 'projectcalico.org/metadata';

type KeptTexts = Readonly<Record<string, string>>;

interface KeptMetadata {
  readonly labels?: KeptTexts;
  readonly annotations?: KeptTexts;
}

/** The object as Calico reads it: where both places have a key, the kept one counts. */
export function mergeKept<T extends KubernetesObject>(object: T): T {
  const kept = readKept(object);
  if (kept === undefined) return object;
  const { metadata } = object;
  const labels = { ...metadata.labels, ...kept.labels };
  const annotations = { ...metadata.annotations, ...kept.annotations };
  return { ...object, metadata: { ...metadata, labels, annotations } };
}

/** Undefined: nothing is kept, or nothing that can be read. */
function readKept({ metadata }: KubernetesObject): KeptMetadata | undefined {
  try {
    const kept: unknown = JSON.parse(metadata.annotations?.[keptIn] ?? 'null');
    if (!isObject(kept)) return undefined;
    return { ...kept, labels: textsIn(kept['labels']), annotations: textsIn(kept['annotations']) };
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textsIn = (value: unknown): KeptTexts =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter(isText)) : {};
const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';

interface Patch {
  readonly metadata?: { readonly resourceVersion?: string; readonly annotations?: Readonly<Record<string, unknown>> };
}

/**
 * A merge patch under which its annotations count: what is kept of them is taken out there. `object`: as it was read
 * last; the patch holds for this version only. Undefined: nothing of them is kept.
 */
export function takeOutKept(patch: Patch, object: KubernetesObject): Patch | undefined {
  const kept = readKept(object);
  const touched = Object.keys(patch.metadata?.annotations ?? {});
  if (!touched.some((key) => Object.hasOwn(kept?.annotations ?? {}, key))) return undefined;
  const { labels = {}, annotations = {}, ...others } = kept ?? {};
  const rest = Object.entries(annotations).filter(([key]) => !touched.includes(key));
  const text = JSON.stringify({
    ...others,
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(rest.length > 0 ? { annotations: Object.fromEntries(rest) } : {}),
  });
  const { resourceVersion } = object.metadata;
  const metadata = {
    resourceVersion,
    ...patch.metadata,
    annotations: { ...patch.metadata?.annotations, [keptIn]: text },
  };
  return { ...patch, metadata };
}

/** Whether an object is selected by `key` or `key=value`: the API server does not see what is kept. */
export function isSelected({ metadata: { labels = {} } }: KubernetesObject, labelSelector: string): boolean {
  const [key = '', value] = labelSelector.split('=');
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

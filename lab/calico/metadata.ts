/** Where Calico keeps labels and annotations of an object of its storage. */
import type { Metadata } from './objects.ts';

const hidden = 'projectcalico.org/metadata';
const isCalicos = (key: string): boolean => key.includes('projectcalico.org/') || key.includes('operator.tigera.io/');

type Texts = Readonly<Record<string, string>>;
interface Named {
  readonly metadata: Metadata;
}

/** As Calico reads it: what is in the annotation counts before what is beside it. */
export function revealMetadata<T extends Named>(object: T): T {
  const { annotations: { [hidden]: text, ...annotations } = {}, labels, ...metadata } = object.metadata;
  if (text === undefined) return object;
  const kept = JSON.parse(text) as { labels?: Texts; annotations?: Texts };
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...labels, ...kept.labels },
      annotations: { ...annotations, ...kept.annotations },
    },
  };
}

/** As Go writes a map. */
const sortKeys = (texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** As Calico writes it: all of it in the annotation, and only labels and annotations of its own beside it too. */
export function hideMetadata<T extends Named>(object: T): T {
  const { labels = {}, annotations = {}, ...metadata } = object.metadata;
  const own = (texts: Texts): Texts => Object.fromEntries(Object.entries(texts).filter(([key]) => isCalicos(key)));
  const kept = {
    ...(Object.keys(labels).length > 0 && { labels: sortKeys(labels) }),
    ...(Object.keys(annotations).length > 0 && { annotations: sortKeys(annotations) }),
  };
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: own(labels),
      annotations: { ...own(annotations), [hidden]: JSON.stringify(kept) },
    },
  };
}

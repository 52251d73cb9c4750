/** Signatures of marks, as a worker with some secret makes them. */
import type { KubernetesObject } from '../../src/adapters/kubernetes/resources.ts';
import type { RunRef } from '../../src/contract/run.ts';
import { type Author, createChangePatch, type FieldChange } from '../../src/ownership/field-mark.ts';
import { createSigner } from '../../src/ownership/signature.ts';

export const signer = createSigner(Buffer.alloc(32, 7));
/** Of a worker with another secret. */
export const strangeSigner = createSigner(Buffer.alloc(32, 8));

export const createAuthor = (run: RunRef, change: Partial<Author> = {}): Author => ({
  ...{ run, cluster: run.cluster, kind: 'nodes', signer },
  ...change,
});

type Patch = { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };

/** The same object with the mark of a change, whatever its field holds. */
export function markField<T extends KubernetesObject>(object: T, change: FieldChange, by: Author): T {
  const { annotations } = (createChangePatch(object, change, by) as Patch).metadata;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
  };
}

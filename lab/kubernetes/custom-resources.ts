import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, KubernetesObject } from './api.ts';

/** `/readyz` answers ok before these exist. */
export const firstObjects = [
  '/api/v1/namespaces/default',
  '/api/v1/namespaces/kube-system',
  '/api/v1/namespaces/default/services/kubernetes',
];

/** Creates custom resource definitions and waits until every one of their versions answers. */
export async function establishDefinitions(api: Api, definitions: readonly CustomResourceDefinition[]): Promise<void> {
  await Promise.all(
    definitions.map((crd) => api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd)),
  );
  await waitUntilServed(api, definitions.flatMap(listCollections));
  await retryUntilDone(async () => {
    for (const { spec } of definitions)
      if (!(await isDiscovered(api, spec)))
        throw new Error(`${spec.names.plural}.${spec.group} is not in the API server's discovery`);
  });
}

/**
 * A collection answers some milliseconds before discovery lists its kind, which kubectl and other clients ask first.
 */
async function isDiscovered(api: Api, { group, versions, names }: CustomResourceDefinition['spec']): Promise<boolean> {
  for (const { name } of versions.filter(({ served }) => served)) {
    const { resources } = await api.read<{ resources: readonly { readonly name: string }[] }>(`/apis/${group}/${name}`);
    if (!resources.some((resource) => resource.name === names.plural)) return false;
  }
  return true;
}

/** A definition of `apiextensions.k8s.io/v1`. */
export type CustomResourceDefinition = KubernetesObject & {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
};

export const listCollections = ({ spec }: CustomResourceDefinition): string[] =>
  spec.versions
    .filter(({ served }) => served)
    .map(({ name }) => `/apis/${spec.group}/${name}/${spec.names.plural}?limit=1`);

export const waitUntilServed = (api: Api, paths: readonly string[]): Promise<unknown> =>
  Promise.all(paths.map((path) => retryUntilDone(() => api.read(path))));

/** Retries an attempt until it succeeds; after 20 s its last error is thrown. */
async function retryUntilDone(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const error = await attempt().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    if (Date.now() > deadline) throw error;
    await sleep(25);
  }
}

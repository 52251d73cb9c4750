import { setTimeout as sleep } from 'node:timers/promises';
import {
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node';
import type { CalicoApi } from './flavours.ts';
import { revealMetadata } from './metadata.ts';
import type { CalicoObject } from './objects.ts';

/** A kind's objects, kept up to date by a watch. */
export interface Watched<T> {
  list(): readonly T[];
  get(name: string): T | undefined;
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly kubeConfig: KubeConfig;
  /** Called after every change of any watched object. */
  onChange(): void;
  /** Called with the reason why a watch ended; it is restarted. */
  onError(error: unknown): void;
}

export interface CalicoWatchOptions extends WatchOptions {
  /** Where Calico's objects are served. */
  readonly api: CalicoApi;
}

/** Milliseconds before a watch that ended is restarted. */
const restartMs = 300;

/** Watches a kind; resolves when the existing objects have been read, however long the API server takes. */
export async function watch<T>(
  options: WatchOptions,
  path: string,
  list: () => Promise<KubernetesListObject<KubernetesObject>>,
): Promise<Watched<T>> {
  const stopping = new AbortController();
  const listed = Promise.withResolvers<void>();
  const informer = makeInformer(options.kubeConfig, path, async () => {
    const found = await list();
    listed.resolve();
    return found;
  });
  informer.on('change', () => options.onChange());
  informer.on('error', (error) => {
    if (stopping.signal.aborted) return;
    options.onError(error);
    sleep(restartMs, undefined, { signal: stopping.signal })
      .then(
        () => informer.start(),
        () => {},
      )
      .catch(options.onError);
  });
  await informer.start();
  await listed.promise;
  return {
    list: () => informer.list() as readonly T[],
    get: (name) => informer.get(name) as T | undefined,
    stop: () => {
      stopping.abort();
      return informer.stop();
    },
  };
}

/** Watches a kind of Calico's, in all namespaces. Its objects are as Calico reads them. */
export async function watchCalico<T extends CalicoObject<unknown>>(
  options: CalicoWatchOptions,
  plural: string,
): Promise<Watched<T>> {
  const { group, version } = options.api;
  const client = options.kubeConfig.makeApiClient(CustomObjectsApi);
  const watched = await watch<T>(options, `/apis/${group}/${version}/${plural}`, () =>
    client.listClusterCustomObject({ group, version, plural }),
  );
  const reveal = (object: T | undefined): T | undefined => object && revealMetadata(object);
  return { ...watched, list: () => watched.list().map(revealMetadata), get: (name) => reveal(watched.get(name)) };
}

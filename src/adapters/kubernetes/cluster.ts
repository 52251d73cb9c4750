import { KubernetesError } from './error.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import type { Call } from './session.ts';

/** A right as a SelfSubjectAccessReview asks for it. */
export interface Right {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Absent: any object. */
  readonly name?: string;
  /** Absent: cluster-wide. */
  readonly namespace?: string;
}

/** The API server of one cluster. Every method throws KubernetesError, and whatever reading the kubeconfig throws. Writes carry the field manager `hepflow`. */
export interface Cluster {
  get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T>;
  /** undefined when the object does not exist; a resource that is not served is an error all the same. */
  find<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>;
  /** Every object, however many pages that takes. */
  list<T extends KubernetesObject>(resource: Resource<T>, filter?: { readonly namespace?: string; readonly labelSelector?: string }): Promise<readonly T[]>;
  create<T extends KubernetesObject>(resource: Resource<T>, body: object, namespace?: string): Promise<T>;
  /** JSON merge patch: null removes a key. With metadata.resourceVersion in it, an object that changed meanwhile answers 409. */
  patchMerge<T extends KubernetesObject>(resource: Resource<T>, name: string, patch: object, namespace?: string): Promise<T>;
  /** Deletes exactly this object in exactly this version, else 409; resolves when the API server has accepted it. */
  delete<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<void>;
  canI(right: Right): Promise<boolean>;
  /** Whether the group is served in that version. */
  serves(group: string, version: string): Promise<boolean>;
  /** The OpenAPI v3 document of a group version, as text; undefined when there is none. */
  openApi(group: string, version: string): Promise<string | undefined>;
}

const fieldManager = 'hepflow';
const pageSize = '500';

export function clusterOver(send: (call: Call) => Promise<string>): Cluster {
  const json = async <T>(call: Call): Promise<T> => JSON.parse(await send(call)) as T;
  const cluster: Cluster = {
    get: (resource, name, namespace) => json({ method: 'GET', path: pathOf(resource, namespace, name) }),
    find: (resource, name, namespace) => cluster.get(resource, name, namespace).catch(nothingIf('NotFound')),
    list: async (resource, { namespace, labelSelector } = {}) => {
      const path = pathOf(resource, namespace);
      return await allPages((from) => json({ method: 'GET', path, query: { limit: pageSize, labelSelector, continue: from } }));
    },
    create: (resource, body, namespace) => json({ method: 'POST', path: pathOf(resource, namespace), query: { fieldManager }, body }),
    patchMerge: (resource, name, body, namespace) => json({ method: 'PATCH', path: pathOf(resource, namespace, name), query: { fieldManager }, body }),
    delete: async (resource, { metadata: { name, namespace, uid, resourceVersion } }) => {
      await send({
        method: 'DELETE',
        path: pathOf(resource, namespace, name),
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } },
      });
    },
    canI: async (right) => {
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: right } };
      const review = await json<{ status: { allowed: boolean } }>({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body });
      return review.status.allowed;
    },
    serves: async (group, version) => (await send({ method: 'GET', path: `/apis/${group}/${version}` }).catch(nothingIf('NotServed'))) !== undefined,
    openApi: (group, version) => send({ method: 'GET', path: `/openapi/v3/apis/${group}/${version}` }).catch(nothingIf('NotServed')),
  };
  return cluster;
}

function pathOf(resource: Resource<KubernetesObject>, namespace?: string, name?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${within}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

interface Page<T> {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly T[];
}

async function allPages<T>(pageFrom: (from: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let from: string | undefined;
  do {
    const page = await pageFrom(from);
    items.push(...page.items);
    from = page.metadata.continue || undefined;
  } while (from !== undefined);
  return items;
}

const nothingIf =
  (reason: string) =>
  (error: unknown): undefined => {
    if (error instanceof KubernetesError && error.reason === reason) return undefined;
    throw error;
  };

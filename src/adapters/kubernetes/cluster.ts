import { KubernetesError } from './error.ts';
import { isSelected, mergeKept, takeOutKept } from './kept-metadata.ts';
import { refuseBeyond } from './limits.ts';
import { createResource, type KubernetesObject, type Resource } from './resources.ts';
import type { KubernetesCall } from './session.ts';

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

/**
 * The API server of one cluster. Every method throws KubernetesError, and whatever reading the kubeconfig throws.
 * Writes carry the field manager `hepflow`.
 */
export interface Cluster {
  get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T>;
  /** undefined when the object does not exist; a resource that is not served is an error all the same. */
  find<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>;
  /**
   * Whether the object exists. For what an API server makes up on the way, such as Calico's built-in profile, which has
   * no uid.
   */
  exists(resource: Resource<KubernetesObject>, name: string, namespace?: string): Promise<boolean>;
  /** Every object, however many pages that takes. */
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    filter?: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<readonly T[]>;
  create<T extends KubernetesObject>(resource: Resource<T>, body: object, namespace?: string): Promise<T>;
  /**
   * Creates it, or reads the one of that name that came in between: a lost answer and a retry make one object, not an
   * error (W9).
   */
  createOrFind<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    body: object,
    namespace?: string,
  ): Promise<{ readonly object: T; readonly isNew: boolean }>;
  /**
   * JSON merge patch: null removes a key. With metadata.resourceVersion in it, an object that changed meanwhile answers
   * 409.
   */
  patchMerge<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    patch: object,
    namespace?: string,
  ): Promise<T>;
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

export function createCluster(send: (call: KubernetesCall) => Promise<string>): Cluster {
  const json = async (call: KubernetesCall): Promise<ObjectBody> => jsonIn(await send(call), call);
  const object = async <T extends KubernetesObject>(resource: Resource<T>, call: KubernetesCall): Promise<T> => {
    const found = objectIn<T>(await json(call), call);
    return resource.keepsMetadata ? mergeKept(found) : found;
  };
  const readRaw = (resource: Resource<KubernetesObject>, name: string, namespace?: string): Promise<KubernetesObject> =>
    object(createResource(resource.group, resource.version, resource.plural), {
      method: 'GET',
      path: pathOf(resource, namespace, name),
    });
  const cluster: Cluster = {
    get: (resource, name, namespace) => object(resource, { method: 'GET', path: pathOf(resource, namespace, name) }),
    find: (resource, name, namespace) => cluster.get(resource, name, namespace).catch(nothingIf('NotFound')),
    exists: async (resource, name, namespace) =>
      (await json({ method: 'GET', path: pathOf(resource, namespace, name) }).catch(nothingIf('NotFound'))) !==
      undefined,
    list: async (resource, { namespace, labelSelector } = {}) => {
      if (resource.keepsMetadata && labelSelector !== undefined)
        return (await cluster.list(resource, namespace === undefined ? {} : { namespace })).filter((each) =>
          isSelected(each, labelSelector),
        );
      const path = pathOf(resource, namespace);
      let bytes = 0;
      return await allPages(async (from) => {
        const call: KubernetesCall = { method: 'GET', path, query: { limit: pageSize, labelSelector, continue: from } };
        const text = await send(call);
        bytes += text.length;
        refuseBeyond('listBytes', bytes);
        const page = pageIn<KubernetesObject & typeof resource.shape>(jsonIn(text, call), call);
        return resource.keepsMetadata ? { ...page, items: page.items.map(mergeKept) } : page;
      });
    },
    create: (resource, body, namespace) =>
      object(resource, { method: 'POST', path: pathOf(resource, namespace), query: { fieldManager }, body }),
    createOrFind: async (resource, name, body, namespace) => {
      try {
        return { object: await cluster.create(resource, body, namespace), isNew: true };
      } catch (error) {
        if (!(error instanceof KubernetesError) || error.reason !== 'AlreadyExists') throw error;
        return { object: await cluster.get(resource, name, namespace), isNew: false };
      }
    },
    patchMerge: async (resource, name, patch, namespace) => {
      const kept = resource.keepsMetadata && takeOutKept(patch, await readRaw(resource, name, namespace));
      const path = pathOf(resource, namespace, name);
      return await object(resource, { method: 'PATCH', path, query: { fieldManager }, body: kept || patch });
    },
    delete: async (resource, { metadata: { name, namespace, uid, resourceVersion } }) => {
      await send({
        method: 'DELETE',
        path: pathOf(resource, namespace, name),
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } },
      });
    },
    canI: async (right) => {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: right },
      };
      const { status } = await json({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body,
      });
      return isJson(status) && status['allowed'] === true;
    },
    serves: async (group, version) =>
      (await send({ method: 'GET', path: `/apis/${group}/${version}` }).catch(nothingIf('NotServed'))) !== undefined,
    openApi: (group, version) =>
      send({ method: 'GET', path: `/openapi/v3/apis/${group}/${version}` }).catch(nothingIf('NotServed')),
  };
  return cluster;
}

function pathOf(resource: Resource<KubernetesObject>, namespace?: string, name?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${within}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

type ObjectBody = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is ObjectBody =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Not an answer of an API server, whatever its status says: cut off, or from something in between. */
const garbled = ({ path }: KubernetesCall, why: string): KubernetesError =>
  new KubernetesError(0, 'ConnectionFailed', `The answer to ${path} is not an API server's: ${why}.`);

function jsonIn(text: string, call: KubernetesCall): ObjectBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw garbled(call, 'it is no JSON');
  }
  if (!isJson(value)) throw garbled(call, 'it is no object');
  return value;
}

/** Everything relies on name, uid and version; the rest of an object is optional. */
function objectIn<T extends KubernetesObject>(value: unknown, call: KubernetesCall): T {
  const metadata = isJson(value) ? value['metadata'] : undefined;
  const known =
    isJson(metadata) && ['name', 'uid', 'resourceVersion'].every((key) => typeof metadata[key] === 'string');
  if (!known) throw garbled(call, 'an object has no name, uid or version');
  return withoutNulls(value) as T;
}

/** To Kubernetes a null is a field that is not there; so it is to every reader here. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(withoutNulls);
  if (!isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])),
  );
}

interface Page<T> {
  readonly continue: string | undefined;
  readonly items: readonly T[];
}

/** An empty list may say null. */
function pageIn<T extends KubernetesObject>({ metadata, items }: ObjectBody, call: KubernetesCall): Page<T> {
  const more = isJson(metadata) ? metadata['continue'] : undefined;
  if (!Array.isArray(items) && items !== null) throw garbled(call, 'a list has no items');
  return {
    continue: typeof more === 'string' && more !== '' ? more : undefined,
    items: (items ?? []).map((item: unknown) => objectIn<T>(item, call)),
  };
}

async function allPages<T>(pageFrom: (from: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let from: string | undefined;
  let pages = 0;
  do {
    const page = await pageFrom(from);
    refuseBeyond('pages', ++pages);
    refuseBeyond('items', items.length + page.items.length);
    for (const item of page.items) items.push(item);
    from = page.continue;
  } while (from !== undefined);
  return items;
}

const nothingIf =
  (reason: string) =>
  (error: unknown): undefined => {
    if (error instanceof KubernetesError && error.status === 404 && error.reason === reason) return undefined;
    throw error;
  };

import { Agent, request } from 'node:https';

/** A Kubernetes object, as far as all kinds have it in common. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** An answer of the API server other than 2xx; the message is its own. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** The lab's own calls to its API server: JSON over one set of kept-alive connections. */
export interface Api {
  call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Same as `call` with GET, asking for another form of the answer. */
  read<T>(path: string, accept?: string): Promise<T>;
  /** Creates the object, or merges it into the one there is. Its kind must be served already. */
  apply(object: KubernetesObject): Promise<void>;
  close(): void;
}

export function createApi(server: string, caPem: string, token: string): Api {
  const agent = new Agent({ keepAlive: true, ca: caPem, maxSockets: 16 });
  const send = (method: string, path: string, accept: string, body?: unknown): Promise<string> =>
    exchange(agent, new URL(path, server), token, method, accept, body);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    parseAnswer(await send(method, path, 'application/json', body)) as T;
  const read = async <T>(path: string, accept = 'application/json'): Promise<T> =>
    parseAnswer(await send('GET', path, accept)) as T;
  const paths = new Map<string, Promise<ResourceList>>();
  return { call, read, apply: (object) => apply(object, call, paths), close: () => agent.destroy() };
}

/** Some paths (`/readyz`) answer in plain text. */
const parseAnswer = (text: string): unknown => (text.startsWith('{') ? JSON.parse(text) : text);

function exchange(
  agent: Agent,
  url: URL,
  token: string,
  method: string,
  accept: string,
  body: unknown,
): Promise<string> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string | number> = { authorization: `Bearer ${token}`, accept };
  if (text !== undefined) {
    headers['content-type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    // Node frames the body of a DELETE only when its length is given.
    headers['content-length'] = Buffer.byteLength(text);
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(answer);
        else reject(new ApiError(status, `${method} ${url.pathname}: ${status} ${readMessage(answer)}`));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${url.pathname}: no answer within 30 s`)));
    sent.on('error', reject);
    sent.end(text);
  });
}

function readMessage(text: string): string {
  const body = parseAnswer(text.trim());
  return typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : text.trim();
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}
type CallApi = <T>(method: string, path: string, body?: unknown) => Promise<T>;

async function apply(
  object: KubernetesObject,
  call: CallApi,
  lists: Map<string, Promise<ResourceList>>,
): Promise<void> {
  const group = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const served = lists.get(group) ?? call<ResourceList>('GET', group);
  lists.set(group, served);
  const resource = (await served).resources.find(({ name, kind }) => kind === object.kind && !name.includes('/'));
  if (resource === undefined) {
    lists.delete(group); // a custom resource may appear later
    throw new Error(`${object.apiVersion} ${object.kind} is not served`);
  }
  const collection = resource.namespaced
    ? `${group}/namespaces/${object.metadata.namespace ?? 'default'}/${resource.name}`
    : `${group}/${resource.name}`;
  try {
    await call('POST', collection, object);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    await call('PATCH', `${collection}/${object.metadata.name}`, object);
  }
}
